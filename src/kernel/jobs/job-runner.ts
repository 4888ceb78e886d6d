import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/db.ts';
import type { Log } from '../log/log.ts';
import { claimJobs, type ClaimedJob } from './claim-jobs.ts';
import { enqueueRepeated, finishJob, giveUpJob, retryJob, returnJob } from './end-job.ts';
import { MAINTENANCE, type JobHandler } from './job-handler.ts';
import { Lease } from './lease.ts';

const LEASE_MS = 30_000;
const POLL_MS = 1000;
const MAX_ATTEMPTS = 8;

interface RunnerQueue {
  readonly slots: number;
  readonly handlers: Map<string, JobHandler>;
  running: number;
}

/**
 * Runs the waiting jobs until `stop`, of each queue as many at once as it has slots. A job is leased; a process that dies
 * loses the lease after half a minute and another one (or the next start) takes the job up. Failures are retried with
 * growing pauses, eight times; after that the job stays in the table with its last error. A job that no handler here
 * knows waits for a process that has one.
 */
export class JobRunner {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #leaseMs: number;
  readonly #queues: ReadonlyMap<string, RunnerQueue>;
  readonly #running = new Map<number, Promise<void>>();
  readonly #stop = new AbortController();
  #wake = (): void => undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    database: Database,
    clock: Clock,
    log: Log,
    handlers: readonly JobHandler[],
    { leaseMs = LEASE_MS }: { readonly leaseMs?: number } = {},
  ) {
    this.#database = database;
    this.#clock = clock;
    this.#log = log;
    this.#leaseMs = leaseMs;
    this.#queues = queuesOf(handlers);
  }

  async start(): Promise<void> {
    for (const { handlers } of this.#queues.values()) {
      for (const { name, everyMs } of handlers.values()) {
        if (everyMs !== undefined) await enqueueRepeated(this.#database.db, this.#clock.now(), name, 0);
      }
    }
    this.#loop = this.#run();
  }

  /** Tells the handlers to stop, and waits for them. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the process stops'));
    this.#wake();
    await this.#loop;
    await Promise.all(this.#running.values());
  }

  /** Runs what is due now, and what becomes due meanwhile; returns how many jobs ran. */
  async runDue(): Promise<number> {
    for (let count = 0; ; await Promise.race(this.#running.values())) {
      count += await this.#fillSlots();
      if (this.#running.size === 0) return count;
    }
  }

  /** Looks once a second, and when a job has ended. */
  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { promise: woken, resolve: wake } = Promise.withResolvers<void>();
      this.#wake = wake;
      await this.#fillSlots().catch((error: unknown) =>
        this.#log.error({ err: error }, 'cannot read the jobs'),
      );
      const timer = setTimeout(wake, POLL_MS);
      await woken;
      clearTimeout(timer);
    }
  }

  /** Starts due jobs in all free slots; returns how many. */
  async #fillSlots(): Promise<number> {
    // SQLite answers at once: without this a long row of short jobs would let nothing else happen.
    await setImmediate();
    if (this.#stop.signal.aborted) return 0;
    const now = this.#clock.now();
    const jobs = await claimJobs(this.#database, {
      lease: randomUUID(),
      now,
      leasedUntil: now + this.#leaseMs,
      free: [...this.#queues.values()]
        .map(({ handlers, slots, running }) => ({ names: [...handlers.keys()], slots: slots - running }))
        .filter(({ slots }) => slots > 0),
      running: [...this.#running.keys()],
    });
    for (const job of jobs) this.#begin(job);
    return jobs.length;
  }

  #begin(job: ClaimedJob): void {
    const queue = [...this.#queues.values()].find(({ handlers }) => handlers.has(job.name));
    const handler = queue?.handlers.get(job.name);
    if (queue === undefined || handler === undefined) throw new Error(`no handler for the job ${job.name}`);
    queue.running += 1;
    const running = this.#runOne(job, handler)
      .catch((error: unknown) => this.#log.error({ err: error, job: job.name }, 'cannot end a job'))
      .finally(() => {
        queue.running -= 1;
        this.#running.delete(job.id);
        this.#wake();
      });
    this.#running.set(job.id, running);
  }

  async #runOne(job: ClaimedJob, handler: JobHandler): Promise<void> {
    const { db } = this.#database;
    const lease = new Lease({ db, clock: this.#clock, log: this.#log, leaseMs: this.#leaseMs, job });
    const signal = AbortSignal.any([this.#stop.signal, lease.lost]);
    let failure: { readonly error: unknown } | undefined;
    try {
      // A handler that waits for the signal would wait for ever for one that has been given.
      signal.throwIfAborted();
      await handler.run(JSON.parse(job.payload), { signal, fence: lease.fence });
    } catch (error) {
      failure = { error };
    } finally {
      lease.end();
    }
    const isOurs =
      failure === undefined
        ? await finishJob(db, job, { now: this.#clock.now(), everyMs: handler.everyMs })
        : await this.#endFailed(job, handler, failure.error);
    if (!isOurs) this.#log.warn({ job: job.name }, 'another process has taken a job that ran here');
  }

  async #endFailed(job: ClaimedJob, handler: JobHandler, error: unknown): Promise<boolean> {
    const { db } = this.#database;
    if (this.#stop.signal.aborted) return await returnJob(db, job);
    const isLast = job.attempts >= MAX_ATTEMPTS && handler.everyMs === undefined;
    this.#log.warn({ err: error, job: job.name, attempt: job.attempts, isLast }, 'a job failed');
    return await (isLast ? giveUpJob : retryJob)(db, job, this.#clock.now(), error);
  }
}

function queuesOf(handlers: readonly JobHandler[]): ReadonlyMap<string, RunnerQueue> {
  const queues = new Map<string, RunnerQueue>();
  for (const handler of handlers) {
    const { name, slots } = handler.queue ?? MAINTENANCE;
    const queue = queues.get(name) ?? { slots, handlers: new Map<string, JobHandler>(), running: 0 };
    if (queue.slots !== slots) throw new Error(`the queue ${name} has ${queue.slots} slots and ${slots}`);
    queue.handlers.set(handler.name, handler);
    queues.set(name, queue);
  }
  return queues;
}
