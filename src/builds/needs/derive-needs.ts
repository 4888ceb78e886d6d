import { canonicalVersion } from '#python/names/same-version.ts';
import type { Target } from '#python/tags/target.ts';
import { Coverage, type WheelCoverage } from './coverage.ts';
import {
  BUILD_RANKS,
  type BuildRecord,
  type BuildSelection,
  type BuildSkip,
  type Need,
  type SourceFile,
} from './need.ts';
import { buildableReleases, type BuildableRelease } from './releases.ts';
import { selectionTest } from './selection.ts';

/** All that decides what has to be built of one project of one source index. */
export interface ProjectState {
  /** Sdists and wheels of the source index, and wheels of the farm's. */
  readonly files: readonly SourceFile[];
  readonly targets: readonly Target[];
  /** Which versions are watched; empty for all. */
  readonly specifier: string;
  /** `missing`: wheels of the source index are as good as our own. `everything`: only our own count. */
  readonly mode: 'missing' | 'everything';
  readonly allowPrereleases: boolean;
  readonly skips: readonly BuildSkip[];
  /** What somebody asked for, and is to be built first. */
  readonly requests?: readonly BuildSelection[];
  /** The oldest first. */
  readonly records: readonly BuildRecord[];
  /** When watching the project began, in milliseconds since 1970. */
  readonly watchedAt: number;
}

/**
 * What has to be built of a project: each release with an sdist, for each target that its Requires-Python admits, that no wheel
 * serves, that is not skipped, not being built, and has not failed for good with this sdist. The newest release comes first, and the targets of
 * one in the order of their numbers. Nothing is remembered: whoever removes a wheel or a record has it built again.
 */
export function deriveNeeds(project: ProjectState): Need[] {
  const { files, specifier, mode, allowPrereleases, skips, requests = [], records, watchedAt } = project;
  const coverage = new Coverage(project.targets);
  const isSkipped = selectionTest(skips);
  const isRequested = selectionTest(requests);
  const builds = Map.groupBy(records, canonicalVersions());
  const needs: Need[] = [];
  for (const release of buildableReleases(files, specifier, allowPrereleases)) {
    const { canonical, sdist, releasedAt } = release;
    const { version } = sdist;
    const wheels = wheelsOf(release, coverage);
    const counting = wheels.filter(({ file }) => counts(file, mode));
    const isAlone = mayServeAll(wheels);
    const rank = releasedAt > watchedAt ? BUILD_RANKS.released : BUILD_RANKS.backlog;
    const earlier = builds.get(canonical) ?? [];
    for (const target of coverage.admittedBy(sdist)) {
      if (counting.some(({ targets }) => targets.has(target)) || isSkipped(canonical, target)) continue;
      const notBefore = mayStartAt(
        earlier.filter((build) => build.target === target),
        sdist,
      );
      if (notBefore === undefined) continue;
      const ranked = isRequested(canonical, target) ? BUILD_RANKS.requested : rank;
      needs.push({ version, target, sdist, rank: ranked, releasedAt, isAlone, notBefore });
    }
  }
  return needs;
}

/** A wheel of a release, with what it is good for. */
export interface Wheel extends WheelCoverage {
  readonly file: SourceFile;
}

/** The wheels of a release. */
export function wheelsOf({ files }: BuildableRelease, coverage: Coverage): Wheel[] {
  return files.flatMap((file) => {
    const covers = coverage.ofWheel(file);
    return covers === undefined ? [] : [{ file, ...covers }];
  });
}

/**
 * A wheel of the source index counts if that is wanted and installers may choose it. One of ours counts even when it is yanked:
 * another would have the same name.
 */
export function counts({ origin, yanked }: SourceFile, mode: ProjectState['mode']): boolean {
  return origin === 'farm' || (mode === 'missing' && !yanked);
}

/** Our own wheels tell what the sdist gives; without one, those of upstream do. */
function mayServeAll(wheels: readonly Wheel[]): boolean {
  const own = wheels.filter(({ file }) => file.origin === 'farm');
  const telling = own.length > 0 ? own : wheels;
  return telling.length === 0 || telling.some(({ isForManyPythons }) => isForManyPythons);
}

/**
 * When the next build may start, after these of the same version and target; undefined if none may. Builds of another sdist say
 * nothing, unless one is running: two at once would make the same file name.
 */
function mayStartAt(builds: readonly BuildRecord[], { sha256 }: SourceFile): number | undefined {
  if (builds.some(({ state }) => state === 'running')) return undefined;
  const last = builds.findLast(({ sdistSha256 }) => sha256 === undefined || sdistSha256 === sha256);
  // What succeeded and is needed all the same was removed.
  if (last?.state !== 'failed') return 0;
  return last.retryAfter ?? undefined;
}

/** Reads each spelling once: there is a record for each target. */
function canonicalVersions(): (build: { readonly version: string }) => string {
  const known = new Map<string, string>();
  return ({ version }) => {
    const canonical = known.get(version) ?? canonicalVersion(version);
    known.set(version, canonical);
    return canonical;
  };
}
