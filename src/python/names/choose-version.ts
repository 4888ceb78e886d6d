import { explain } from '@renovatebot/pep440';
import { compareVersions } from './compare-versions.ts';

export interface Candidate {
  readonly version: string;
  /** True if all of its files are yanked. */
  readonly isYanked: boolean;
}

/** The version that an installer takes, and why one would not have expected it. */
export interface ChosenVersion extends Candidate {
  /** An alpha, beta, release candidate or development release: then there is no other. */
  readonly isPre: boolean;
}

/**
 * What pip installs when nobody names a version: the newest that is not yanked, and a pre-release only if there is nothing else.
 * If all are yanked it is the newest of those, which pip installs for an exact pin only. Undefined if there are none.
 */
export function chooseVersion(candidates: Iterable<Candidate>): ChosenVersion | undefined {
  let chosen: ChosenVersion | undefined;
  for (const candidate of candidates) {
    const next = { ...candidate, isPre: isPreRelease(candidate.version) };
    if (chosen === undefined || isBetter(next, chosen)) chosen = next;
  }
  return chosen;
}

/** As pip sees it: development releases are pre-releases, too. What is no version counts as one. */
function isPreRelease(version: string): boolean {
  return explain(version)?.is_prerelease ?? true;
}

function isBetter(a: ChosenVersion, b: ChosenVersion): boolean {
  if (a.isYanked !== b.isYanked) return b.isYanked;
  if (a.isPre !== b.isPre) return b.isPre;
  return compareVersions(a.version, b.version) > 0;
}
