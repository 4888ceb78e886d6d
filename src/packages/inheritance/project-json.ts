import type { PackagesContext } from '../context.ts';
import { listDocumentationOfProject, type Documentation } from '../documentation/store.ts';
import { fileUrlPath } from '../model/file-path.ts';
import type { LogItem } from '../model/log-item.ts';
import { readSources } from './read-sources.ts';
import type { View } from './reading.ts';
import type { Index } from '../model/index.ts';
import { bestHash, linkPath, type Link } from '../mirror/link.ts';
import type { MirrorProject } from '../mirror/mirror-project.ts';
import { listFiles, listReleases, type Release, type VersionedFile } from '../projects/store.ts';
import { listToxResultsOfProject, type ToxResult } from '../tox-results/store.ts';
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
    const { db } = context;
    const files = Map.groupBy(await listFiles(db, [projectId]), (file) => file.releaseId);
    const results = Map.groupBy(
      await listToxResultsOfProject(db, projectId),
      (result) => result.releaseFileId,
    );
    const documentation = new Map(
      (await listDocumentationOfProject(db, projectId)).map((zip) => [zip.releaseId, zip]),
    );
    for (const release of await listReleases(db, projectId)) {
      const held = {
        files: files.get(release.id) ?? [],
        results,
        documentation: documentation.get(release.id),
      };
      add(release.version, ownVersion(baseUrl, stage, release, held));
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

/** What a release holds beside its metadata. */
interface Held {
  readonly files: readonly VersionedFile[];
  /** By the id of the file that was tested. */
  readonly results: ReadonlyMap<number, readonly ToxResult[]>;
  readonly documentation: Documentation | undefined;
}

function ownVersion(
  baseUrl: string,
  origin: Index,
  release: Release,
  { files, results, documentation }: Held,
): VersionData {
  const href = (sha256: string, filename: string) => `${baseUrl}/${fileUrlPath(origin, sha256, filename)}`;
  const sorted = files.toSorted((a, b) => a.id - b.id);
  const links = [
    ...sorted.map((file) => ({
      rel: 'releasefile',
      href: href(file.sha256, file.filename),
      ...shownBytes(file),
      ...shownYank(file.yanked ?? undefined),
    })),
    ...(documentation === undefined ? [] : [documentation]).map((zip) => ({
      rel: 'doczip',
      href: href(zip.sha256, zip.filename),
      ...shownBytes(zip),
    })),
    ...sorted.flatMap((file) =>
      (results.get(file.id) ?? []).map((result) => ({
        rel: 'toxresult',
        // It lies beside the file that was tested.
        href: href(file.sha256, result.filename),
        ...shownBytes(result),
        for_href: href(file.sha256, file.filename),
      })),
    ),
  ];
  return { ...release.metadata, version: release.version, '+links': links };
}

function shownBytes({
  sha256,
  md5,
  log,
}: {
  readonly sha256: string;
  readonly md5: string;
  readonly log: readonly LogItem[];
}) {
  return { hash_spec: `sha256=${sha256}`, hashes: { sha256, md5 }, log };
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
