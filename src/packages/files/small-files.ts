import { LRUCache } from 'lru-cache';
import type { Files } from '#kernel/files/files.ts';
import { openWhole } from '#kernel/files/open-whole.ts';

/** Files up to this size may be held in memory. */
const MAX_FILE_BYTES = 2 * 1024 ** 2;

/**
 * The bytes of small files that are asked for again and again, least recently used ones leave first. Sending from
 * memory costs half of what reading each time does; what is stored never changes, so nothing here can be out of date.
 */
export class SmallFiles {
  readonly #maxFileBytes: number;
  readonly #bytes: LRUCache<string, Buffer>;

  /** With `maxBytes` 0 nothing is held. */
  constructor(maxBytes: number) {
    this.#maxFileBytes = Math.min(MAX_FILE_BYTES, maxBytes);
    // An empty file counts as a byte, since sizes must be positive.
    this.#bytes = new LRUCache({
      maxSize: Math.max(maxBytes, 1),
      sizeCalculation: (bytes) => Math.max(bytes.byteLength, 1),
    });
  }

  get bytes(): number {
    return this.#bytes.calculatedSize;
  }

  /** The bytes if they are in memory. */
  find(sha256: string): Buffer | undefined {
    return this.#bytes.get(sha256);
  }

  /** The bytes of a file that is small enough to be held, else undefined; throws if it cannot be read. */
  async read(
    files: Files,
    file: { readonly sha256: string; readonly size: number },
  ): Promise<Buffer | undefined> {
    if (file.size > this.#maxFileBytes) return undefined;
    const open = await openWhole(files, file);
    try {
      const bytes = await open.next(Buffer.allocUnsafe(file.size));
      this.#bytes.set(file.sha256, bytes);
      return bytes;
    } finally {
      open.release();
    }
  }
}
