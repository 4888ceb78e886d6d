import { sql } from 'kysely';
import type pg from 'pg';
import type { Clock } from '../clock.ts';
import type { Database, Db, Tx } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';
import type { Log } from '../log/log.ts';

/** A past-tense fact as it is stored: `type` is `part.noun-past`, `serial` its number without gaps. */
export interface StoredEvent {
  readonly serial: number;
  readonly type: string;
  /** Name of the user who did it; null for the server itself and for anonymous users. */
  readonly actor: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export type NewEvent = Pick<StoredEvent, 'type' | 'actor' | 'data'>;
export type Emit = (event: NewEvent) => Promise<void>;
export type Listener = (event: StoredEvent) => void;

/** The event log: written in the transaction of the change, read by serial, heard by this process. */
export interface Events {
  /** Runs a change; what it emits is stored in the same transaction and heard before this resolves. */
  change<Result>(run: (tx: Tx, emit: Emit) => Promise<Result>): Promise<Result>;
  /** Listeners run synchronously, in order of the serials, also for events of other server processes. */
  listen(listener: Listener): void;
  /** The serial of the newest event this process has heard. */
  readonly serial: number;
  /** When that event happened, epoch milliseconds; 0 before the first. */
  readonly heardAt: number;
  /** False while other processes' events may be missed: then nothing cached may be trusted. */
  readonly isLive: boolean;
  close(): Promise<void>;
}

const CHANNEL = 'wheelhouse_event';
const RECONNECT_MS = 1000;
const PAGE = 500;

/** Opens the log of a migrated database and starts to hear other processes (PostgreSQL only). */
export async function openEvents(database: Database, clock: Clock, log: Log): Promise<Events> {
  const db = database.db.withTables<KernelTables>();
  const listeners: Listener[] = [];
  let heard = (await db.selectFrom('serial').select('value').executeTakeFirstOrThrow()).value;
  let heardAt = (await listEvents(database.db, heard - 1, 1))[0]?.at ?? 0;
  let catchingUp: Promise<void> = Promise.resolve();

  async function catchUp(): Promise<void> {
    for (let page = await listEvents(database.db, heard, PAGE); page.length > 0;) {
      for (const event of page) {
        heard = event.serial;
        heardAt = event.at;
        for (const listener of listeners) listener(event);
      }
      page = page.length < PAGE ? [] : await listEvents(database.db, heard, PAGE);
    }
  }

  function hear(): Promise<void> {
    catchingUp = catchingUp.then(catchUp, catchUp);
    return catchingUp;
  }

  const remote =
    database.pool === undefined
      ? undefined
      : listenRemotely(database.pool, hear, log.child({ part: 'events' }));
  await remote?.ready;

  return {
    async change(run) {
      let hasEmitted = false;
      const result = await database.db.transaction().execute(async (tx) => {
        return await run(tx, async (event) => {
          hasEmitted = true;
          await store(tx, event, clock.now());
          if (database.dialect === 'postgres') await sql`select pg_notify(${CHANNEL}, '')`.execute(tx);
        });
      });
      if (hasEmitted) await hear();
      return result;
    },
    listen: (listener) => void listeners.push(listener),
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
      await remote?.close();
      await catchingUp.catch(() => undefined);
    },
  };
}

async function store(tx: Tx, event: NewEvent, at: number): Promise<void> {
  const own = tx.withTables<KernelTables>();
  const { value: serial } = await own
    .updateTable('serial')
    .set((eb) => ({ value: eb('value', '+', 1) }))
    .returning('value')
    .executeTakeFirstOrThrow();
  const { type, actor, data } = event;
  await own
    .insertInto('event')
    .values({ serial, type, actor, at, data: JSON.stringify(data) })
    .execute();
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
  return rows.map((row) => ({ ...row, data: JSON.parse(row.data) as StoredEvent['data'] }));
}

interface RemoteListener {
  readonly ready: Promise<void>;
  isConnected(): boolean;
  close(): Promise<void>;
}

/** Keeps one connection on LISTEN; after a break it connects again and catches up by serial. */
function listenRemotely(pool: pg.Pool, hear: () => Promise<void>, log: Log): RemoteListener {
  let client: pg.PoolClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isListening = false;
  let isClosed = false;

  /** Gives a broken connection back, once, so that no failure takes one from the pool for good. */
  function lose(lost: pg.PoolClient | undefined, error: unknown): void {
    if (lost !== client || isClosed) return;
    client?.release(true);
    client = undefined;
    isListening = false;
    log.warn({ err: error }, 'no database connection announces events; trying again');
    timer = setTimeout(() => void connect(), RECONNECT_MS);
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
      await own.query(`listen ${CHANNEL}`);
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
      client?.release(true);
    },
  };
}
