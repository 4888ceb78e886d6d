import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Db } from '#kernel/db/db.ts';

type Write = (db: Db) => Promise<void>;

interface Waiting {
  readonly write: Write;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes what came from upstream, in one transaction for all that wait: each commit waits for the disk, and a resolver
 * that asks for two hundred unknown projects would otherwise pay for two hundred of them.
 */
export class WriteBatch {
  readonly #db: Db;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Resolves when it is durable; rejects with what the write itself throws. */
  add(write: Write): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ write, resolve, reject });
    if (!this.#isWriting) void this.#writeAll();
    return promise;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      await nextTurn();
      await this.#writeTogether(this.#waiting.splice(0));
    }
    this.#isWriting = false;
  }

  async #writeTogether(batch: readonly Waiting[]): Promise<void> {
    try {
      if (batch.length > 1) {
        await this.#db.transaction().execute(async (tx) => {
          for (const { write } of batch) await write(tx);
        });
        for (const { resolve } of batch) resolve();
        return;
      }
    } catch {
      // One of them is at fault; each on its own shows which.
    }
    for (const { write, resolve, reject } of batch) await write(this.#db).then(resolve, reject);
  }
}
