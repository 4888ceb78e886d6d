import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import type { SearchResults } from '../contract.ts';
import { indexNotFound } from '../indexes/find.ts';
import { listIndexes } from '../indexes/store.ts';
import { readReading, viewOf, type View } from '../inheritance/reading.ts';
import { selectVisible } from '../inheritance/shadowing.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import { searchCachedProjects } from '../mirror/store.ts';
import { type Index, fullName } from '../model/index.ts';
import { mayRead } from '../policy.ts';
import { listProjectsAmong } from '../projects/store.ts';
import { gramsOfTerm, inName, plainForm } from '../search-entries/grams.ts';
import { findByGrams, findByPrefix, MAX_FOUND, type SearchEntry } from '../search-entries/store.ts';
import { findBodies, type FoundText } from '../search-texts/store.ts';
import { encodePathSegment } from '../model/file-path.ts';
import { excerptOf, findInTexts } from './find-texts.ts';
import { matches, matchOf, readQuery, type Match, type Query } from './read-query.ts';
import { searchNames } from './search-names.ts';

export interface Search {
  readonly text: string;
  /** `user/index`: only what this index shows. */
  readonly index: string | undefined;
  /** Counted from 1. */
  readonly page: number;
  /** Results a page. */
  readonly limit: number;
}

const LIMIT = 20;
const MAX_LIMIT = 100;

/** Reads a query string; throws 400. */
export function readSearch(query: unknown): Search {
  const { q = '', index, page, limit } = query as Readonly<Record<string, string | undefined>>;
  const size = readCount('limit', limit, LIMIT);
  return { text: String(q), index, page: readCount('page', page, 1), limit: Math.min(size, MAX_LIMIT) };
}

function readCount(key: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new AppError(kernelErrors.badRequest, `query parameter ${key} must be a whole number from 1 on`);
}

type Result = SearchResults['results'][number];

/** A result whose texts have no excerpts yet. */
type FoundProject = Omit<Result, 'texts'> & { readonly texts: readonly ReturnType<typeof shownText>[] };

interface Found {
  readonly results: readonly FoundProject[];
  readonly isComplete: boolean;
}

/**
 * Projects whose names, summaries or longer texts fit: the equal name first, then those that begin so, words, parts of words,
 * summaries, keywords, descriptions and documentation; of equals own ones before those of mirrors, and short names before long
 * ones. Everything is found that the reader may read and nothing else, mirrored or not; no upstream is asked. With an index only
 * what that shows, from where it takes it; throws 401, 403 or 404 if the reader may not.
 */
export async function searchProjects(
  context: PackagesContext,
  lists: ProjectLists,
  { text, index, page, limit, identity }: Search & { readonly identity: Identity },
): Promise<SearchResults> {
  const query = readQuery(text);
  const view = index === undefined ? undefined : await viewNamed(context, index, identity);
  const indexes =
    view?.order.filter(({ id }) => !view.hidden.has(id)) ??
    (await listIndexes(context.db)).filter((each) => mayRead(context, identity, each));
  const found = query === undefined ? NOTHING : await findProjects({ context, lists }, indexes, query);
  const shown = view === undefined ? found.results : await onIndex(context, view, found.results);
  const sorted = shown.toSorted(byRank);
  return {
    query: text,
    total: sorted.length,
    isComplete: found.isComplete,
    page,
    pages: Math.max(1, Math.ceil(sorted.length / limit)),
    results: await withExcerpts(context, sorted.slice((page - 1) * limit, page * limit), query),
  };
}

const NOTHING: Found = { results: [], isComplete: true };

async function viewNamed(context: PackagesContext, index: string, identity: Identity): Promise<View> {
  const [user = '', name = '', ...more] = index.split('/');
  if (more.length > 0) throw indexNotFound(user, [name, ...more].join('/'));
  return viewOf(context, await readReading(context, { user, name }), identity);
}

interface Searched {
  readonly context: PackagesContext;
  readonly lists: ProjectLists;
}

async function findProjects(
  { context, lists }: Searched,
  indexes: readonly Index[],
  query: Query,
): Promise<Found> {
  const stages = new Map(indexes.filter(({ type }) => type !== 'mirror').map((index) => [index.id, index]));
  const own = await findEntries(context, [...stages.keys()], query);
  const results = new Map<number, FoundProject>();
  for (const entry of own.entries) {
    const match = matchOf(query, entry.name, `${entry.name} ${plainForm(entry.summary)}`);
    const stage = stages.get(entry.indexId);
    if (match === undefined || stage === undefined) continue;
    results.set(entry.projectId, resultOf(stage, entry, match));
  }
  const texts = await findInTexts(context, [...stages.keys()], query);
  for (const { entry, texts: found, total } of texts.found) {
    const stage = stages.get(entry.indexId);
    const [best] = found;
    if (stage === undefined || best === undefined) continue;
    const known = results.get(entry.projectId) ?? resultOf(stage, entry, best.kind);
    results.set(entry.projectId, {
      ...known,
      texts: found.map((text) => shownText(stage, entry.name, text)),
      moreTexts: total - found.length,
    });
  }
  let isComplete = own.isComplete && texts.isComplete;
  const mirrored: FoundProject[] = [];
  for (const mirror of indexes.filter(({ type }) => type === 'mirror')) {
    const names = await namesOf({ context, lists }, mirror, query);
    isComplete &&= names.length < MAX_FOUND;
    for (const project of names) {
      const match = matchOf(query, project);
      if (match === undefined) continue;
      const index = fullName(mirror);
      mirrored.push({ ...BARE, index, type: 'mirror', project, version: null, summary: '', match });
    }
  }
  return { results: [...results.values(), ...mirrored], isComplete };
}

