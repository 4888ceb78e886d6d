import type { PackagesContext } from '../context.ts';
import { plainForm } from '../search-entries/grams.ts';
import { findEntries, type SearchEntry } from '../search-entries/store.ts';
import { findTexts, MAX_TEXTS, type FoundText } from '../search-texts/store.ts';
import type { Query } from './read-query.ts';

/** Texts of one project that have all words of a query, the best first. */
export interface FoundTexts {
  readonly entry: SearchEntry;
  readonly texts: readonly FoundText[];
  readonly total: number;
}

/** Of a project so many are told. */
const MAX_OF_PROJECT = 5;
const KINDS = ['keywords', 'description', 'documentation'];

/** Projects of these stages whose keywords, descriptions or documentation have words that begin as all of the query do. */
export async function findInTexts(
  { db, dialect }: PackagesContext,
  indexIds: readonly number[],
  query: Query,
): Promise<{ readonly found: readonly FoundTexts[]; readonly isComplete: boolean }> {
  const words = query.terms.flatMap((term) => term.split('-')).filter((word) => word !== '');
  const texts = await findTexts({ db, dialect }, indexIds, words);
  const byProject = Map.groupBy(texts, ({ projectId }) => projectId);
  const entries = await findEntries(db, [...byProject.keys()]);
  const found = entries.map((entry) => {
    const all = byProject.get(entry.projectId) ?? [];
    const ranked = all.toSorted((a, b) => rankOf(a, words) - rankOf(b, words) || (a.path < b.path ? -1 : 1));
    return { entry, texts: ranked.slice(0, MAX_OF_PROJECT), total: all.length };
  });
  return { found, isComplete: texts.length < MAX_TEXTS };
}

/** A title that has the words comes before everything. */
function rankOf({ kind, title }: FoundText, words: readonly string[]): number {
  const plain = `-${plainForm(title)}`;
  return words.every((word) => plain.includes(`-${word}`)) ? -1 : KINDS.indexOf(kind);
}

const BEFORE = 60;
const LENGTH = 200;

/** The part of a text around the first of the words that it has. */
export function excerptOf(body: string, query: Query): string {
  const lower = body.toLowerCase();
  const words = query.terms.flatMap((term) => term.split('-'));
  const places = words.map((word) => startOf(lower, word)).filter((at) => at >= 0);
  const first = places.length === 0 ? 0 : Math.min(...places);
  const from = first <= BEFORE ? 0 : body.indexOf(' ', first - BEFORE) + 1 || first - BEFORE;
  const start = Math.min(from, first);
  const text = body
    .slice(start, start + LENGTH)
    .toWellFormed()
    .replace(/\s+/g, ' ')
    .trim();
  return `${start > 0 ? '… ' : ''}${text}${start + LENGTH < body.length ? ' …' : ''}`;
}

/** Where a word begins so; -1 if nowhere. */
function startOf(text: string, word: string): number {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}\p{M}]/u.test(text.charAt(at - 1))) return at;
  }
  return -1;
}
