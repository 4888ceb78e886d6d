import type { PackagesContext } from '../context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { chooseVersion, type ChosenVersion } from '#python/names/choose-version.ts';
import { newestFirst } from '#python/names/sort-versions.ts';
import { packagesErrors } from '../errors.ts';
import { explainProject, type Explanation } from '../inheritance/explain.ts';
import { readSources, type Sources } from '../inheritance/read-sources.ts';
import type { View } from '../inheritance/reading.ts';
import { linkPath, type Link } from '../mirror/link.ts';
import type { MirrorFiles } from '../mirror/mirror-files.ts';
import { fileUrlPath } from '../model/file-path.ts';
import type { Index } from '../model/index.ts';
import { completeMetadata, type Metadata } from '../projects/metadata.ts';
import { releaseNotFound } from '../projects/release-not-found.ts';
import type { LogItem } from '../model/log-item.ts';
import { findRelease, listFilesOfReleases, type VersionedFile } from '../projects/store.ts';
import { listToxResults, type ToxResult } from '../tox-results/store.ts';
import { readMirroredMetadata } from './read-mirrored-metadata.ts';
import { timeOf } from './read-versions.ts';
import { countReleaseFiles } from './store.ts';

/** A file of a release as its page shows it. */
export interface ShownFile {
  readonly filename: string;
  /** The path of the address, with a slash in front. */
  readonly href: string;
  readonly from: Index;
  readonly size: number | undefined;
  /** Epoch milliseconds. */
  readonly at: number | undefined;
  /** By the names of Python's algorithms; blake2b is the 256-bit variant. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly yanked: string | undefined;
  readonly requiresPython: string | undefined;
  /** Who uploaded it and when, where that is known. */
  readonly log: readonly LogItem[];
  /** What tests told of it, oldest first. */
  readonly results: readonly ToxResult[];
}

export interface ShownRelease {
  /** Normalized. */
  readonly project: string;
  readonly displayName: string;
  readonly version: string;
  /** The nearest index that has it. */
  readonly from: Index;
  /** Empty values where nothing is known. */
  readonly metadata: Metadata;
  /** False if a mirror has not told them yet. */
  readonly hasMetadata: boolean;
  readonly files: readonly ShownFile[];
  /** What an installer takes of the project. */
  readonly newest: ChosenVersion | undefined;
  /** How many versions the project has. */
  readonly versions: number;
  readonly isPre: boolean;
  /** The reason if no file is left that is not yanked; it may be empty. */
  readonly yanked: string | undefined;
  readonly explanations: readonly Explanation[];
}

/**
 * A release as a reader of an index sees it: the metadata of the nearest index that has it, and the files of all that
 * contribute, each name once. Throws 404 if there is no such release.
 */
