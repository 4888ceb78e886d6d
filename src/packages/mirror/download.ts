import { createHash, type Hash as Hasher } from 'node:crypto';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Files, IncomingFile, IncomingReader } from '#kernel/files/files.ts';
import { packagesErrors } from '../errors.ts';
import { refusedBy } from './upstream/fetch-project.ts';
import type { MirrorLimits } from './limits.ts';
import { hasherName, type Hash } from './link.ts';
import { upstreamFailed, type UpstreamClient, type UpstreamResponse } from './upstream/upstream-client.ts';

/** What to fetch, and what is known of it before. */
export interface Wanted {
  readonly url: string;
  /** Bytes, if upstream's page tells. */
  readonly size: number | undefined;
  /** What the bytes must be; undefined where upstream tells nothing. */
  readonly hash: Hash | undefined;
  readonly maxBytes: number;
}

export interface Stored {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

export interface DownloadParts {
  readonly client: UpstreamClient;
  readonly files: Files;
  readonly limits: Pick<MirrorLimits, 'headMs' | 'bodyPauseMs'>;
}

/**
 * A file on its way from upstream. It goes on whoever leaves, and everybody who asks meanwhile reads along from the disk.
 * The file counts as stored only after its hash was found right.
 */
export class Download {
  /** Bytes of the whole file as upstream announced it; undefined if it did not. Rejects when there is no answer. */
  readonly announced: Promise<number | undefined>;
  /** Resolves when the file is verified and durable; rejects when it will never be. */
  readonly stored: Promise<Stored>;
  readonly #parts: DownloadParts;
  readonly #incoming = Promise.withResolvers<IncomingFile>();
  #arrived = 0;
  #isStored = false;
  #hasFailed = false;
  #changed = Promise.withResolvers<void>();

  constructor(parts: DownloadParts, wanted: Wanted, save: (stored: Stored) => Promise<void>) {
    this.#parts = parts;
    const announced = Promise.withResolvers<number | undefined>();
    this.announced = announced.promise;
    this.stored = this.#run(wanted, save, announced);
    const incoming = this.#incoming;
    for (const promise of [incoming.promise, this.announced, this.stored]) promise.catch(() => undefined);
    this.stored.then(this.#announceChange, (error: unknown) => {
      incoming.reject(error);
      announced.reject(error);
      this.#hasFailed = true;
      this.#announceChange();
    });
  }

  /** Reads what has arrived and goes on arriving; undefined once the file is stored, and has left this place. */
  async read(): Promise<IncomingReader | undefined> {
    return await (await this.#incoming.promise).read();
  }

  /** Bytes that can be read. */
  get arrived(): number {
    return this.#arrived;
  }

  get isStored(): boolean {
    return this.#isStored;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Resolves when more has arrived or the download has ended. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  readonly #announceChange = (): void => {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  };

  async #run(
    wanted: Wanted,
    save: (stored: Stored) => Promise<void>,
    announced: PromiseWithResolvers<number | undefined>,
  ): Promise<Stored> {
    const { client, files, limits } = this.#parts;
    const response = await client.request({
      url: wanted.url,
      headers: { 'accept-encoding': 'identity' },
      headTimeoutMs: limits.headMs,
      bodyTimeoutMs: limits.bodyPauseMs,
      isFile: true,
    });
    let incoming: IncomingFile | undefined;
    try {
      const size = readAnnouncedSize(response, wanted);
      incoming = await files.receive();
      this.#incoming.resolve(incoming);
      announced.resolve(size);
      const stored = await this.#receive(response, incoming, { ...wanted, size });
      await incoming.keep();
      await save(stored);
      this.#isStored = true;
      return stored;
    } finally {
      response.body.destroy();
      await incoming?.release();
    }
  }

  async #receive(response: UpstreamResponse, incoming: IncomingFile, wanted: Wanted): Promise<Stored> {
    const { url, size, hash, maxBytes } = wanted;
    const extra =
      hash === undefined || /^(?:sha256|md5)$/.test(hash.algorithm)
        ? undefined
        : createHash(hasherName(hash.algorithm) ?? hash.algorithm);
    const limit = size ?? maxBytes;
    try {
      for await (const chunk of response.body) {
        const bytes = chunk as Buffer;
        if (this.#arrived + bytes.byteLength > limit)
          throw upstreamFailed(`${nameOf(url)} is longer than ${size === undefined ? limit : 'announced'}`);
        extra?.update(bytes);
        await incoming.write(bytes);
        this.#arrived += bytes.byteLength;
        this.#announceChange();
      }
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw upstreamFailed(`the upstream index broke off while sending ${nameOf(url)}`, error);
    }
    const { sha256, md5, size: received } = await incoming.finish();
    if (size !== undefined && received !== size) {
      throw upstreamFailed(`${nameOf(url)} ended after ${received} of ${size} bytes`);
    }
    checkHash(url, hash, { sha256, md5 }, extra);
    return { sha256, size: received };
  }
}

function checkHash(
  url: string,
  hash: Hash | undefined,
  computed: { readonly sha256: string; readonly md5: string },
  extra: Hasher | undefined,
): void {
  if (hash === undefined) return;
  const actual = extra?.digest('hex') ?? computed[hash.algorithm as 'sha256' | 'md5'];
  if (actual === hash.digest) return;
  throw upstreamFailed(`${nameOf(url)} has the ${hash.algorithm} ${actual}, not ${hash.digest}`);
}

/** Throws unless upstream answers with a file that can be the one its page tells of. */
function readAnnouncedSize(response: UpstreamResponse, { url, size, maxBytes }: Wanted): number | undefined {
  const { status, headers } = response;
  if (status === 404 || status === 410) {
    const detail = `error ${status} getting ${nameOf(url)} from the upstream index`;
    throw new AppError(packagesErrors.fileNotFound, detail);
  }
  if (status !== 200) throw refusedBy(response);
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== '' && coding !== 'identity') {
    throw upstreamFailed(`${nameOf(url)} comes in the coding ${coding}, which was not asked for`);
  }
  const length = /^\d{1,15}$/.test(headers['content-length'] ?? '')
    ? Number(headers['content-length'])
    : undefined;
  if (size !== undefined && length !== undefined && size !== length) {
    throw upstreamFailed(`${nameOf(url)} has ${length} bytes, but the upstream page says ${size}`);
  }
  const announced = length ?? size;
  if (announced !== undefined && announced > maxBytes) {
    throw upstreamFailed(`${nameOf(url)} has ${announced} bytes; this server takes ${maxBytes} at most`);
  }
  return announced;
}

/** The last segment: enough to know the file, and without anything secret. */
function nameOf(url: string): string {
  return new URL(url).pathname.split('/').at(-1) ?? '';
}
