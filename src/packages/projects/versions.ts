import { compare, valid } from '@renovatebot/pep440';

/** Orders versions by PEP 440; strings that are none, from old data, come first, by code point. */
export function compareVersions(a: string, b: string): number {
  const [isValidA, isValidB] = [valid(a) !== null, valid(b) !== null];
  if (isValidA && isValidB) return compare(a, b) || byCodePoint(a, b);
  if (isValidA !== isValidB) return isValidA ? 1 : -1;
  return byCodePoint(a, b);
}

/**
 * Sorts by version, parsing each distinct one once: a page of thousands of files compares tens of
 * thousands of times.
 */
export function sortByVersion<Item>(items: readonly Item[], versionOf: (item: Item) => string): Item[] {
  const distinct = [...new Set(items.map(versionOf))].sort(compareVersions);
  const rank = new Map(distinct.map((version, index) => [version, index]));
  return items.toSorted((a, b) => (rank.get(versionOf(a)) ?? 0) - (rank.get(versionOf(b)) ?? 0));
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
