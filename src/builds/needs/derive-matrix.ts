import { canonicalVersion } from '#python/names/same-version.ts';
import { compareTargets, formatTarget } from '#python/tags/target.ts';
import type { Build } from '../model/build.ts';
import { Coverage } from './coverage.ts';
import { counts, deriveNeeds, wheelsOf } from './derive-needs.ts';
import type { KnownState } from './derive-project.ts';
import { buildableReleases } from './releases.ts';
import { selectionTest } from './selection.ts';

/** How a version and a target stand. */
export type MatrixCell =
  | { readonly kind: 'built'; readonly build: number | undefined; readonly filename: string }
  | { readonly kind: 'upstream'; readonly filename: string }
  /** `last` is one that failed, or whose wheel was removed. */
  | { readonly kind: 'waiting'; readonly notBefore: number; readonly last: Build | undefined }
  | { readonly kind: 'running'; readonly build: Build }
  | { readonly kind: 'failed'; readonly build: Build }
  | { readonly kind: 'skipped'; readonly reason: string }
  /** The release does not admit the Python of the target. */
  | { readonly kind: 'not-wanted' };

export interface MatrixRow {
  readonly version: string;
  /** By target. */
  readonly cells: ReadonlyMap<string, MatrixCell>;
}

export interface Matrix {
  /** In the order of their numbers. */
  readonly targets: readonly string[];
  /** The newest release first; those without an sdist that may be built are left out. */
  readonly rows: readonly MatrixRow[];
}

/** How each release and target of a project stand, by what `deriveNeeds` decides by: what it has built is waiting here. */
export function deriveMatrix({ state, builds, builtBy }: KnownState): Matrix {
  const coverage = new Coverage(state.targets);
  const skips = state.skips.map((skip) => ({ ...skip, selects: selectionTest([skip]) }));
  const needs = new Map(deriveNeeds(state).map((need) => [key(need), need]));
  const last = new Map(builds.map((build) => [canonicalKey(build), build]));
  const running = new Map(
    builds.flatMap((build) => (build.state === 'running' ? [[canonicalKey(build), build] as const] : [])),
  );
  const targets = state.targets.toSorted(compareTargets).map(formatTarget);
  const releases = buildableReleases(state.files, state.specifier, state.allowPrereleases);
  const rows = releases.map((release): MatrixRow => {
    const { sdist, canonical } = release;
    const admitted = new Set(coverage.admittedBy(sdist));
    const wheels = wheelsOf(release, coverage).filter(({ file }) => counts(file, state.mode));
    // Of two wheels that serve a target our own says more.
    const ordered = wheels.toSorted(
      (a, b) => Number(b.file.origin === 'farm') - Number(a.file.origin === 'farm'),
    );

    const cellOf = (target: string): MatrixCell => {
      if (!admitted.has(target)) return { kind: 'not-wanted' };
      const serving = ordered.find((wheel) => wheel.targets.has(target))?.file;
      if (serving !== undefined) {
        const { filename, origin } = serving;
        if (origin === 'source') return { kind: 'upstream', filename };
        return { kind: 'built', build: builtBy.get(filename), filename };
      }
      const here = key({ version: canonical, target });
      const now = running.get(here);
      if (now !== undefined) return { kind: 'running', build: now };
      const skip = skips.find(({ selects }) => selects(canonical, target));
      if (skip !== undefined) return { kind: 'skipped', reason: skip.reason };
      const earlier = last.get(here);
      const need = needs.get(key({ version: sdist.version, target }));
      if (need !== undefined) return { kind: 'waiting', notBefore: need.notBefore, last: earlier };
      return earlier === undefined ? { kind: 'not-wanted' } : { kind: 'failed', build: earlier };
    };
    return { version: sdist.version, cells: new Map(targets.map((target) => [target, cellOf(target)])) };
  });
  return { targets, rows };
}

function key({ version, target }: { readonly version: string; readonly target: string }): string {
  return `${version} ${target}`;
}

function canonicalKey({ version, target }: Build): string {
  return key({ version: canonicalVersion(version), target });
}
