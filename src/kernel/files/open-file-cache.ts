import type { FileHandle } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';

const MAX_IDLE = 200;

/** A handle that several may read at once; call `release` when done. */
export interface SharedHandle {
  readonly fd: number;
  /** Bytes. */
  readonly size: number;
  release(): void;
}

interface Entry {
  readonly handle: FileHandle;
  readonly size: number;
  users: number;
  isForgotten: boolean;
}

/**
 * Keeps recently used files open: stored files never change, so a handle stays right for as long as it is
 * open, and a hot download needs no open, stat and close of its own (nginx has `open_file_cache` for this).
 */
export class OpenFileCache {
  readonly #open: (key: string) => Promise<FileHandle>;
  readonly #entries = new LRUCache<string, Promise<Entry>>({
    max: MAX_IDLE,
    dispose: (pending) => void closeWhenUnused(pending),
  });

  constructor(open: (key: string) => Promise<FileHandle>) {
    this.#open = open;
  }

  async open(key: string): Promise<SharedHandle> {
    let pending = this.#entries.get(key);
    if (pending === undefined) {
      pending = this.#load(key);
      pending.catch(() => this.#entries.delete(key));
      this.#entries.set(key, pending);
    }
    const entry = await pending;
    // It may have left the cache, and been closed, while this waited for it.
    if (entry.isForgotten && entry.users === 0) return await this.open(key);
    entry.users += 1;
    let isReleased = false;
    return {
      fd: entry.handle.fd,
      size: entry.size,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        entry.users -= 1;
        if (entry.isForgotten && entry.users === 0) void entry.handle.close();
      },
    };
  }

  /** Later openers get the file anew; readers of the old handle finish undisturbed. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  async close(): Promise<void> {
    this.#entries.clear();
  }

  async #load(key: string): Promise<Entry> {
    const handle = await this.#open(key);
    return { handle, size: (await handle.stat()).size, users: 0, isForgotten: false };
  }
}

async function closeWhenUnused(pending: Promise<Entry>): Promise<void> {
  const entry = await pending.catch(() => undefined);
  if (entry === undefined) return;
  entry.isForgotten = true;
  if (entry.users === 0) await entry.handle.close();
}
