import { setImmediate } from 'node:timers/promises';
import type { ArchiveReader } from './archive-reader.ts';
import { demand } from '../archive-rejected.ts';

const WINDOW_BYTES = 256 * 1024;
const BUSY_MS = 10;

/**
 * Reads ranges of one file through a window, so that many small reads in file order cost few system calls.
 */
export class FileWindow {
  readonly #file: ArchiveReader;
  readonly #signal: AbortSignal | undefined;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #pausedAt = performance.now();

  constructor(file: ArchiveReader, signal?: AbortSignal) {
    this.#file = file;
    this.#signal = signal;
  }

  get size(): number {
    return this.#file.size;
  }

  /** Exactly these bytes; a range that is not inside the file is rejected. */
  async read(offset: number, length: number): Promise<Buffer> {
    await this.pause();
    demand(
      offset >= 0 && length >= 0 && offset + length <= this.size,
      'archive.truncated',
      () => 'the archive ends before its content does',
    );
    if (offset < this.#start || offset + length > this.#start + this.#bytes.length) {
      await this.#load(offset, Math.min(Math.max(length, WINDOW_BYTES), this.size - offset));
    }
    const from = offset - this.#start;
    return this.#bytes.subarray(from, from + length);
  }

  /** The bytes of a range in pieces. */
  async *stream(offset: number, length: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < length;) {
      const piece = await this.read(offset + at, Math.min(WINDOW_BYTES, length - at));
      yield piece;
      at += piece.length;
    }
  }

  /** Throws when the work was aborted, and lets other work run when it has not for a while. */
  async pause(): Promise<void> {
    if (performance.now() - this.#pausedAt > BUSY_MS) {
      await setImmediate();
      this.#pausedAt = performance.now();
    }
    this.#signal?.throwIfAborted();
  }

  // Always a new buffer: what an earlier read returned stays as it was.
  async #load(offset: number, length: number): Promise<void> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const bytesRead = await this.#file.read(bytes.subarray(filled), offset + filled);
      demand(bytesRead > 0, 'archive.truncated', () => 'the archive became shorter while it was read');
      filled += bytesRead;
    }
    this.#start = offset;
    this.#bytes = bytes;
  }
}
