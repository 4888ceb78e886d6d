import type { Clock } from '../clock.ts';
import type { Config } from '../config/kernel-settings.ts';
import type { Db } from '../db/db.ts';
import type { Events } from '../events/events.ts';
import type { Files } from '../files/files.ts';
import type { Forward } from '../http/server.ts';
import type { Log } from '../log/log.ts';
import { FetchedFiles } from './fetched-files.ts';
import { Follower } from './follower.ts';
import { createForward } from './forward.ts';
import type { Joined } from './join-primary.ts';
import { WAIT_SECONDS } from './primary-client.ts';
import type { Replica, ReplicaStatus } from './replica.ts';
import { replicatedTables, type ReplicatedParts } from './replicated.ts';

export interface ReplicaParts {
  readonly config: Config;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Events;
  /** The files that are here. */
  readonly local: Files;
  readonly parts: ReplicatedParts;
}

/** The side of a replica, opened and not started. */
export interface OpenReplica {
  readonly replica: Replica;
  /** Also those that are still with the primary. */
  readonly files: Files;
  readonly forward: Forward;
  /** Begins to follow; resolves when a new replica has everything for the first time. */
  start(stored: AsyncIterable<{ readonly sha256: string }>): Promise<void>;
  close(): Promise<void>;
}

/** Two answers of the primary may be late. */
const IN_SYNC_MS = 3 * WAIT_SECONDS * 1000;

/** Makes what a replica is made of: who follows, who fetches files, and who forwards changes. */
export function openReplica(
  { client, primaryUuid }: Joined,
  { config, db, clock, log: mainLog, events, local, parts }: ReplicaParts,
): OpenReplica {
  const log = mainLog.child({ part: 'replication' });
  const fetches = config['replica-files'];
  const fetched = new FetchedFiles({ local, client, clock, log });
  const follower = new Follower({
    db,
    events,
    clock,
    log,
    client,
    primaryUuid,
    tables: replicatedTables(parts),
    onDigests: (digests) => fetches === 'all' && fetched.want(digests),
  });
  function status(): ReplicaStatus {
    const { state } = follower;
    const lagMs = state.inSyncAt === undefined ? undefined : clock.now() - state.inSyncAt;
    return {
      ...state,
      missing: Math.max(0, (state.primarySerial ?? 0) - events.serial),
      lagMs,
      isInSync: lagMs !== undefined && lagMs < IN_SYNC_MS && !state.isDiverged,
      filesWaiting: fetched.waiting,
      filesInSyncAt: fetched.allHereAt,
    };
  }
  return {
    replica: { primaryUrl: client.url, primaryUuid, fetches, status },
    files: fetched.files,
    forward: createForward({ client, events, follower }),
    async start(stored) {
      await follower.start();
      if (fetches === 'all') fetched.start(stored);
    },
    async close() {
      await follower.stop();
      await fetched.stop();
      client.close();
    },
  };
}
