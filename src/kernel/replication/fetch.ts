import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { ByteRange, Files, IncomingFile, OpenFile } from '../files/files.ts';
import type { PrimaryClient } from './primary-client.ts';

const ATTEMPTS = 3;

export interface FetchParts {
  readonly local: Files;
  readonly client: PrimaryClient;
  readonly signal: AbortSignal;
}

/**
 * A file on its way from the primary. It goes on whoever leaves; a line that breaks is taken up where it broke. Who opens it meanwhile
 * reads along, but for the last byte, which waits until the hash was found right.
 */
export class Fetch {
  /** Resolves when the file is verified and durable; rejects when it will not be. */
  readonly stored: Promise<void>;
  readonly #parts: FetchParts;
  readonly #sha256: string;
  readonly #begun = Promise.withResolvers<{ readonly incoming: IncomingFile; readonly size: number }>();
  #arrived = 0;
  #isStored = false;
  #error: unknown;
  #changed = Promise.withResolvers<void>();

  constructor(parts: FetchParts, sha256: string) {
    this.#parts = parts;
    this.#sha256 = sha256;
    this.#begun.promise.catch(() => undefined);
    this.stored = this.#run();
    this.stored.catch((error: unknown) => {
      this.#error = error;
      this.#begun.reject(error);
      this.#announce();
    });
  }

  /** The file as it arrives, or a range of it; undefined once it is stored. */
  async open(range?: ByteRange): Promise<OpenFile | undefined> {
    const { incoming, size } = await this.#begun.promise;
    if (this.#isStored) return undefined;
    const reader = await incoming.read();
    if (reader === undefined) {
      await this.stored;
      return undefined;
    }
    let position = range?.first ?? 0;
    const end = range === undefined ? size : Math.min(range.last + 1, size);
    return {
      size,
      next: async (into) => {
        const wanted = Math.min(into.byteLength, Math.max(end - position, 0));
        for (let filled = 0; filled < wanted;) {
          const available = Math.min((await this.#readable(position, size)) - position, wanted - filled);
          const count = await reader.read(into.subarray(filled, filled + available), position);
          if (count === 0) throw new Error('the file became shorter while it was read');
          filled += count;
          position += count;
        }
        return into.subarray(0, wanted);
      },
      release: () => void reader[Symbol.asyncDispose](),
    };
  }

  /** Up to where may be read, once that is behind the position. */
  async #readable(position: number, size: number): Promise<number> {
    for (;;) {
      const end = this.#isStored ? size : Math.min(this.#arrived, size - 1);
      if (end > position) return end;
      if (this.#error !== undefined) throw this.#error;
      await this.#changed.promise;
    }
  }

  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  async #run(): Promise<void> {
    const { local } = this.#parts;
    let incoming: IncomingFile | undefined;
    try {
      for (let attempt = 1, size: number | undefined; ; attempt += 1) {
        try {
          const response = await this.#ask();
          response.on('error', () => undefined);
          const length = Number(response.headers['content-length'] ?? Number.NaN);
          if (!Number.isSafeInteger(length)) throw this.#bad('comes without its length');
          if (size !== undefined && this.#arrived + length !== size)
            throw this.#bad('has another length now');
          size = this.#arrived + length;
          incoming ??= await local.receive();
          this.#begun.resolve({ incoming, size });
          for await (const chunk of response) {
            await incoming.write(chunk as Buffer);
            this.#arrived += (chunk as Buffer).byteLength;
            this.#announce();
          }
          if (this.#arrived < size) throw this.#bad('ended too early');
          break;
        } catch (error) {
          // Before the first byte nobody has been promised anything.
          if (attempt === ATTEMPTS || incoming === undefined || this.#parts.signal.aborted) throw error;
        }
      }
      const { sha256 } = await incoming.finish();
      if (sha256 !== this.#sha256) throw this.#bad(`has the sha256 ${sha256}`);
      await incoming.keep();
      this.#isStored = true;
      this.#announce();
    } finally {
      await incoming?.release();
    }
  }

  async #ask() {
    try {
      return await this.#parts.client.file(this.#sha256, this.#arrived, this.#parts.signal);
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      const detail = `the file ${this.#sha256} is not here yet, and ${cause.message}`;
      throw new AppError(cause.kind, detail, { cause, headers: cause.headers });
    }
  }

  #bad(what: string): AppError {
    return new AppError(
      kernelErrors.primaryRefuses,
      `the file ${this.#sha256}, as the primary sends it, ${what}`,
    );
  }
}
