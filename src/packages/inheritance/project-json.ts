import type { PackagesContext } from '../context.ts';
import { fileUrlPath } from '../model/file-path.ts';
import { readSources } from './read-sources.ts';
import type { View } from './reading.ts';
import type { Index } from '../model/index.ts';
import { bestHash, linkPath, type Link } from '../mirror/link.ts';
import type { MirrorProject } from '../mirror/mirror-project.ts';
import { listFiles, listReleases, type Release, type VersionedFile } from '../projects/store.ts';
import { compareVersions } from '#python/names/compare-versions.ts';

/** devpi's `verdata`: metadata, `+links`, and `+shadowing` for what it hides. */
type VersionData = Readonly<Record<string, unknown>>;

export interface ReadProjectData {
  readonly view: View;
  /** Normalized. */
  readonly project: string;
  readonly ignoreBases: boolean;
  /** Where the client reaches the server; links are absolute. */
  readonly baseUrl: string;
}

/**
 * Every version of a project with metadata, `+links` and, for what a nearer index hides, `+shadowing`, newest first
 * (reference devpi.md 1.9). Undefined if no index that the reader sees has the project.
 */
export async function readProjectData(
  context: PackagesContext,
  { view, project, ignoreBases, baseUrl }: ReadProjectData,
): Promise<Record<string, VersionData> | undefined> {
  const sources = await readSources(context, view, { project, ignoreBases });
  if (sources === undefined) return undefined;
  const versions = new Map<string, VersionData[]>();
  const add = (version: string, data: VersionData) =>
    versions.set(version, [...(versions.get(version) ?? []), data]);
  for (const { index: stage, projectId } of sources.stages) {
    const files = Map.groupBy(await listFiles(context.db, [projectId]), (file) => file.releaseId);
    for (const release of await listReleases(context.db, projectId)) {
      add(release.version, ownVersion(baseUrl, stage, release, files.get(release.id) ?? []));
    }
  }
  for (const mirrored of sources.mirrored) {
    const links = Map.groupBy(mirrored.files, (link) => link.version);
    for (const [version, files] of links) {
      if (version !== '') add(version, mirroredVersion(baseUrl, mirrored, { project, version, files }));
    }
  }
  const newestFirst = [...versions].sort(([a], [b]) => compareVersions(b, a));
  return Object.fromEntries(newestFirst.map(([version, found]) => [version, withShadowing(found)]));
}

function withShadowing([nearest, ...hidden]: readonly VersionData[]): VersionData {
  return hidden.length === 0 ? { ...nearest } : { ...nearest, '+shadowing': hidden };
}

function ownVersion(
  baseUrl: string,
  origin: Index,
  release: Release,
  files: readonly VersionedFile[],
): VersionData {
  const links = files
    .toSorted((a, b) => a.id - b.id)
    .map((file) => ({
      rel: 'releasefile',
      href: `${baseUrl}/${fileUrlPath(origin, file.sha256, file.filename)}`,
      hash_spec: `sha256=${file.sha256}`,
      hashes: { sha256: file.sha256, md5: file.md5 },
      log: file.log,
      ...shownYank(file.yanked ?? undefined),
    }));
  return { ...release.metadata, version: release.version, '+links': links };
}

function mirroredVersion(
  baseUrl: string,
  { index }: MirrorProject,
  {
    project,
    version,
    files,
  }: { readonly project: string; readonly version: string; readonly files: readonly Link[] },
): VersionData {
  const links = files.map((link) => {
    const hash = bestHash(link.hashes);
    return {
      rel: 'releasefile',
      href: `${baseUrl}/${linkPath(index, link)}`,
      ...(hash !== undefined && { hash_spec: `${hash.algorithm}=${hash.digest}` }),
      hashes: link.hashes,
      ...(link.requiresPython !== undefined && { requires_python: link.requiresPython }),
      ...shownYank(link.yanked),
    };
  });
  const [first] = files;
  return {
    name: project,
    version,
    ...(first?.requiresPython !== undefined && { requires_python: first.requiresPython }),
    ...(files.every(({ yanked }) => yanked !== undefined) && shownYank(first?.yanked)),
    '+links': links,
  };
}

function shownYank(yanked: string | undefined): { readonly yanked?: string | true } {
  return yanked === undefined ? {} : { yanked: yanked === '' ? true : yanked };
}
