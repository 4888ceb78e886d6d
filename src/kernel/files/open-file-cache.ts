import type { FileHandle } from 'node:fs/promises';
import type { OpenFile } from './files.ts';

const MAX_IDLE = 200;

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
  readonly #entries = new Map<string, Promise<Entry>>();

  constructor(open: (key: string) => Promise<FileHandle>) {
    this.#open = open;
  }

  async open(key: string): Promise<OpenFile> {
    let pending = this.#entries.get(key);
    if (pending === undefined) {
      pending = this.#load(key);
      pending.catch(() => this.#entries.delete(key));
    } else this.#entries.delete(key);
    this.#entries.set(key, pending);
    const entry = await pending;
    entry.users += 1;
    this.#evict();
    let isReleased = false;
    return {
      handle: entry.handle,
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
    const pending = this.#entries.get(key);
    this.#entries.delete(key);
    void closeWhenUnused(pending);
  }

  async close(): Promise<void> {
    for (const key of this.#entries.keys()) this.forget(key);
  }

  async #load(key: string): Promise<Entry> {
    const handle = await this.#open(key);
    return { handle, size: (await handle.stat()).size, users: 0, isForgotten: false };
  }

  #evict(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= MAX_IDLE) return;
      this.forget(key);
    }
  }
}

async function closeWhenUnused(pending: Promise<Entry> | undefined): Promise<void> {
  const entry = await pending?.catch(() => undefined);
  if (entry === undefined) return;
  entry.isForgotten = true;
  if (entry.users === 0) await entry.handle.close();
}
