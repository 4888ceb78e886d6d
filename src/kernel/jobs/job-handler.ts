import type { Tx } from '../db/db.ts';

/** Jobs that share slots: so many of them, of all names together, run at once in a process. */
export interface JobQueue {
  readonly name: string;
  readonly slots: number;
}

/** What runs for a job name. It may run again after a crash, so it must be idempotent. */
export interface JobHandler {
  readonly name: string;
  /** Without one the job shares the queue of the server's own short work. */
  readonly queue?: JobQueue;
  /** Runs again this long after it ended; a job without it runs when it is enqueued. */
  readonly everyMs?: number;
  /** Replicas run it as well: it concerns only what each server keeps for itself. */
  readonly isLocal?: true;
  run(payload: unknown, job: RunningJob): Promise<void>;
}

/** What a handler is told of its run. */
export interface RunningJob {
  /** Aborted when the process stops, and when another process may have taken the job: then stop, and write nothing. */
  readonly signal: AbortSignal;
  /**
   * To call in a transaction that writes what the job has done: throws if another process has taken the job, and keeps
   * others from taking it until the transaction has ended.
   */
  fence(tx: Tx): Promise<void>;
}

/** The server's own short work: a long job among it leaves a slot to the others. */
export const MAINTENANCE: JobQueue = { name: 'maintenance', slots: 2 };
