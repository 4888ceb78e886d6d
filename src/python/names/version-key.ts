import { explain } from '@renovatebot/pep440';

/** A version of PEP 440, read once so that it can be compared often. */
export interface VersionKey {
  /** As written. */
  readonly version: string;
  readonly epoch: number;
  readonly release: readonly number[];
  /** What follows the release, as it is ordered: phase, number of the phase, post, dev. */
  readonly suffix: readonly number[];
  /** Normalized; null without one. */
  readonly local: string | null;
  /** Development releases count, as for pip. */
  readonly isPreRelease: boolean;
  readonly isPostRelease: boolean;
}

const PHASES: Readonly<Record<string, number>> = { a: 0, b: 1, rc: 2 };
const FINAL = 3;
const FINAL_SUFFIX = [FINAL, 0, -1, Infinity];
// What most versions are.
const PLAIN = /^[0-9]+(?:\.[0-9]+)*$/;

/** Undefined for what is no version. */
export function versionKey(version: string): VersionKey | undefined {
  if (PLAIN.test(version)) return finalVersionKey(version.split('.').map(Number), version);
  const parts = explain(version);
  if (parts === null) return undefined;
  const { epoch, release, pre, post, dev, local, is_prerelease, is_postrelease } = parts;
  const [letter, number] = pre ?? [];
  // A development version of a final release comes before its alphas (PEP 440).
  const isBare = pre === null && post === null && dev !== null;
  const phase = isBare ? -1 : letter === undefined ? FINAL : (PHASES[letter] ?? FINAL);
  return {
    version,
    epoch,
    release,
    suffix: [phase, Number(number ?? 0), Number(post ?? -1), Number(dev ?? Infinity)],
    local,
    isPreRelease: is_prerelease,
    isPostRelease: is_postrelease,
  };
}

/** The key of a final release of these numbers: of 3.11.2 for [3, 11, 2]. */
export function finalVersionKey(release: readonly number[], version = release.join('.')): VersionKey {
  return {
    version,
    epoch: 0,
    release,
    suffix: FINAL_SUFFIX,
    local: null,
    isPreRelease: false,
    isPostRelease: false,
  };
}

/** The first development release of a final or post-release: what comes before all of its pre-releases. */
export function firstPreReleaseKey(key: VersionKey): VersionKey {
  const [phase = FINAL, number = 0, post = -1] = key.suffix;
  return { ...key, suffix: key.isPostRelease ? [phase, number, post, 0] : [-1, 0, -1, 0] };
}

/** A post-release after all that a version can have; development releases have none. */
export function lastPostReleaseKey(key: VersionKey): VersionKey {
  const [phase = FINAL, number = 0, , dev = Infinity] = key.suffix;
  return dev === Infinity ? { ...key, suffix: [phase, number, Infinity, Infinity] } : key;
}

/** Orders versions without looking at their local part. */
export function comparePublic(a: VersionKey, b: VersionKey): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  const length = Math.max(a.release.length, b.release.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (a.release[at] ?? 0) - (b.release[at] ?? 0);
    if (difference !== 0) return difference;
  }
  for (const [at, number] of a.suffix.entries()) {
    const other = b.suffix[at] ?? 0;
    if (number !== other) return number < other ? -1 : 1;
  }
  return 0;
}
