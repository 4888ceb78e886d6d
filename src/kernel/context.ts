import type { Clock } from './clock.ts';
import type { Config } from './config/kernel-settings.ts';
import type { Db, DialectName } from './db/db.ts';
import type { Events } from './events/events.ts';
import type { Files } from './files/files.ts';
import type { Log } from './log/log.ts';
import type { PollingReplicas } from './replication/polling-replicas.ts';
import type { Replica } from './replication/replica.ts';

/** What every use case gets as its first argument; made once, in wiring.ts. */
export interface Context {
  readonly db: Db;
  readonly dialect: DialectName;
  readonly files: Files;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Config;
  /** 32 hex digits, the same for all server processes of one installation. */
  readonly uuid: string;
  /** The servers that follow this one. */
  readonly replicas: PollingReplicas;
  /** Set where this server is a replica of another one. */
  readonly replica?: Replica;
  /** What API tokens may be given for: the scopes that the permissions of all parts name. */
  readonly scopes: readonly string[];
  /** Signs tokens; the same for all server processes of one installation. */
  readonly secret: Buffer;
}
