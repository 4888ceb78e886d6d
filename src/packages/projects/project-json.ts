import type { Db } from '#kernel/db/db.ts';
import { fileUrlPath } from '../files/file-path.ts';
import { resolveBases } from '../inheritance/resolve.ts';
import { selectVisible } from '../inheritance/shadowing.ts';
import type { Index } from '../indexes/store.ts';
import { listFiles, listProjectsNamed, listReleases, type Release, type VersionedFile } from './store.ts';
import { compareVersions } from './versions.ts';

type VersionData = Record<string, unknown>;

export interface ReadProjectData {
  readonly index: Index;
  /** Normalized. */
  readonly project: string;
  readonly ignoreBases: boolean;
  /** Where the client reaches the server; links are absolute. */
  readonly baseUrl: string;
}

/**
 * Every version of a project with metadata, `+links` and, for what a nearer index hides, `+shadowing`, newest first
 * (reference devpi.md 1.9). Undefined if no visible index has the project.
 */
export async function readProjectData(
  db: Db,
  { index, project, ignoreBases, baseUrl }: ReadProjectData,
): Promise<Record<string, VersionData> | undefined> {
  const order = ignoreBases ? [index] : await resolveBases(db, index);
  const projects = await listProjectsNamed(
    db,
    project,
    order.map(({ id }) => id),
  );
  const projectOf = new Map(projects.map((found) => [found.indexId, found]));
  const { indexes } = selectVisible(order, project, ({ id }) => projectOf.has(id));
  if (indexes.length === 0) return undefined;
  const versions = new Map<string, VersionData[]>();
  for (const origin of indexes) {
    const id = projectOf.get(origin.id)?.id ?? 0;
    const files = Map.groupBy(await listFiles(db, [id]), (file) => file.releaseId);
    for (const release of await listReleases(db, id)) {
      const data = versionData({ origin, baseUrl, release, files: files.get(release.id) ?? [] });
      versions.set(release.version, [...(versions.get(release.version) ?? []), data]);
    }
  }
  const newestFirst = [...versions.keys()].sort((a, b) => compareVersions(b, a));
  return Object.fromEntries(
    newestFirst.map((version) => [version, withShadowing(versions.get(version) ?? [])]),
  );
}

function withShadowing([nearest, ...hidden]: readonly VersionData[]): VersionData {
  return hidden.length === 0 ? { ...nearest } : { ...nearest, '+shadowing': hidden };
}

interface VersionSource {
  readonly origin: Index;
  readonly baseUrl: string;
  readonly release: Release;
  readonly files: readonly VersionedFile[];
}

function versionData({ origin, baseUrl, release, files }: VersionSource): VersionData {
  const links = files
    .toSorted((a, b) => a.id - b.id)
    .map((file) => ({
      rel: 'releasefile',
      href: `${baseUrl}/${fileUrlPath(origin, file.sha256, file.filename)}`,
      hash_spec: `sha256=${file.sha256}`,
      hashes: { sha256: file.sha256, md5: file.md5 },
      log: file.log,
      ...(file.yanked !== null && { yanked: file.yanked === '' ? true : file.yanked }),
    }));
  return { ...release.metadata, version: release.version, '+links': links };
}
