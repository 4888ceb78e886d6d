import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Database, Db } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';
import type { Log } from '../log/log.ts';

/** What runs for a job name. It may run again after a crash, so it must be idempotent. */
export interface JobHandler {
  readonly name: string;
  /** Runs again this long after it ended; a job without it runs when it is enqueued. */
  readonly everyMs?: number;
  run(payload: unknown, signal: AbortSignal): Promise<void>;
}

export interface EnqueueOptions {
  /** Of the jobs with one key at most one waits. */
  readonly key?: string;
  readonly delayMs?: number;
}

const LEASE_MS = 30_000;
const POLL_MS = 1000;
const MAX_ATTEMPTS = 8;

/** Stores a job, in the caller's transaction when `db` is one. Returns false if its key waits already. */
export async function enqueue(
  db: Db,
  now: number,
  job: { readonly name: string; readonly payload: unknown } & EnqueueOptions,
): Promise<boolean> {
  const inserted = await db
    .withTables<KernelTables>()
    .insertInto('job')
    .values({
      name: job.name,
      payload: JSON.stringify(job.payload ?? null),
      key: job.key ?? null,
      run_after: now + (job.delayMs ?? 0),
      attempts: 0,
      lease: null,
      leased_until: 0,
      failed_at: null,
      last_error: null,
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('id')
    .execute();
  return inserted.length > 0;
}

/**
 * Runs the waiting jobs, one at a time, until `stop`. A job is leased; a process that dies loses the lease
 * after half a minute and another one (or the next start) takes the job up. Failures are retried with
 * growing pauses, eight times; after that the job stays in the table with its last error.
 */
export class JobRunner {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #handlers: ReadonlyMap<string, JobHandler>;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(database: Database, clock: Clock, log: Log, handlers: readonly JobHandler[]) {
    this.#database = database;
    this.#clock = clock;
    this.#log = log;
    this.#handlers = new Map(handlers.map((handler) => [handler.name, handler]));
  }

  async start(): Promise<void> {
    for (const handler of this.#handlers.values()) {
      if (handler.everyMs !== undefined) await this.#schedule(handler, 0);
    }
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  /** Runs what is due now and returns how many jobs ran; `start` calls it once a second. */
  async runDue(): Promise<number> {
    let count = 0;
    while (!this.#stop.signal.aborted && (await this.#runOne())) count += 1;
    return count;
  }

  get #jobs() {
    return this.#database.db.withTables<KernelTables>();
  }

  async #schedule(handler: JobHandler, delayMs: number): Promise<void> {
    const { name } = handler;
    await enqueue(this.#database.db, this.#clock.now(), { name, payload: null, key: name, delayMs });
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.runDue().catch((error: unknown) => this.#log.error({ err: error }, 'cannot read the jobs'));
      await pause(POLL_MS, this.#stop.signal);
    }
  }

  async #runOne(): Promise<boolean> {
    const job = await this.#claim();
    if (job === undefined) return false;
    const handler = this.#handlers.get(job.name);
    const heartbeat = setInterval(() => void this.#renew(job.id, job.lease), LEASE_MS / 3);
    try {
      if (handler === undefined) throw new Error(`no handler for the job ${job.name}`);
      await handler.run(JSON.parse(job.payload), this.#stop.signal);
      await this.#jobs.deleteFrom('job').where('id', '=', job.id).where('lease', '=', job.lease).execute();
      if (handler.everyMs !== undefined) await this.#schedule(handler, handler.everyMs);
    } catch (error) {
      await this.#retry(job, error);
    } finally {
      clearInterval(heartbeat);
    }
    return true;
  }

  async #claim() {
    const now = this.#clock.now();
    const lease = randomUUID();
    const due = this.#jobs
      .selectFrom('job')
      .select('id')
      .where('failed_at', 'is', null)
      .where('run_after', '<=', now)
      .where('leased_until', '<', now)
      .where('name', 'in', [...this.#handlers.keys(), ''])
      .orderBy('run_after')
      .limit(1);
    const claimed = await this.#jobs
      .updateTable('job')
      .set((eb) => ({ lease, leased_until: now + LEASE_MS, attempts: eb('attempts', '+', 1) }))
      .where('id', '=', this.#database.dialect === 'postgres' ? due.forUpdate().skipLocked() : due)
      .returningAll()
      .executeTakeFirst();
    return claimed === undefined ? undefined : { ...claimed, lease };
  }

  async #renew(id: number, lease: string): Promise<void> {
    await this.#jobs
      .updateTable('job')
      .set({ leased_until: this.#clock.now() + LEASE_MS })
      .where('id', '=', id)
      .where('lease', '=', lease)
      .execute()
      .catch((error: unknown) => this.#log.warn({ err: error }, 'cannot renew the lease of a job'));
  }

  async #retry(
    job: { id: number; name: string; lease: string; attempts: number },
    error: unknown,
  ): Promise<void> {
    const now = this.#clock.now();
    const isLast = job.attempts >= MAX_ATTEMPTS && this.#handlers.get(job.name)?.everyMs === undefined;
    this.#log.warn({ err: error, job: job.name, attempt: job.attempts, isLast }, 'a job failed');
    await this.#jobs
      .updateTable('job')
      .set({
        lease: null,
        leased_until: 0,
        run_after: now + Math.min(2 ** job.attempts, 600) * 1000,
        failed_at: isLast ? now : null,
        last_error: error instanceof Error ? error.message : String(error),
      })
      .where('id', '=', job.id)
      .where('lease', '=', job.lease)
      .execute();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
