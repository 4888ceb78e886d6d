import { chooseVersion, type ChosenVersion } from '#python/names/choose-version.ts';
import type { PackagesContext } from '../context.ts';
import { findReservation } from '../mirror/reserved-names.ts';
import type { Index } from '../model/index.ts';
import type { View } from '../inheritance/reading.ts';
import { selectVisible } from '../inheritance/shadowing.ts';
import {
  countNames,
  findSharedNames,
  findStagesOf,
  listFilesOf,
  listNames,
  listNamesByChange,
  listStoredPages,
  listSummaries,
  type NameQuery,
} from './store.ts';

/** A project as a list shows it. */
export interface ListedProject {
  /** Normalized. */
  readonly name: string;
  /** As the nearest index spells it. */
  readonly displayName: string;
  /** What an installer takes; undefined where no file says a version. */
  readonly newest: ChosenVersion | undefined;
  /** The index that serves the newest version; the nearest that has the project where there is none. */
  readonly from: Index;
  readonly summary: string | undefined;
  /** Of the newest upload, epoch milliseconds; undefined for what is of mirrors. */
  readonly changedAt: number | undefined;
}

export interface ListProjects {
  /** `own` is what the index has itself, `inherited` what it has not. */
  readonly scope: 'all' | 'own' | 'inherited';
  /** Part of a name. */
  readonly filter: string;
  readonly sort: 'name' | '-name' | 'changed' | '-changed';
  /** From 1. */
  readonly page: number;
}

export interface ProjectList {
  readonly projects: readonly ListedProject[];
  /** How many fit the filter, on all pages. */
  readonly counts: { readonly all: number; readonly own: number; readonly inherited: number };
}

const PROJECTS_A_PAGE = 50;
const MAX_SUMMARY = 300;

/**
 * One page of what a reader sees on an index: its own projects, those of its bases, and of mirrors those that somebody has asked for.
 * Asks no upstream. The statements do not grow with the projects.
 */
export async function listProjects(
  context: PackagesContext,
  view: View,
  { scope, filter, sort, page }: ListProjects,
): Promise<ProjectList> {
  const { db } = context;
  const { index } = view;
  const seen = view.order.filter(({ id }) => !view.hidden.has(id));
  const shared = {
    isDescending: sort.startsWith('-'),
    hiddenNames: await findHiddenNames(context, view),
    filter: filter
      .toLowerCase()
      .replace(/[-_.]+/g, '-')
      .replace(/[^a-z0-9-]/g, ''),
  };
  const all: NameQuery = { ...shared, indexes: seen, except: undefined };
  const query: NameQuery =
    scope === 'all'
      ? all
      : scope === 'own'
        ? { ...all, indexes: [index] }
        : { ...all, indexes: seen.slice(1), except: index };
  const range = { limit: PROJECTS_A_PAGE, offset: (page - 1) * PROJECTS_A_PAGE };
  const isImpossible = shared.filter === '' && filter !== '';
  if (isImpossible) return { projects: [], counts: { all: 0, own: 0, inherited: 0 } };
  const names = await (sort.endsWith('name') ? listNames : listNamesByChange)(db, query, range);
  const total = await countNames(db, all);
  const own = seen.length === 1 ? total : await countNames(db, { ...all, indexes: [index] });
  return {
    projects: await describeProjects(context, view, names),
    counts: { all: total, own, inherited: total - own },
  };
}

/** Names on mirrors that a stage decides about which the reader may not read. */
async function findHiddenNames({ db }: PackagesContext, { order, hidden }: View): Promise<string[]> {
  if (hidden.size === 0) return [];
  const mirrors = order.filter(({ id, type }) => type === 'mirror' && !hidden.has(id));
  const stages = order.filter(({ id, type }) => type === 'stage' && hidden.has(id)).map(({ id }) => id);
  const names = await findSharedNames(
    db,
    mirrors.map(({ id }) => id),
    stages,
  );
  const having = Map.groupBy(await findStagesOf(db, names, stages), ({ name }) => name);
  return names.filter((name) => {
    const has = new Set(having.get(name)?.map(({ indexId }) => indexId));
    const visible = selectVisible(order, name, ({ id, type }) => type === 'mirror' || has.has(id));
    return !visible.some(({ type }) => type === 'mirror');
  });
}

