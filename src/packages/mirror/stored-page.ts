import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { UpstreamPage } from './upstream/upstream-page.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** zlib goes back to the event loop after each chunk, which is 16 KB unless told otherwise. */
const CHUNKS = { chunkSize: 256 * 1024 };
/** Compressed: the page of a project with some 3000 files. */
const MAX_SYNC_BYTES = 256 * 1024;

/** A page of upstream in the form in which it is stored; one that was packed just now is not unpacked to be read. */
export class StoredPage {
  /** JSON, compressed with zstd. */
  readonly bytes: Uint8Array;
  readonly #page: UpstreamPage | undefined;

  constructor(bytes: Uint8Array, page?: UpstreamPage) {
    this.bytes = bytes;
    this.#page = page;
  }

  static async pack(page: UpstreamPage): Promise<StoredPage> {
    return new StoredPage(await compress(JSON.stringify(page), CHUNKS), page);
  }

  async read(): Promise<UpstreamPage> {
    if (this.#page !== undefined) return this.#page;
    // What takes less than a trip to another thread is done here.
    const isSmall = this.bytes.byteLength <= MAX_SYNC_BYTES;
    const json = isSmall ? zstdDecompressSync(this.bytes, CHUNKS) : await decompress(this.bytes, CHUNKS);
    return JSON.parse(json.toString('utf8')) as UpstreamPage;
  }
}
