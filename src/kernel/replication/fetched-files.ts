import type { Clock } from '../clock.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { ByteRange, Files, OpenFile } from '../files/files.ts';
import type { Log } from '../log/log.ts';
import { Fetch } from './fetch.ts';
import type { PrimaryClient } from './primary-client.ts';

export interface FetchedFilesOptions {
  readonly local: Files;
  readonly client: PrimaryClient;
  readonly clock: Clock;
  readonly log: Log;
}

const AT_ONCE = 4;
const RETRY_MS = 30_000;

/** The files of a replica: what is not here comes from the primary when it is opened, or before. */
export class FetchedFiles {
  readonly files: Files;
  readonly #local: Files;
  readonly #client: PrimaryClient;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #underWay = new Map<string, Fetch>();
  /** Wanted before anybody asks. */
  readonly #wanted = new Set<string>();
  readonly #workers: Promise<void>[] = [];
  #wake = Promise.withResolvers<void>();
  #allHereAt: number | undefined;
  #fetching = 0;
  /** Failed, and tried again in a while. */
  #later = 0;

  constructor({ local, client, clock, log }: FetchedFilesOptions) {
    this.#local = local;
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
    this.files = {
      ...local,
      open: (sha256, range) => this.#open(sha256, range),
      close: async () => {
        await this.stop();
        await local.close();
      },
    };
  }

  /** Files that are wanted and not here yet. */
  get waiting(): number {
    return this.#wanted.size + this.#fetching + this.#later;
  }

  /** When all files were last here, epoch milliseconds; undefined while some are not, or nobody wants them all. */
  get allHereAt(): number | undefined {
    return this.#allHereAt;
  }

  /** Wants these files, without anybody who asks for them; `start` begins to fetch them. */
  want(digests: readonly string[]): void {
    for (const digest of digests) this.#wanted.add(digest);
    if (digests.length > 0) this.#allHereAt = undefined;
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  /** Fetches all that rows name, now and later. */
  start(stored: AsyncIterable<{ readonly sha256: string }>): void {
    const sweep = async () => {
      for await (const { sha256 } of stored) {
        if (this.#stop.signal.aborted) return;
        if (!(await this.#isHere(sha256))) this.want([sha256]);
      }
      for (let count = 0; count < AT_ONCE; count += 1) this.#workers.push(this.#work());
    };
    this.#workers.push(
      sweep().catch((error: unknown) => this.#log.error({ err: error }, 'cannot list the files to fetch')),
    );
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the replica stops'));
    this.#wake.resolve();
    await Promise.all(this.#workers);
    await Promise.allSettled([...this.#underWay.values()].map(({ stored }) => stored));
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const [next] = this.#wanted;
      if (next === undefined) {
        if (this.#fetching + this.#later === 0) this.#allHereAt ??= this.#clock.now();
        await this.#wake.promise;
        continue;
      }
      this.#wanted.delete(next);
      this.#fetching += 1;
      try {
        if (!(await this.#isHere(next))) await this.#fetch(next).stored;
      } catch (error) {
        if (!signal.aborted) this.#log.warn({ err: error, sha256: next }, 'cannot fetch a file yet');
        this.#allHereAt = undefined;
        this.#later += 1;
        setTimeout(() => {
          this.#later -= 1;
          this.want([next]);
        }, RETRY_MS).unref();
      } finally {
        this.#fetching -= 1;
      }
    }
  }

  async #isHere(sha256: string): Promise<boolean> {
    try {
      (await this.#local.open(sha256)).release();
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async #open(sha256: string, range?: ByteRange): Promise<OpenFile> {
    try {
      return await this.#local.open(sha256, range);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    const fetch = this.#fetch(sha256);
    // What was kept meanwhile is read as any other file.
    return (await fetch.open(range)) ?? (await this.#local.open(sha256, range));
  }

  #fetch(sha256: string): Fetch {
    const running = this.#underWay.get(sha256);
    if (running !== undefined) return running;
    const fetch = new Fetch({ local: this.#local, client: this.#client, signal: this.#stop.signal }, sha256);
    this.#underWay.set(sha256, fetch);
    const forget = () => void this.#underWay.delete(sha256);
    fetch.stored.then(forget, forget);
    return fetch;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof AppError && error.kind === kernelErrors.fileMissing;
}
