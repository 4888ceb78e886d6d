import { AppError } from '#kernel/errors/app-error.ts';

/** Sends text that comes behind these first characters of the log; resolves to how long the log is then. */
export type SendLog = (piece: { readonly position: number; readonly text: string }) => Promise<number>;

const EVERY_MS = 1000;
/** A piece must be small beside what the server takes in one body. */
const MAX_PIECE = 256 * 1024;

/**
 * Brings the log of a build to the server while it is written: once a second, and what could not be sent with what comes later. A server
 * that does not answer holds up no build.
 */
export class LogStream implements AsyncDisposable {
  readonly #send: SendLog;
  readonly #timer: NodeJS.Timeout;
  #waiting = '';
  #position = 0;
  #sending: Promise<void> | undefined;
  /** The server keeps no more of it. */
  #isFull = false;

  constructor(send: SendLog) {
    this.#send = send;
    this.#timer = setInterval(() => void this.#flush().catch(() => undefined), EVERY_MS);
  }

  write(line: string): void {
    if (!this.#isFull) this.#waiting += `${line}\n`;
  }

  /** Sends what is there; throws if that fails. */
  async end(): Promise<void> {
    await this.#sending?.catch(() => undefined);
    while (this.#waiting !== '') await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#sending === undefined && this.#waiting === '') return;
    this.#sending ??= this.#sendPiece().finally(() => (this.#sending = undefined));
    await this.#sending;
  }

  async #sendPiece(): Promise<void> {
    const text = this.#waiting.slice(0, MAX_PIECE).toWellFormed();
    const size = await this.#send({ position: this.#position, text }).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.kind.status !== 413) throw error;
      this.#isFull = true;
      this.#waiting = '';
      return this.#position;
    });
    // What came with a request whose answer was lost is not sent again.
    this.#waiting = this.#waiting.slice(size - this.#position);
    this.#position = size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending?.catch(() => undefined);
  }
}
