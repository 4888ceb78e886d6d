const MAX_LENGTH = 255;
const PROJECT_NAME = /^(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])$/;

/** The one spelling by which a project is looked up: lower-case, each run of `-`, `_` and `.` a single `-` (PEP 503). */
export function normalizeProjectName(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase();
}

/**
 * Whether the name can be a project at all: ASCII letters, digits, `.`, `_`, `-`, with a letter or digit at both ends
 * (PEP 508), and not longer than the file names that it begins.
 */
export function isProjectName(name: string): boolean {
  return name.length <= MAX_LENGTH && PROJECT_NAME.test(name);
}
