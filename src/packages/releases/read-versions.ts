import { AppError } from '#kernel/errors/app-error.ts';
import { chooseVersion, type ChosenVersion } from '#python/names/choose-version.ts';
import { newestFirst } from '#python/names/sort-versions.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { explainProject, type Explanation } from '../inheritance/explain.ts';
import { readSources } from '../inheritance/read-sources.ts';
import type { View } from '../inheritance/reading.ts';
import type { Link } from '../mirror/link.ts';
import { findMirrorProject } from '../mirror/store.ts';
import { fullName, type Index } from '../model/index.ts';
import { countReleaseFiles, listFilesOfVersions, type ReleaseCount } from './store.ts';

/** How one index stands to one version. */
export type Presence = 'serves' | 'has' | 'hidden';

/** One version over all indexes that the reader sees. */
export interface ShownVersion {
  readonly version: string;
  /** By `user/index`; an index that has not the version is absent. */
  readonly on: ReadonlyMap<string, Presence>;
  /** The nearest index that has it; of a hidden one the one that is hidden. */
  readonly from: Index;
  readonly isHidden: boolean;
  readonly isPre: boolean;
  /** As an installer sees it: files of one name count once. */
  readonly files: number;
  /** Undefined if a mirror does not say it of every file. */
  readonly bytes: number | undefined;
  /** When the last file came, epoch milliseconds. */
  readonly at: number | undefined;
  /** The reason if no file is left that is not yanked; it may be empty. */
  readonly yanked: string | undefined;
}

export interface VersionsOfProject {
  readonly project: string;
  /** All indexes that have a version, or might, in the order in which they are asked. */
  readonly indexes: readonly Index[];
  /** One page, newest first. */
  readonly versions: readonly ShownVersion[];
  readonly counts: { readonly all: number; readonly shown: number; readonly hidden: number };
  /** What an installer takes. */
  readonly newest: ChosenVersion | undefined;
  readonly explanations: readonly Explanation[];
  /** First uploads of versions to stages, for each of the last twelve months, the oldest first; `2026-11`. */
  readonly months: readonly { readonly month: string; readonly count: number }[];
}

interface File {
  readonly filename: string;
  readonly size: number | undefined;
  readonly at: number | undefined;
  readonly yanked: string | undefined;
}

interface Source {
  readonly index: Index;
  readonly isHidden: boolean;
  /** All versions; true for those of which every file is yanked. */
  readonly versions: ReadonlyMap<string, boolean>;
  files(versions: ReadonlySet<string>): ReadonlyMap<string, readonly File[]>;
}

/** How many versions a page has. */
const VERSIONS_A_PAGE = 50;
const MONTHS = 12;

/**
 * The versions of a project over an index and its bases: which index has which, which serves it, and what is hidden by which rule.
 * Throws 404 if the reader sees no such project. Hidden versions are told from what is stored; nobody is asked for them.
 */
export async function readVersions(
  context: PackagesContext,
  view: View,
  { project, page }: { readonly project: string; readonly page: number },
): Promise<VersionsOfProject> {
  const { db } = context;
  const sources = await readSources(context, view, { project });
  if (sources === undefined) throw new AppError(packagesErrors.projectNotFound, `no project '${project}'`);
  const explanations = await explainProject(context, view, { project, filename: undefined });

  const projectIds = sources.stages.map(({ projectId }) => projectId);
  const counted = await countReleaseFiles(db, projectIds);
  const releases = Map.groupBy(counted, ({ projectId }) => projectId);
  const mirrored = sources.mirrored.map(({ index, files }) => sourceOfLinks(index, files, false));
  const hidden = await readHidden(context, view, project, explanations);
  const stages = sources.stages.map(({ index, projectId }) => ({
    index,
    projectId,
    versions: new Map(
      (releases.get(projectId) ?? []).map(({ version, files, yankedFiles }) => [
        version,
        files > 0 && yankedFiles === files,
      ]),
    ),
  }));

  const isYanked = new Map<string, boolean>();
  for (const { versions } of [...stages, ...mirrored])
    for (const [version, all] of versions) isYanked.set(version, (isYanked.get(version) ?? true) && all);
  const shown = new Set(isYanked.keys());
  const others = new Set(hidden.flatMap(({ versions }) => [...versions.keys()])).difference(shown);
  const all = newestFirst([...shown, ...others]);
  const listed = all.slice((page - 1) * VERSIONS_A_PAGE, page * VERSIONS_A_PAGE);

  const rows = Map.groupBy(await listFilesOfVersions(db, projectIds, listed), ({ projectId }) => projectId);
  const read = stages.map(({ index, projectId, versions }): Source => {
    const files = Map.groupBy(
      (rows.get(projectId) ?? []).map((row) => ({
        ...row,
        at: row.uploadedAt,
        yanked: row.yanked ?? undefined,
      })),
      ({ version }) => version,
    );
    return { index, versions, isHidden: false, files: () => files };
  });
  const everything = [...read, ...mirrored, ...hidden];
  return {
    project,
    indexes: view.order.filter(
      ({ id, type }) => !view.hidden.has(id) && (type === 'stage' || hasAny(everything, id)),
    ),
    versions: listed.flatMap((version) => describeVersion(version, everything) ?? []),
    counts: { all: all.length, shown: shown.size, hidden: others.size },
    newest: chooseVersion([...isYanked].map(([version, yanked]) => ({ version, isYanked: yanked }))),
    explanations,
    months: countMonths(counted, context.clock.now()),
  };
}

