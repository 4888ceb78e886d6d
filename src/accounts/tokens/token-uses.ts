import type { Db } from '#kernel/db/db.ts';
import type { Log } from '#kernel/log/log.ts';
import { writeLastUse } from './store.ts';

const FLUSH_MS = 60_000;

/** Remembers when tokens were used, and writes it once a minute in one transaction: a request must not wait for a write. */
export class TokenUses {
  readonly #db: Db;
  readonly #log: Log;
  readonly #flushing: NodeJS.Timeout;
  #uses = new Map<string, number>();

  constructor(db: Db, log: Log) {
    this.#db = db;
    this.#log = log;
    this.#flushing = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  note(id: string, at: number): void {
    this.#uses.set(id, at);
  }

  /** Writes what is remembered. What cannot be written is forgotten: a last use is no more than a hint to people. */
  async flush(): Promise<void> {
    const uses = this.#uses;
    if (uses.size === 0) return;
    this.#uses = new Map();
    try {
      await this.#db.transaction().execute(async (tx) => {
        // In one order everywhere, so that two servers never wait for each other.
        for (const [id, at] of [...uses].toSorted()) await writeLastUse(tx, id, at);
      });
    } catch (error) {
      this.#log.warn({ err: error }, 'cannot write when API tokens were used');
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#flushing);
    await this.flush();
  }
}
