import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

export interface BodyLimits {
  /** Of all bodies that are held in memory at once. */
  readonly maxBufferedBytes: number;
  /** Bytes each second, over one interval of watching. */
  readonly minSpeed: number;
  readonly watchMs: number;
}

/** Guards the body of one request while it is read. */
export interface BodyGuard {
  /**
   * Says how many bytes of the body are in memory now; they count until the response is over. Throws 503, and counts
   * what it counted before, if all bodies together would hold too much.
   */
  hold(bytes: number): void;
  /** Calls back, once, with a 408 when the body arrives too slowly. Time in which nobody reads it does not count. */
  watch(onSlow: (error: AppError) => void): Disposable;
}

const RETRY_SECONDS = '5';

/** What keeps slow and large bodies from taking the server's memory, for all requests of a server together. */
export class BodyGuards {
  readonly #limits: BodyLimits;
  #bufferedBytes = 0;
  #refused = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** How many bodies were refused because of the memory that others held, or because they were too slow. */
  get refused(): number {
    return this.#refused;
  }

  open(request: IncomingMessage, response: ServerResponse): BodyGuard {
    let held = 0;
    const set = (bytes: number) => {
      this.#bufferedBytes += bytes - held;
      held = bytes;
    };
    response.once('close', () => set(0));
    return {
      hold: (bytes) => {
        if (this.#bufferedBytes + bytes - held > this.#limits.maxBufferedBytes) throw this.#tooMany();
        if (!response.closed) set(bytes);
      },
      watch: (onSlow) => this.#watch(request, onSlow),
    };
  }

  #tooMany(): AppError {
    this.#refused += 1;
    return new AppError(kernelErrors.tooManyBodies, 'the bodies of other requests fill the memory for them', {
      headers: { 'retry-after': RETRY_SECONDS },
    });
  }

  #watch(request: IncomingMessage, onSlow: (error: AppError) => void): Disposable {
    const { minSpeed, watchMs } = this.#limits;
    const { socket } = request;
    let before = socket.bytesRead;
    const timer = setInterval(() => {
      const arrived = socket.bytesRead - before;
      before = socket.bytesRead;
      if (request.complete || request.isPaused() || arrived >= (minSpeed * watchMs) / 1000) return;
      clearInterval(timer);
      this.#refused += 1;
      onSlow(
        new AppError(
          kernelErrors.bodyTooSlow,
          `the body arrives more slowly than ${minSpeed} bytes a second`,
        ),
      );
    }, watchMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }
}
