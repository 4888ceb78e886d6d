import type { Clock } from '../clock.ts';
import type { Db, Tx } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';
import type { Log } from '../log/log.ts';
import type { ClaimedJob } from './claim-jobs.ts';

export interface LeaseOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly leaseMs: number;
  readonly job: ClaimedJob;
}

/** The right of this process to run a job: renewed while it runs, and lost when another process may have taken it. */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #lost = new AbortController();
  readonly #renewing: NodeJS.Timeout;
  #until: number;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#until = options.job.leasedUntil;
    this.#renewing = setInterval(() => void this.#renew(), options.leaseMs / 3);
  }

  /** Aborted when the lease is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws if the lease is lost; otherwise the row is locked, so that nobody takes the job until `tx` has ended. */
  readonly fence = async (tx: Tx): Promise<void> => {
    if (!this.lost.aborted && !(await this.#extend(tx, this.#nextEnd()))) this.#lose();
    this.lost.throwIfAborted();
  };

  /** Renews no more. */
  end(): void {
    clearInterval(this.#renewing);
  }

  async #renew(): Promise<void> {
    const { db, clock, log } = this.#options;
    const until = this.#nextEnd();
    try {
      if (await this.#extend(db, until)) this.#until = until;
      else this.#lose();
    } catch (error) {
      log.warn({ err: error }, 'cannot renew the lease of a job');
      if (clock.now() > this.#until) this.#lose();
    }
  }

  #nextEnd(): number {
    return this.#options.clock.now() + this.#options.leaseMs;
  }

  async #extend(db: Db, until: number): Promise<boolean> {
    const { id, lease } = this.#options.job;
    const renewed = await db
      .withTables<KernelTables>()
      .updateTable('job')
      .set({ leased_until: until })
      .where('id', '=', id)
      .where('lease', '=', lease)
      .returning('id')
      .execute();
    return renewed.length > 0;
  }

  #lose(): void {
    this.end();
    this.#lost.abort(new Error('the lease of the job is lost: another process may have taken it'));
  }
}
