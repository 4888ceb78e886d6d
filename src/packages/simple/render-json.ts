import type { ProjectPage } from './project-page.ts';
import type { PageFile } from '../model/page-file.ts';

/** The version of the simple API that our pages follow; 1.5 would promise namespaces (PEP 752). */
export const API_VERSION = '1.4';

/** The page of a project as PEP 691 JSON with all keys up to 1.4; absent keys, never null (reference packaging.md 1.3). */
export function renderProjectJson(page: ProjectPage): string {
  return JSON.stringify({
    meta: {
      'api-version': API_VERSION,
      ...(page.lastSerial !== undefined && { '_last-serial': page.lastSerial }),
    },
    name: page.name,
    ...(page.status !== undefined && { 'project-status': page.status }),
    versions: page.versions,
    files: page.files.map(fileJson),
  });
}

function fileJson(file: PageFile): Record<string, unknown> {
  const { coreMetadata, yanked } = file;
  // Keys that are undefined are left out by JSON.stringify.
  return {
    filename: file.filename,
    url: file.url,
    hashes: file.hashes,
    'requires-python': file.requiresPython,
    size: file.size,
    'upload-time': file.uploadTime,
    yanked: yanked === undefined ? false : yanked === '' ? true : yanked,
    // Without PEP 658's first name for it: pip 22.3 to 23.0, Debian 12's, dies of its value in JSON (PEP 714).
    'core-metadata': typeof coreMetadata === 'string' ? { sha256: coreMetadata } : (coreMetadata ?? false),
    provenance: file.provenance,
  };
}

/** The list of projects as PEP 691 JSON. */
export function renderListJson(names: readonly string[]): string {
  return JSON.stringify({ meta: { 'api-version': API_VERSION }, projects: names.map((name) => ({ name })) });
}
