import { isPreRelease, isVersion } from '#python/names/compare-versions.ts';
import { newestFirst } from '#python/names/sort-versions.ts';
import type { VersionedFile } from '../projects/store.ts';

const DAY_MS = 86_400_000;

/** Which releases go. Where both limits are given, only what is beyond both. */
export interface RetentionRules {
  /** So many of the newest stay. */
  readonly keep?: number | undefined;
  /** Those whose last file is not older stay. */
  readonly days?: number | undefined;
  /** Whether final releases may go, too. */
  readonly finals: boolean;
}

/** A release that the rules let go. */
export interface LeavingRelease {
  readonly version: string;
  readonly files: number;
  readonly bytes: number;
  /** When its last file came, epoch milliseconds. */
  readonly uploadedAt: number;
}

/**
 * The releases of one project that the rules let go, newest first. Never goes: the newest of all and the newest final
 * release; what is yanked, since it is kept for those who pin it; and what has a version that is none (PEP 440).
 */
export function planRetention(
  files: readonly VersionedFile[],
  { keep, days, finals }: RetentionRules,
  now: number,
): LeavingRelease[] {
  if (keep === undefined && days === undefined) return [];
  const byVersion = Map.groupBy(files, ({ version }) => version);
  const versions = newestFirst(byVersion.keys());
  const shielded = new Set([
    versions[0],
    versions.find((version) => isVersion(version) && !isPreRelease(version)),
  ]);
  const before = now - (days ?? 0) * DAY_MS;
  return versions
    .filter((version) => isVersion(version) && (finals || isPreRelease(version)))
    .map((version) => describe(version, byVersion.get(version) ?? []))
    .filter((_release, position) => keep === undefined || position >= keep)
    .filter(({ uploadedAt }) => days === undefined || uploadedAt < before)
    .filter(({ version }) => !shielded.has(version))
    .filter(({ version }) => byVersion.get(version)?.every(({ yanked }) => yanked === null));
}

function describe(version: string, files: readonly VersionedFile[]): LeavingRelease {
  return {
    version,
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    uploadedAt: Math.max(...files.map(({ uploadedAt }) => uploadedAt)),
  };
}
