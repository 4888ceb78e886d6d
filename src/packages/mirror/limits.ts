/** How long a mirror waits and how much it takes. Tests make the times short. */
export interface MirrorLimits {
  /** Until the head of upstream's answer, redirects and connecting included. */
  readonly headMs: number;
  /** Until the whole page of a project is there. */
  readonly pageMs: number;
  /** Until the first bytes of a file are there, finding out where it is included. */
  readonly fileMs: number;
  /** Longest pause while a file arrives. */
  readonly bodyPauseMs: number;
  /** With an old copy at hand nobody waits longer for a new one. */
  readonly patienceMs: number;
  /** How long an old copy is served before upstream is asked again. */
  readonly staleMs: number;
  /** How long upstream is left alone after a failure, where an old copy can be served. */
  readonly pauseMs: number;
  /** The longest that upstream may send us away with Retry-After. */
  readonly maxPauseMs: number;
  /** New projects must not stay hidden behind a 404 for long (reference packaging.md 2.4). */
  readonly absentMs: number;
  /** How long a client waits for a small file to be complete, so that an error can still be told, before it is streamed. */
  readonly smallFileMs: number;
  readonly maxPageBytes: number;
  readonly maxPageFiles: number;
  /** Of a list of projects as it is sent, and again as it is inflated. */
  readonly maxListBytes: number;
  /** Until the whole list of projects is there. */
  readonly listMs: number;
}

/** pip gives up after 15 seconds without a byte: whatever happens, it has an answer before. */
export const defaultLimits: MirrorLimits = {
  headMs: 9000,
  pageMs: 12_000,
  fileMs: 11_000,
  bodyPauseMs: 30_000,
  patienceMs: 1500,
  staleMs: 1000,
  pauseMs: 5000,
  maxPauseMs: 300_000,
  absentMs: 120_000,
  smallFileMs: 3000,
  maxPageBytes: 128 * 1024 ** 2,
  maxPageFiles: 100_000,
  maxListBytes: 1024 ** 3,
  listMs: 600_000,
};
