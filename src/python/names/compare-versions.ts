import { compare, explain, valid } from '@renovatebot/pep440';

/** Orders versions by PEP 440; strings that are none, from old data, come first, by code point. */
export function compareVersions(a: string, b: string): number {
  const [isValidA, isValidB] = [valid(a) !== null, valid(b) !== null];
  if (isValidA && isValidB) return compare(a, b) || byCodePoint(a, b);
  if (isValidA !== isValidB) return isValidA ? 1 : -1;
  return byCodePoint(a, b);
}

/** True of what PEP 440 calls a version. */
export function isVersion(text: string): boolean {
  return valid(text) !== null;
}

/** True of alphas, betas, candidates and development versions, which installers choose only where there is nothing else. */
export function isPreRelease(version: string): boolean {
  return explain(version)?.is_prerelease ?? false;
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
