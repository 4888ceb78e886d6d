import { matchOf, type Query } from './read-query.ts';

/** Looked at behind those that begin as the query does. */
const MAX_HITS = 5000;

/**
 * Names that fit, of many, about `limit` of each kind: those that begin as the query, in their order, then others. `lines`
 * has the names sorted, a line feed before and after each. A term of one or two letters is looked for at the beginning of
 * words only.
 */
export function searchNames(lines: string, query: Query, limit: number): readonly string[] {
  const found = new Set<string>();
  for (let at = firstFrom(lines, query.whole); at < lines.length && found.size < limit;) {
    const end = lines.indexOf('\n', at);
    const name = lines.slice(at, end);
    if (!name.startsWith(query.whole)) break;
    found.add(name);
    at = end + 1;
  }
  const longest = query.terms.toSorted((a, b) => b.length - a.length)[0] ?? '';
  const needle = longest.length < 3 ? `-${longest}` : longest;
  const most = found.size + limit;
  for (let at = lines.indexOf(needle), hits = 0; at >= 0 && hits < MAX_HITS && found.size < most; hits += 1) {
    const end = lines.indexOf('\n', at);
    const name = lines.slice(lines.lastIndexOf('\n', at) + 1, end);
    if (matchOf(query, name) !== undefined) found.add(name);
    at = lines.indexOf(needle, end);
  }
  return [...found];
}

/** Where the first name begins that is not before this one. */
function firstFrom(lines: string, name: string): number {
  let [low, high] = [0, lines.length - 1];
  while (low < high) {
    const middle = lines.lastIndexOf('\n', (low + high) >>> 1);
    const next = lines.indexOf('\n', middle + 1);
    if (middle < low || next < 0) return afterSmaller(lines, low, name);
    if (lines.slice(middle + 1, next) < name) low = next;
    else if (high === middle) return afterSmaller(lines, low, name);
    else high = middle;
  }
  return afterSmaller(lines, low, name);
}

/** From a line feed on, where few names are left to look at. */
function afterSmaller(lines: string, from: number, name: string): number {
  for (let start = from + 1; start < lines.length;) {
    const end = lines.indexOf('\n', start);
    if (lines.slice(start, end) >= name) return start;
    start = end + 1;
  }
  return lines.length;
}
