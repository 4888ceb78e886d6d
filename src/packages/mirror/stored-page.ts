import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { UpstreamPage } from './upstream/upstream-page.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** zlib goes back to the event loop after each chunk, which is 16 KB unless told otherwise. */
const CHUNKS = { chunkSize: 256 * 1024 };
/** Compressed: the page of a project with some 3000 files. */
const MAX_SYNC_BYTES = 256 * 1024;
/** Pages that were packed a moment ago, so that showing one need not unpack it. */
const pagesByBytes = new WeakMap<Uint8Array, UpstreamPage>();

/** The page as it was stored. */
export async function readPage(compressed: Uint8Array): Promise<UpstreamPage> {
  const justPacked = pagesByBytes.get(compressed);
  if (justPacked !== undefined) return justPacked;
  // What takes less than a trip to another thread is done here.
  const isSmall = compressed.byteLength <= MAX_SYNC_BYTES;
  const bytes = isSmall ? zstdDecompressSync(compressed, CHUNKS) : await decompress(compressed, CHUNKS);
  return JSON.parse(bytes.toString('utf8')) as UpstreamPage;
}

/** The page in the form in which it is stored. */
export async function packPage(page: UpstreamPage): Promise<Uint8Array> {
  const bytes = await compress(JSON.stringify(page), CHUNKS);
  pagesByBytes.set(bytes, page);
  return bytes;
}
