import type { Following } from './follower.ts';

/** What a replica tells of itself. */
export interface Replica {
  readonly primaryUrl: string;
  readonly primaryUuid: string;
  /** `all`: every file is fetched as soon as it is known. */
  readonly fetches: 'on-demand' | 'all';
  status(): ReplicaStatus;
}

export interface ReplicaStatus extends Following {
  /** Events of the primary that are not here yet, as far as is known. */
  readonly missing: number;
  /** Milliseconds since all that the primary had was here; undefined before the first time in this process. */
  readonly lagMs: number | undefined;
  /** The primary answers, and what it has is here. */
  readonly isInSync: boolean;
  readonly filesWaiting: number;
  readonly filesInSyncAt: number | undefined;
}