const BARE = { texts: [], moreTexts: 0 };

function resultOf(stage: Index, { name, version, summary }: SearchEntry, match: Match): FoundProject {
  return { ...BARE, index: fullName(stage), type: 'stage', project: name, version, summary, match };
}

function shownText(stage: Index, project: string, { id, kind, version, path, title }: FoundText) {
  const page = [stage.user, stage.name, project, version, '+d', ...path.split('/')];
  return {
    id,
    where: kind,
    title,
    path: kind === 'documentation' ? `/${page.map(encodePathSegment).join('/')}` : '',
  };
}

/** With the part of each text around the first word; only of what is sent, since texts are long. */
async function withExcerpts(
  { db }: PackagesContext,
  results: readonly FoundProject[],
  query: Query | undefined,
): Promise<Result[]> {
  const bodies = await findBodies(
    db,
    results.flatMap(({ texts }) => texts.map(({ id }) => id)),
  );
  const excerpt = (id: number) => (query === undefined ? '' : excerptOf(bodies.get(id) ?? '', query));
  return results.map((result) => ({
    ...result,
    texts: result.texts.map(({ id, ...text }) => ({ ...text, excerpt: excerpt(id) })),
  }));
}

/** Of each kind as many as are looked at; the better kinds are complete where they fit in. */
async function findEntries(
  context: PackagesContext,
  indexIds: readonly number[],
  { whole, terms }: Query,
): Promise<{ readonly entries: readonly SearchEntry[]; readonly isComplete: boolean }> {
  if (indexIds.length === 0) return { entries: [], isComplete: true };
  const grams = [...new Set(terms.flatMap(gramsOfTerm))];
  const kinds = [
    () => findByPrefix(context.db, indexIds, whole),
    () => findByGrams(context, indexIds, grams.map(inName)),
    () => findByGrams(context, indexIds, grams),
  ];
  const entries = new Map<number, SearchEntry>();
  for (const find of kinds) {
    const found = await find();
    for (const entry of found) entries.set(entry.projectId, entry);
    if (found.length === MAX_FOUND) return { entries: [...entries.values()], isComplete: false };
  }
  return { entries: [...entries.values()], isComplete: true };
}

/** The upstream's list where it is here, else the projects that somebody has asked for. */
async function namesOf(
  { context, lists }: Searched,
  mirror: Index,
  query: Query,
): Promise<readonly string[]> {
  const known = await lists.knownNames(mirror);
  if (known !== undefined) return searchNames(known.lines, query, MAX_FOUND);
  return await searchCachedProjects(context.db, mirror.id, query.terms, MAX_FOUND);
}

/**
 * What an index shows of these, each project once, from the nearest index that has it. Which of them count is decided with
 * those that are hidden from the reader, as for pages.
 */
async function onIndex(
  { db }: PackagesContext,
  { order, hidden }: View,
  results: readonly FoundProject[],
): Promise<readonly FoundProject[]> {
  const stageIds = order.filter(({ type }) => type !== 'mirror').map(({ id }) => id);
  const byName = Map.groupBy(results, ({ project }) => project);
  const holders = Map.groupBy(await listProjectsAmong(db, [...byName.keys()], stageIds), ({ name }) => name);
  return [...byName].flatMap(([project, found]) => {
    const has = (index: Index) =>
      index.type === 'mirror'
        ? found.some((each) => each.index === fullName(index))
        : (holders.get(project) ?? []).some(({ indexId }) => indexId === index.id);
    const visible = selectVisible(order, project, has).filter(({ id }) => !hidden.has(id));
    const nearest = visible
      .map((index) => found.find((each) => each.index === fullName(index)))
      .find((each) => each !== undefined);
    return nearest ?? [];
  });
}

const byRank = (a: FoundProject, b: FoundProject): number =>
  rankOf(a.match) - rankOf(b.match) ||
  Number(a.type === 'mirror') - Number(b.type === 'mirror') ||
  a.project.length - b.project.length ||
  compare(a.project, b.project) ||
  compare(a.index, b.index);

function rankOf(match: Match): number {
  return matches.indexOf(match);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
