import type { Files, OpenFile } from '#kernel/files/files.ts';
import { readFully } from './read-fully.ts';

/** Files up to this size may be held in memory. */
const MAX_FILE_BYTES = 2 * 1024 ** 2;

/**
 * The bytes of small files that are asked for again and again, least recently used ones leave first. Sending from
 * memory costs half of what reading each time does; what is stored never changes, so nothing here can be out of date.
 */
export class SmallFiles {
  readonly #maxBytes: number;
  readonly #bytes = new Map<string, Buffer>();
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#held;
  }

  /** The bytes if they are in memory. */
  find(sha256: string): Buffer | undefined {
    const found = this.#bytes.get(sha256);
    if (found === undefined) return undefined;
    this.#bytes.delete(sha256);
    this.#bytes.set(sha256, found);
    return found;
  }

  /** The bytes of a file that is small enough to be held, else undefined; throws if it cannot be read. */
  async read(
    files: Files,
    { sha256, size }: { readonly sha256: string; readonly size: number },
  ): Promise<Buffer | undefined> {
    if (size > MAX_FILE_BYTES || size > this.#maxBytes) return undefined;
    const open: OpenFile = await files.open(sha256);
    try {
      const bytes = await readFully(open.handle.fd, Buffer.allocUnsafe(size), 0);
      this.#keep(sha256, bytes);
      return bytes;
    } finally {
      open.release();
    }
  }

  #keep(sha256: string, bytes: Buffer): void {
    if (this.#bytes.has(sha256)) return;
    this.#bytes.set(sha256, bytes);
    this.#held += bytes.byteLength;
    for (const [oldest, old] of this.#bytes) {
      if (this.#held <= this.#maxBytes) return;
      this.#bytes.delete(oldest);
      this.#held -= old.byteLength;
    }
  }
}