/** What is shown of projects that a reader sees on an index, in the order of the names. Asks no upstream. */
async function describeProjects(
  context: PackagesContext,
  { order, hidden }: View,
  names: readonly string[],
): Promise<ListedProject[]> {
  const { db } = context;
  const idsOf = (indexes: readonly Index[]) => indexes.map(({ id }) => id);
  const stages = order.filter(({ type }) => type === 'stage');
  const [hiddenStages, seenStages] = [
    stages.filter(({ id }) => hidden.has(id)),
    stages.filter(({ id }) => !hidden.has(id)),
  ];
  const mirrors = order.filter(({ id, type }) => type === 'mirror' && !hidden.has(id));
  const files = Map.groupBy(await listFilesOf(db, names, idsOf(seenStages)), ({ name }) => name);
  const onHidden = Map.groupBy(await findStagesOf(db, names, idsOf(hiddenStages)), ({ name }) => name);
  const pages = Map.groupBy(await listStoredPages(db, names, mirrors), ({ name }) => name);

  const described = [];
  for (const name of names) {
    const own = files.get(name) ?? [];
    const stored = (pages.get(name) ?? []).filter(({ indexId }) => {
      const mirror = mirrors.find(({ id }) => id === indexId);
      return mirror !== undefined && findReservation(mirror, name) === undefined;
    });
    const has = new Set([...own, ...(onHidden.get(name) ?? []), ...stored].map(({ indexId }) => indexId));
    const visible = selectVisible(order, name, ({ id }) => has.has(id)).filter(({ id }) => !hidden.has(id));
    const seen: Seen = { files: new Map(), versions: new Map() };
    for (const index of visible) {
      if (index.type === 'stage') {
        for (const file of own.filter(({ indexId }) => indexId === index.id)) {
          if (file.filename !== null && file.version !== null)
            see(seen, { ...file, filename: file.filename, version: file.version, index });
        }
        continue;
      }
      const page = await stored.find(({ indexId }) => indexId === index.id)?.page.read();
      for (const { filename, version, yanked = null } of page?.files ?? []) {
        if (version !== '') see(seen, { filename, version, yanked, index, releaseId: null });
      }
    }
    const [nearest] = visible;
    if (nearest === undefined) continue;
    const newest = chooseVersion(seen.versions.values());
    const served = newest && seen.versions.get(newest.version);
    const times = own.flatMap(({ uploadedAt }) => uploadedAt ?? []);
    described.push({
      name,
      displayName: own.find(({ indexId }) => indexId === nearest.id)?.displayName ?? name,
      newest,
      from: served?.index ?? nearest,
      releaseId: served?.releaseId ?? own.find(({ releaseId }) => releaseId !== null)?.releaseId ?? null,
      changedAt: times.length === 0 ? undefined : Math.max(...times),
    });
  }
  const summaries = await listSummaries(
    context,
    described.flatMap(({ releaseId }) => releaseId ?? []),
  );
  return described.map(({ releaseId, ...project }) => ({
    ...project,
    summary: (releaseId !== null && summaries.get(releaseId)?.slice(0, MAX_SUMMARY)) || undefined,
  }));
}

interface SeenFile {
  readonly filename: string;
  readonly version: string;
  readonly yanked: string | null;
  readonly index: Index;
  readonly releaseId: number | null;
}

interface SeenVersion {
  readonly version: string;
  isYanked: boolean;
  index: Index;
  releaseId: number | null;
}

interface Seen {
  readonly files: Map<string, SeenFile>;
  readonly versions: Map<string, SeenVersion>;
}

/** The nearer index wins a file name; the nearest that has an installable file serves a version. */
function see({ files, versions }: Seen, file: SeenFile): void {
  if (files.has(file.filename)) return;
  files.set(file.filename, file);
  const known = versions.get(file.version);
  const { version, index, releaseId } = file;
  const isYanked = file.yanked !== null;
  if (known === undefined) versions.set(version, { version, isYanked, index, releaseId });
  else if (known.isYanked && !isYanked) Object.assign(known, { isYanked, index, releaseId });
}
