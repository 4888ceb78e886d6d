import { plainForm } from '../search-entries/grams.ts';

/** What somebody looks for. */
export interface Query {
  /** All of it as the name of a project would be. */
  readonly whole: string;
  /** Each must be found; in plain form. */
  readonly terms: readonly string[];
}

/** Longer queries are cut here. */
const MAX_QUERY = 200;
const MAX_TERMS = 8;

/** Reads what somebody typed; undefined if there is no letter and no digit in it. */
export function readQuery(text: string): Query | undefined {
  const given = text.slice(0, MAX_QUERY);
  const terms = [...new Set(given.split(/\s+/).map(plainForm))].filter((term) => term !== '');
  if (terms.length === 0) return undefined;
  return { whole: plainForm(given), terms: terms.slice(0, MAX_TERMS) };
}

/** How well something fits, the best first. */
export const matches = [
  'exact',
  'prefix',
  'word',
  'substring',
  'summary',
  'keywords',
  'description',
  'documentation',
] as const;
export type Match = (typeof matches)[number];

/** How a project fits; `text` is the plain form of name and summary. Undefined if it does not. */
export function matchOf(query: Query, name: string, text = name): Match | undefined {
  if (name === query.whole) return 'exact';
  if (name.startsWith(query.whole)) return 'prefix';
  if (query.terms.every((term) => `-${name}`.includes(`-${term}`))) return 'word';
  if (query.terms.every((term) => name.includes(term))) return 'substring';
  return query.terms.every((term) => text.includes(term)) ? 'summary' : undefined;
}
