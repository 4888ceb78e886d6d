import type { Db, Tx } from '#kernel/db/db.ts';
import type { Log } from '#kernel/log/log.ts';

const FLUSH_MS = 60_000;

/** Writes when the credentials with this id were used last. */
export type WriteLastUse = (tx: Tx, id: string, at: number) => Promise<void>;

/** Remembers when credentials were used, and writes it once a minute in one transaction: a request must not wait for a write. */
export class LastUses {
  readonly #db: Db;
  readonly #log: Log;
  readonly #write: WriteLastUse;
  readonly #flushing: NodeJS.Timeout;
  #uses = new Map<string, number>();

  constructor(db: Db, log: Log, write: WriteLastUse) {
    this.#db = db;
    this.#log = log;
    this.#write = write;
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
        for (const [id, at] of [...uses].toSorted()) await this.#write(tx, id, at);
      });
    } catch (error) {
      this.#log.warn({ err: error }, 'cannot write when credentials were last used');
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#flushing);
    await this.flush();
  }
}