export async function readRelease(
  context: PackagesContext & { readonly mirrorFiles: MirrorFiles },
  view: View,
  { project, version }: { readonly project: string; readonly version: string },
): Promise<ShownRelease> {
  const sources = await readSources(context, view, { project });
  if (sources === undefined) throw new AppError(packagesErrors.projectNotFound, `no project '${project}'`);
  const { db } = context;
  const releases = [];
  for (const { index, projectId } of sources.stages) {
    const release = await findRelease(db, projectId, version);
    if (release !== undefined) releases.push({ index, release });
  }
  const own = Map.groupBy(
    await listFilesOfReleases(
      db,
      releases.map(({ release }) => release.id),
    ),
    ({ releaseId }) => releaseId,
  );
  const results = Map.groupBy(
    await listToxResults(
      db,
      [...own.values()].flat().map(({ id }) => id),
    ),
    ({ releaseFileId }) => releaseFileId,
  );
  const files = new Map<string, ShownFile>();
  const add = (file: ShownFile) => files.has(file.filename) || files.set(file.filename, file);
  for (const { index, release } of releases)
    for (const file of own.get(release.id) ?? []) add(ownFile(index, file, results.get(file.id) ?? []));
  const links = sources.mirrored.map(({ index, files: listed }) => ({
    index,
    links: listed.filter((link) => link.version === version),
  }));
  for (const each of links) for (const link of each.links) add(mirroredFile(each.index, link));

  const [nearest] = releases;
  const mirror = links.find((each) => each.links.length > 0);
  const from = nearest?.index ?? mirror?.index;
  if (from === undefined) throw releaseNotFound(project, version);
  const known =
    nearest?.release.metadata ??
    (mirror && (await readMirroredMetadata(context, mirror.index, mirror.links)));
  const shown = [...files.values()];
  const isYanked = shown.length > 0 && shown.every(({ yanked }) => yanked !== undefined);
  const candidates = await listCandidates(context, sources);
  return {
    project,
    displayName: String(known?.['name'] || project),
    version,
    from,
    metadata: known ?? completeMetadata({ name: project, version }),
    hasMetadata: known !== undefined,
    files: shown.toSorted(byKindThenName),
    newest: chooseVersion(candidates),
    versions: candidates.length,
    isPre: chooseVersion([{ version, isYanked: false }])?.isPre ?? false,
    yanked: isYanked
      ? (shown.map(({ yanked }) => yanked ?? '').find((reason) => reason !== '') ?? '')
      : undefined,
    explanations: await explainProject(context, view, { project, filename: undefined }),
  };
}

/** `latest` is the newest version of all, `stable` the newest that is no pre-release, as in devpi; undefined if there is none. */
export async function findNamedVersion(
  context: PackagesContext,
  view: View,
  { project, name }: { readonly project: string; readonly name: 'latest' | 'stable' },
): Promise<string | undefined> {
  const sources = await readSources(context, view, { project });
  const candidates = sources === undefined ? [] : await listCandidates(context, sources);
  const fitting = candidates.filter(
    ({ version }) => name === 'latest' || chooseVersion([{ version, isYanked: false }])?.isPre === false,
  );
  const usable = fitting.filter(({ isYanked }) => !isYanked);
  const among = usable.length > 0 ? usable : fitting;
  return newestFirst(among.map(({ version }) => version))[0];
}

async function listCandidates({ db }: PackagesContext, sources: Sources) {
  const isYanked = new Map<string, boolean>();
  const see = (version: string, yanked: boolean) =>
    isYanked.set(version, (isYanked.get(version) ?? true) && yanked);
  const ids = sources.stages.map(({ projectId }) => projectId);
  for (const { version, files, yankedFiles } of await countReleaseFiles(db, ids))
    see(version, files > 0 && files === yankedFiles);
  for (const { files } of sources.mirrored)
    for (const { version, yanked } of files) if (version !== '') see(version, yanked !== undefined);
  return [...isYanked].map(([version, yanked]) => ({ version, isYanked: yanked }));
}

function ownFile(from: Index, file: VersionedFile, results: readonly ToxResult[]): ShownFile {
  return {
    filename: file.filename,
    href: `/${fileUrlPath(from, file.sha256, file.filename)}`,
    from,
    size: file.size,
    at: file.uploadedAt,
    hashes: { sha256: file.sha256, blake2b: file.blake2b256, md5: file.md5 },
    yanked: file.yanked ?? undefined,
    requiresPython: file.requiresPython ?? undefined,
    log: file.log,
    results,
  };
}

function mirroredFile(from: Index, link: Link): ShownFile {
  return {
    filename: link.filename,
    href: `/${linkPath(from, link)}`,
    from,
    size: link.size,
    at: timeOf(link.uploadTime),
    hashes: link.hashes,
    yanked: link.yanked,
    requiresPython: link.requiresPython,
    log: [],
    results: [],
  };
}

/** Wheels first, then sources. */
function byKindThenName(a: ShownFile, b: ShownFile): number {
  const rank = ({ filename }: ShownFile) => Number(!filename.endsWith('.whl'));
  return rank(a) - rank(b) || (a.filename < b.filename ? -1 : 1);
}
