import type { PageFile, ProjectPage } from './project-page.ts';

/** The version of the simple API that our pages follow; 1.5 would promise namespaces (PEP 752). */
export const API_VERSION = '1.4';

/** The page of a project as PEP 691 JSON with all keys up to 1.4; absent keys, never null (reference packaging.md 1.3). */
export function renderProjectJson(page: ProjectPage): string {
  return JSON.stringify({
    meta: { 'api-version': API_VERSION },
    name: page.name,
    versions: page.versions,
    files: page.files.map(fileJson),
  });
}

function fileJson(file: PageFile): Record<string, unknown> {
  const coreMetadata = file.coreMetadata === undefined ? false : { sha256: file.coreMetadata };
  return {
    filename: file.filename,
    url: file.url,
    hashes: { sha256: file.sha256 },
    ...(file.requiresPython !== null && { 'requires-python': file.requiresPython }),
    size: file.size,
    'upload-time': new Date(file.uploadedAt).toISOString(),
    yanked: file.yanked === null ? false : file.yanked === '' ? true : file.yanked,
    'core-metadata': coreMetadata,
    'dist-info-metadata': coreMetadata,
  };
}

/** The list of projects as PEP 691 JSON. */
export function renderListJson(names: readonly string[]): string {
  return JSON.stringify({ meta: { 'api-version': API_VERSION }, projects: names.map((name) => ({ name })) });
}
