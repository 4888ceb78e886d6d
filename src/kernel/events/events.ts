import { sql } from 'kysely';
import type pg from 'pg';
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Database, Db, Tx } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';
import type { Log } from '../log/log.ts';
import type { EventType, StoredEvent } from './event-type.ts';
import { Listeners, type Listener } from './listeners.ts';

/** An event of a declared type, about to be stored. */
export type NewEvent<Type extends EventType> = Pick<StoredEvent, 'actor'> & {
  readonly data: z.input<Type['data']>;
} & (Type['about'] extends string ? { readonly about: number } : { readonly about?: null });

/**
 * Has an event stored at the end of the transaction, in this order: on PostgreSQL the row of the serial is locked from
 * then until the commit, and others must not wait for the change itself. Throws if the data are not of the type.
 */
export type Emit = <Type extends EventType>(type: Type, event: NewEvent<Type>) => void;

/** What is written with events, in their transaction; it may not refuse them, and should be quick: others wait for the serial. */
export type Companion = (tx: Tx, events: readonly StoredEvent[]) => Promise<void>;

/** The event log: written in the transaction of the change, read by serial, heard by this process. */
export interface Events {
  /** Runs a change; what it emits is stored in the same transaction and heard before this resolves. */
  change<Result>(run: (tx: Tx, emit: Emit) => Promise<Result>): Promise<Result>;
  /** Listeners run synchronously, in order of the serials, also for events of other server processes. */
  listen(listener: Listener): void;
  /** For what must not be lost once the events are there, as what is to be told to others. */
  accompany(companion: Companion): void;
  /** The serial of the newest event this process has heard. */
  readonly serial: number;
  /** When that event happened, epoch milliseconds; 0 before the first. */
  readonly heardAt: number;
  /** Hears what was stored in this database past `change`, as on a replica. */
  catchUp(): Promise<void>;
  /** Resolves when this process has heard the event with this serial: true; or false after some time, or when nobody waits. */
  reach(serial: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  /** False while other processes' events may be missed: then nothing cached may be trusted. */
  readonly isLive: boolean;
  close(): Promise<void>;
}

const CHANNEL = 'wheelhouse_event';
const LISTEN = `listen ${CHANNEL}`;
const RECONNECT_MS = 1000;
const HEARTBEAT_MS = 5000;
const PAGE = 500;
const LOOK_MS = 1000;

/**
 * Opens the log of a migrated database and starts to hear other processes: on PostgreSQL at once, on SQLite, where only a
 * command changes something beside a server, within a second. `types` are those that this program declares: an event of
 * another one comes from another version, and may mean anything. A listening connection that has not answered for
 * `heartbeatMs` counts as lost. The log of a replica is that of its primary: what happens to a replica alone is heard, and
 * not stored.
 */
export async function openEvents(
  database: Database,
  types: readonly EventType[],
  clock: Clock,
  log: Log,
  {
    heartbeatMs = HEARTBEAT_MS,
    isReplica = false,
  }: { readonly heartbeatMs?: number; readonly isReplica?: boolean } = {},
): Promise<Events> {
  const listeners = new Listeners(types, log);
  const companions: Companion[] = [];
  let heard = await readSerial(database.db);
  let heardAt = (await listEvents(database.db, heard - 1, 1))[0]?.at ?? 0;
  let catchingUp: Promise<void> = Promise.resolve();
  const waiting = new Set<() => void>();

  async function catchUp(): Promise<void> {
    for (let page = await listEvents(database.db, heard, PAGE); page.length > 0;) {
      for (const event of page) {
        heard = event.serial;
        heardAt = event.at;
        listeners.hear(event);
      }
      page = page.length < PAGE ? [] : await listEvents(database.db, heard, PAGE);
    }
    for (const look of waiting) look();
  }

  function hear(): Promise<void> {
    catchingUp = catchingUp.then(catchUp, catchUp);
    return catchingUp;
  }

  const remote =
    database.pool === undefined
      ? undefined
      : listenRemotely(database.pool, hear, log.child({ part: 'events' }), heartbeatMs);
  await remote?.ready;
  // What cannot be read now is told by who needs it.
  const look = () => void hear().catch(() => undefined);
  const looking = database.pool === undefined && !isReplica ? setInterval(look, LOOK_MS).unref() : undefined;

  return {
    async change(run) {
      const emitted: UnstoredEvent[] = [];
      const result = await database.db.transaction().execute(async (tx) => {
        const changed = await run(tx, ({ type, data }, { actor, about = null, data: told }) => {
          emitted.push({ type, actor, at: clock.now(), about, data: JSON.stringify(data.parse(told)) });
        });
        if (emitted.length > 0 && !isReplica) {
          const stored = await store(tx, emitted);
          for (const companion of companions) await companion(tx, stored);
          if (database.dialect === 'postgres') await sql`select pg_notify(${CHANNEL}, '')`.execute(tx);
        }
        return changed;
      });
      if (isReplica) {
        for (const event of emitted)
          listeners.hear({ ...event, serial: heard, data: JSON.parse(event.data) as StoredEvent['data'] });
      } else if (emitted.length > 0) await hear();
      return result;
    },
    listen: (listener) => listeners.add(listener),
    accompany: (companion) => void companions.push(companion),
    catchUp: hear,
    async reach(serial, timeoutMs, signal) {
      if (heard >= serial) return true;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const look = () => heard >= serial && resolve(true);
      const giveUp = () => resolve(false);
      const timer = setTimeout(giveUp, timeoutMs);
      signal?.addEventListener('abort', giveUp, { once: true });
      if (signal?.aborted === true) giveUp();
      waiting.add(look);
      try {
        return await promise;
      } finally {
        waiting.delete(look);
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
      }
    },
    get serial() {
      return heard;
    },
    get heardAt() {
      return heardAt;
    },
    get isLive() {
      return remote?.isConnected() ?? true;
    },
    async close() {
      clearInterval(looking);
      await remote?.close();
      await catchingUp.catch(() => undefined);
    },
  };
}

type UnstoredEvent = Omit<KernelTables['event'], 'serial'>;

async function store(tx: Tx, emitted: readonly UnstoredEvent[]): Promise<StoredEvent[]> {
  const own = tx.withTables<KernelTables>();
  const { value: last } = await own
    .updateTable('serial')
    .set((eb) => ({ value: eb('value', '+', emitted.length) }))
    .returning('value')
    .executeTakeFirstOrThrow();
  const first = last - emitted.length + 1;
  const rows = emitted.map((event, position) => ({ serial: first + position, ...event }));
  // Statements have a limit of parameters.
  for (let start = 0; start < rows.length; start += PAGE) {
    await own
      .insertInto('event')
      .values(rows.slice(start, start + PAGE))
      .execute();
  }
  return rows.map(fromRow);
}

/** The serial of the newest event. */
export async function readSerial(db: Db): Promise<number> {
  const own = db.withTables<KernelTables>();
  return (await own.selectFrom('serial').select('value').executeTakeFirstOrThrow()).value;
}

/** Up to `limit` events after the serial `after`, oldest first. */
export async function listEvents(db: Db, after: number, limit: number): Promise<StoredEvent[]> {
  const rows = await db
    .withTables<KernelTables>()
    .selectFrom('event')
    .selectAll()
    .where('serial', '>', after)
    .orderBy('serial')
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

function fromRow(row: KernelTables['event']): StoredEvent {
  return { ...row, data: JSON.parse(row.data) as StoredEvent['data'] };
}

interface RemoteListener {
  readonly ready: Promise<void>;
  isConnected(): boolean;
  close(): Promise<void>;
}

/** Keeps one connection on LISTEN; after a break it connects again and catches up by serial. */
function listenRemotely(
  pool: pg.Pool,
  hear: () => Promise<void>,
  log: Log,
  heartbeatMs: number,
): RemoteListener {
  let client: pg.PoolClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  let isListening = false;
  let isClosed = false;

  /** Gives a broken connection back, once, so that no failure takes one from the pool for good. */
  function lose(lost: pg.PoolClient | undefined, error: unknown): void {
    if (lost !== client || isClosed) return;
    clearInterval(heartbeat);
    client?.release(true);
    client = undefined;
    isListening = false;
    log.warn({ err: error }, 'no database connection announces events; trying again');
    timer = setTimeout(() => void connect(), RECONNECT_MS);
  }

  /** A connection that a firewall has forgotten breaks without a sign: no error comes, and no event either. */
  function watch(own: pg.PoolClient): void {
    let hasAnswered = true;
    heartbeat = setInterval(() => {
      if (!hasAnswered) {
        lose(own, new Error('the connection does not answer'));
        return;
      }
      hasAnswered = false;
      own.query(LISTEN).then(
        () => (hasAnswered = true),
        (error: unknown) => lose(own, error),
      );
    }, heartbeatMs);
  }

  async function connect(): Promise<void> {
    let fresh: pg.PoolClient | undefined;
    try {
      fresh = await pool.connect();
      if (isClosed) {
        fresh.release(true);
        return;
      }
      const own = fresh;
      client = own;
      own.on('error', (error) => lose(own, error));
      own.on('notification', () => void hear().catch((error: unknown) => lose(own, error)));
      watch(own);
      await own.query(LISTEN);
      await hear();
      isListening = client === own;
    } catch (error) {
      lose(fresh, error);
    }
  }

  return {
    ready: connect(),
    isConnected: () => isListening,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      clearInterval(heartbeat);
      client?.release(true);
    },
  };
}
