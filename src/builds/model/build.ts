export type BuildState = 'running' | 'succeeded' | 'failed' | 'lost' | 'cancelled';

/** An sdist, as an index of this server shows it. */
export interface Sdist {
  readonly filename: string;
  /** Where the index knows it. */
  readonly sha256: string | null;
  /** Its address on this server, percent-encoded, with a leading slash. */
  readonly path: string;
}

/** One build that was begun. Times are epoch milliseconds. */
export interface Build {
  readonly id: number;
  /** The index that has the sdist. */
  readonly indexId: number;
  /** Normalized. */
  readonly project: string;
  readonly version: string;
  /** In the long form, as `cp313-linux_x86_64`. */
  readonly target: string;
  readonly sdist: Sdist;
  readonly builder: string;
  readonly state: BuildState;
  readonly leaseUntil: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly seconds: number | null;
  /** Its class, as `missing-header`. */
  readonly failure: string | null;
  readonly detail: string | null;
  /** When a failed one may be tried again; null: not before somebody asks. */
  readonly retryAt: number | null;
  readonly record: Readonly<Record<string, unknown>> | null;
  /** The whole log, compressed with gzip. */
  readonly log: { readonly sha256: string; readonly size: number } | null;
}
