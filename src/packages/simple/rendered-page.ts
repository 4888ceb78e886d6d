import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip, zstdCompress } from 'node:zlib';
import type { Coding } from '#kernel/http/accept.ts';
import { PRIVATE_CACHE_CONTROL } from '../private-answer.ts';
import type { PageType } from './negotiate.ts';

const compress = {
  gzip: promisify(gzip),
  zstd: promisify(zstdCompress),
};

/** Of 200 pages as PyPI has them: 150 ms and 3.44 MB at level 6, 5100 ms and 3.38 MB at level 12. */
const ZSTD_LEVEL = 6;
const ZSTD_OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } };

/** Bodies up to this size are sent as Latin-1 text, which joins head and body in one write (stack.md 2). */
const MAX_TEXT_BYTES = 64 * 1024;

/** What is true of a page in all its forms. */
export interface PageFacts {
  /** Until when the page may be served; epoch milliseconds, Infinity until an event says otherwise. */
  readonly freshUntil: number;
  /** Flat pairs. */
  readonly headers: readonly string[];
  /** True if other readers see another page, or none. */
  readonly isPrivate: boolean;
  /** About how many bytes the data takes that the forms are rendered from. */
  readonly modelBytes?: number;
}

/**
 * Installers must see a new release at once, so they ask each time and mostly get 304; pip 26.2 and uv would
 * otherwise keep a page for as long as it says (reference packaging.md 1.11).
 */
const REVALIDATE = ['Cache-Control', 'no-cache'];

/** A mirror promises no more than PyPI does, and nothing that it would not believe itself. */
const MIRRORED_SECONDS = 600;

/** Old data: nobody shall keep it (reference devpi.md 1.12). */
const STALE = [
  ['Cache-Control', 'max-age=0, must-revalidate, no-cache, no-store'],
  ['Expires', 'Fri, 01 Jan 1990 00:00:00 GMT'],
  ['Pragma', 'no-cache'],
  ['Warning', '110 wheelhouse "upstream did not answer"'],
].flat();

const PRIVATE = ['Cache-Control', PRIVATE_CACHE_CONTROL];

/** A page that depends on nothing but our own rows. */
export function freshPage(isPrivate: boolean): PageFacts {
  return { freshUntil: Infinity, headers: isPrivate ? PRIVATE : REVALIDATE, isPrivate };
}

/** Headers that tell how far a page can be trusted. */
export function pageHeaders(
  page: { readonly isStale: boolean; readonly lastSerial: number | undefined; readonly freshUntil: number },
  { type, isPrivate }: { readonly type: 'stage' | 'mirror'; readonly isPrivate: boolean },
  now: number,
): readonly string[] {
  const caching = page.isStale
    ? STALE
    : isPrivate
      ? PRIVATE
      : type === 'mirror'
        ? mirrored(page.freshUntil - now)
        : REVALIDATE;
  return page.lastSerial === undefined
    ? caching
    : [...caching, 'X-PyPI-Last-Serial', String(page.lastSerial)];
}

function mirrored(freshMs: number): readonly string[] {
  const seconds = Math.min(MIRRORED_SECONDS, Math.floor(freshMs / 1000));
  return seconds <= 0 ? REVALIDATE : ['Cache-Control', `max-age=${seconds}, public`];
}

/** One form of a page, ready to send. */
export interface Representation {
  readonly etag: string;
  readonly coding: Coding;
  readonly bytes: Buffer;
  /** The same bytes as Latin-1 text where that is quicker to send. */
  readonly text: string | undefined;
}

/**
 * The forms of one page, made when first asked for: identity from the model, compressed ones from that.
 * Compression runs off the main thread.
 */
export class RenderedPage {
  readonly #render: (isJson: boolean) => string;
  readonly #ready = new Map<string, Representation>();
  readonly #making = new Map<string, Promise<Representation>>();
  readonly freshUntil: number;
  readonly headers: readonly string[];
  readonly isPrivate: boolean;
  #bytes: number;
  /** Told how many bytes each further form takes, while somebody keeps the page. */
  onGrowth: ((bytes: number) => void) | undefined;

  constructor(
    render: (isJson: boolean) => string,
    { freshUntil, headers, isPrivate, modelBytes = 0 }: PageFacts,
  ) {
    this.#bytes = modelBytes;
    this.#render = render;
    this.freshUntil = freshUntil;
    this.headers = headers;
    this.isPrivate = isPrivate;
  }

  /** Bytes held in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The form if it is ready, so that the hot path need not wait. */
  peek(type: PageType, coding: Coding): Representation | undefined {
    return this.#ready.get(formKey(type, coding));
  }

  async get(type: PageType, coding: Coding): Promise<Representation> {
    const key = formKey(type, coding);
    const ready = this.#ready.get(key);
    if (ready !== undefined) return ready;
    let making = this.#making.get(key);
    if (making === undefined) {
      making = this.#make(type, coding);
      this.#making.set(key, making);
    }
    const made = await making;
    if (!this.#ready.has(key)) {
      this.#ready.set(key, made);
      const bytes = made.bytes.byteLength * (made.text === undefined ? 1 : 2);
      this.#bytes += bytes;
      this.onGrowth?.(bytes);
    }
    return made;
  }

  async #make(type: PageType, coding: Coding): Promise<Representation> {
    if (coding === 'identity') return representation(Buffer.from(this.#render(isJson(type))), coding);
    const { bytes } = await this.get(type, 'identity');
    const packed = coding === 'gzip' ? await compress.gzip(bytes) : await compress.zstd(bytes, ZSTD_OPTIONS);
    return representation(packed, coding);
  }
}

/** A strong ETag is one for these very bytes, so each coding has its own (RFC 9110 8.8.3). */
function representation(bytes: Buffer, coding: Coding): Representation {
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
  return {
    etag,
    coding,
    bytes,
    text: bytes.byteLength <= MAX_TEXT_BYTES ? bytes.toString('latin1') : undefined,
  };
}

function isJson(type: PageType): boolean {
  return type.endsWith('json');
}

function formKey(type: PageType, coding: Coding): string {
  return `${isJson(type) ? 'json' : 'html'} ${coding}`;
}
