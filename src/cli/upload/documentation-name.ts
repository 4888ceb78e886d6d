import { valid } from '@renovatebot/pep440';
import { isProjectName } from '#python/names/project-name.ts';

/** What the name of a zip of documentation says. */
export interface DocumentationName {
  readonly project: string;
  /** Without one it is for the newest version that the index has. */
  readonly version: string | undefined;
}

/** Reads `demo.doc.zip`, `demo-1.0.docs.zip` or `demo-1.0-docs.zip`; undefined if it is no such name. */
export function readDocumentationName(filename: string): DocumentationName | undefined {
  const [, stem] = /^(.+)[.-]docs?\.zip$/i.exec(filename) ?? [];
  if (stem === undefined) return undefined;
  for (let at = stem.indexOf('-'); at > 0; at = stem.indexOf('-', at + 1)) {
    const version = stem.slice(at + 1);
    if (valid(version) !== null) return named(stem.slice(0, at), version);
  }
  return named(stem, undefined);
}

function named(project: string, version: string | undefined): DocumentationName | undefined {
  return isProjectName(project) ? { project, version } : undefined;
}