/** A version that several stages have counts once, when it came first. */
function countMonths(releases: readonly ReleaseCount[], now: number): VersionsOfProject['months'] {
  const since = new Map<string, number>();
  for (const release of releases)
    if (release.since !== null)
      since.set(release.version, Math.min(since.get(release.version) ?? Infinity, release.since));
  const came = Map.groupBy(since.values(), monthOf);
  const today = new Date(now);
  return Array.from({ length: MONTHS }, (_, ago) => {
    const month = monthOf(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - MONTHS + 1 + ago));
    return { month, count: came.get(month)?.length ?? 0 };
  });
}

function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7);
}

function hasAny(sources: readonly Source[], id: number): boolean {
  return sources.some(({ index, versions }) => index.id === id && versions.size > 0);
}

function describeVersion(version: string, sources: readonly Source[]): ShownVersion | undefined {
  const having = sources.filter(({ versions }) => versions.has(version));
  const [nearest] = having;
  if (nearest === undefined) return undefined;
  const seen = nearest.isHidden ? having : having.filter(({ isHidden }) => !isHidden);
  const files = new Map<string, File>();
  const only = new Set([version]);
  for (const source of seen)
    for (const file of source.files(only).get(version) ?? [])
      if (!files.has(file.filename)) files.set(file.filename, file);
  const each = [...files.values()];
  const sizes = each.map(({ size }) => size);
  const times = each.flatMap(({ at }) => at ?? []);
  const isYanked = each.length > 0 && each.every(({ yanked }) => yanked !== undefined);
  return {
    version,
    on: new Map(
      having.map((source): [string, Presence] => [
        fullName(source.index),
        source.isHidden ? 'hidden' : source === nearest ? 'serves' : 'has',
      ]),
    ),
    from: nearest.index,
    isHidden: nearest.isHidden,
    isPre: chooseVersion([{ version, isYanked: false }])?.isPre ?? false,
    files: each.length,
    bytes: sizes.includes(undefined) ? undefined : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
    at: times.length === 0 ? undefined : Math.max(...times),
    yanked: isYanked
      ? (each.map(({ yanked }) => yanked ?? '').find((reason) => reason !== '') ?? '')
      : undefined,
  };
}

function sourceOfLinks(index: Index, links: readonly Link[], isHidden: boolean): Source {
  const byVersion = Map.groupBy(links, ({ version }) => version);
  byVersion.delete('');
  return {
    index,
    isHidden,
    versions: new Map(
      [...byVersion].map(([version, files]) => [version, files.every(({ yanked }) => yanked !== undefined)]),
    ),
    files: (versions) =>
      new Map(
        [...versions].map((version) => [
          version,
          (byVersion.get(version) ?? []).map(({ filename, size, uploadTime, yanked }) => ({
            filename,
            size,
            at: timeOf(uploadTime),
            yanked,
          })),
        ]),
      ),
  };
}

/** Epoch milliseconds of what upstream says; undefined if that is no time. */
export function timeOf(uploadTime: string | undefined): number | undefined {
  const at = Date.parse(uploadTime ?? '');
  return Number.isNaN(at) ? undefined : at;
}

/** What mirrors have of a project that a stage keeps from them, where the reader is told that it does. */
async function readHidden(
  { db }: PackagesContext,
  { order, hidden }: View,
  project: string,
  explanations: readonly Explanation[],
): Promise<Source[]> {
  const told = new Set(
    explanations.filter(({ rule }) => rule.startsWith('hidden: ')).map(({ index }) => index),
  );
  const found: Source[] = [];
  for (const mirror of order.filter((index) => told.has(fullName(index)) && !hidden.has(index.id))) {
    const stored = await findMirrorProject(db, mirror, project);
    if (stored !== undefined) found.push(sourceOfLinks(mirror, (await stored.page.read()).files, true));
  }
  return found;
}
