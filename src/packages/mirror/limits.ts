import type { Config } from '#kernel/config/kernel-settings.ts';
import { packagesConfig } from '../settings.ts';

/** How long a mirror waits, in milliseconds, and how much it takes. */
export interface MirrorLimits {
  /** Until the head of upstream's answer, redirects and connecting included. */
  readonly headMs: number;
  /** Until the whole page of a project is there. */
  readonly pageMs: number;
  /** Until the first bytes of a file are there, finding out where it is included. */
  readonly fileMs: number;
  /** Longest pause while a file arrives. */
  readonly bodyPauseMs: number;
  /** How long a client waits for a small file to be complete, so that an error can still be told. */
  readonly smallFileMs: number;
  /** With an old copy at hand nobody waits longer for a new one. */
  readonly patienceMs: number;
  /** How long an old copy is served before upstream is asked again. */
  readonly staleMs: number;
  /** How long upstream is left alone after a failure, where an old copy can be served. */
  readonly pauseMs: number;
  /** The longest that upstream may have us wait with Retry-After. */
  readonly maxPauseMs: number;
  /** New projects must not stay hidden behind a 404 for long (reference packaging.md 2.4). */
  readonly absentMs: number;
  /** How many such projects are remembered. */
  readonly maxAbsentProjects: number;
  /** Between two requests for one project that refreshes cause. */
  readonly refreshMs: number;
  readonly maxPageBytes: number;
  readonly maxPageFiles: number;
  /** Of a list of projects as it is sent, and again as it is inflated. */
  readonly maxListBytes: number;
  /** Until the whole list of projects is there. */
  readonly listMs: number;
}

/** The limits that the settings give. pip gives up after 15 seconds without a byte: the defaults answer before. */
export function mirrorLimits(all: Config): MirrorLimits {
  const config = packagesConfig(all);
  return {
    headMs: config['packages.mirror-answer-seconds'] * 1000,
    pageMs: config['packages.mirror-page-seconds'] * 1000,
    fileMs: config['packages.mirror-file-seconds'] * 1000,
    bodyPauseMs: config['packages.mirror-silence-seconds'] * 1000,
    smallFileMs: config['packages.mirror-small-file-seconds'] * 1000,
    patienceMs: config['packages.mirror-patience-seconds'] * 1000,
    staleMs: config['packages.mirror-stale-seconds'] * 1000,
    pauseMs: config['packages.mirror-pause-seconds'] * 1000,
    maxPauseMs: config['packages.mirror-longest-pause-seconds'] * 1000,
    absentMs: config['packages.mirror-absent-seconds'] * 1000,
    maxAbsentProjects: config['packages.mirror-absent-projects'],
    refreshMs: config['packages.mirror-refresh-seconds'] * 1000,
    maxPageBytes: config['packages.mirror-page-bytes'],
    maxPageFiles: config['packages.mirror-page-files'],
    maxListBytes: config['packages.mirror-list-bytes'],
    listMs: config['packages.mirror-list-seconds'] * 1000,
  };
}
