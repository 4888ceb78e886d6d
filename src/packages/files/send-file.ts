import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ByteRange, Files, OpenFile } from '#kernel/files/files.ts';
import { matchesEtag } from '#kernel/http/etag.ts';
import type { InternalLocation } from '#kernel/http/internal-location.ts';
import { parseRange } from './byte-range.ts';
import { Client } from './client.ts';
import { openWhole } from '#kernel/files/open-whole.ts';
import type { Index } from '../model/index.ts';
import { PRIVATE_CACHE_CONTROL, privateVary } from '../private-answer.ts';
import type { SmallFiles } from './small-files.ts';

/** What is sent for one address. */
export interface ServedFile {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  /** Set where not everybody may read the file: the index whose readers may. */
  readonly privateTo?: Index;
  /** Called for every answer, where uses are counted. */
  readonly note?: () => void;
}

/** Where the bytes are. */
export interface FileSource {
  readonly files: Files;
  readonly small: SmallFiles;
  readonly internalLocation: InternalLocation;
}

const CHUNK = 256 * 1024;

/** The address of a file holds its hash, so its bytes never change. */
const EVERYBODY = ['Cache-Control', 'max-age=365000000, immutable, public'] as const;
const READERS = ['Cache-Control', PRIVATE_CACHE_CONTROL, 'Vary', privateVary()] as const;

/** How caches may keep a file, as flat pairs. */
export function fileCaching({ privateTo }: Pick<ServedFile, 'privateTo'>): readonly string[] {
  return privateTo === undefined ? EVERYBODY : READERS;
}

/**
 * Sends a stored file: HEAD, a range, 304 or 416 as the request asks (RFC 9110), never compressed, since pip checks
 * the hash of what it receives. Headers are flat pairs. Throws before anything is sent if the file is missing.
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  source: FileSource,
  file: ServedFile,
  headers: readonly string[],
): Promise<void> {
  const { files, small } = source;
  file.note?.();
  const etag = `"${file.sha256}"`;
  const modified = new Date(file.modifiedAt).toUTCString();
  const validators = ['ETag', etag, 'Last-Modified', modified];
  const shared = [...validators, ...fileCaching(file), 'Accept-Ranges', 'bytes', ...headers];
  if (isUnchanged(request, etag, file.modifiedAt)) {
    response.writeHead(304, shared).end();
    return;
  }
  // A range is of GET alone (RFC 9110 14.2).
  const range =
    request.method === 'GET' && isRangeWanted(request, etag, modified)
      ? parseRange(request.headers.range, file.size)
      : undefined;
  if (range === 'unsatisfiable') {
    response
      .writeHead(416, ['Content-Range', `bytes */${file.size}`, 'Content-Length', '0', ...shared])
      .end();
    return;
  }
  const length = range === undefined ? file.size : range.last - range.first + 1;
  const type = ['Content-Type', file.contentType, 'X-Content-Type-Options', 'nosniff'];
  const own = [
    ...type,
    'Content-Length',
    String(length),
    ...(range === undefined ? [] : ['Content-Range', `bytes ${range.first}-${range.last}/${file.size}`]),
  ];
  if (request.method === 'HEAD') {
    response.writeHead(200, [...own, ...shared]).end();
    return;
  }
  const internal = internalPath(request, source, file, range);
  if (internal !== undefined) {
    // That the bytes are there is known here, as for every other answer.
    (await openWhole(files, file)).release();
    const [, cacheControl = '', ...vary] = fileCaching(file);
    // nginx would keep it beside that of another answer, where it cannot read the file.
    response.removeHeader('Cache-Control');
    response
      .writeHead(200, [
        ...type,
        'X-Accel-Redirect',
        internal,
        'X-Accel-Cache-Control',
        cacheControl,
        'Content-Length',
        '0',
        ...validators,
        ...vary,
        ...headers,
      ])
      .end();
    return;
  }
  const status = range === undefined ? 200 : 206;
  const held = small.find(file.sha256) ?? (await small.read(files, file));
  if (held !== undefined) {
    response
      .writeHead(status, [...own, ...shared])
      .end(range === undefined ? held : held.subarray(range.first, range.last + 1));
    return;
  }
  const open = await openWhole(files, file, range);
  try {
    response.writeHead(status, [...own, ...shared]);
    await sendBytes(response, open, length);
  } finally {
    open.release();
  }
}

/** Where nginx finds the bytes, if it is to send them. What it would answer in another way is answered here. */
function internalPath(
  request: IncomingMessage,
  { files, internalLocation }: FileSource,
  { sha256 }: ServedFile,
  range: ByteRange | undefined,
): string | undefined {
  const location = internalLocation(request);
  const { headers } = request;
  if (location === undefined || files.pathOf === undefined) return undefined;
  if (headers.range !== undefined && range === undefined) return undefined;
  if (headers['if-match'] !== undefined || headers['if-unmodified-since'] !== undefined) return undefined;
  return location + files.pathOf(sha256);
}

function isUnchanged(request: IncomingMessage, etag: string, modifiedAt: number): boolean {
  const tags = request.headers['if-none-match'];
  if (tags !== undefined) return matchesEtag(tags, etag);
  const since = Date.parse(request.headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && Math.floor(modifiedAt / 1000) * 1000 <= since;
}

function isRangeWanted(request: IncomingMessage, etag: string, modified: string): boolean {
  const condition = request.headers['if-range'];
  return condition === undefined || condition === etag || condition === modified;
}

/**
 * Reads the next chunk while the last one drains, with two buffers in turn: as quick as sendfile, at constant
 * memory, and no faster than the client reads (stack.md 2).
 */
export async function sendBytes(
  response: ServerResponse,
  file: Pick<OpenFile, 'next'>,
  length: number,
): Promise<void> {
  if (length <= CHUNK) {
    response.end(await file.next(Buffer.allocUnsafe(length)));
    return;
  }
  const client = new Client(response);
  try {
    const buffers = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)] as const;
    let drained: Promise<void> = Promise.resolve();
    for (let sent = 0, turn = 0; sent < length; sent += CHUNK, turn ^= 1) {
      const chunk = await file.next(buffers[turn] as Buffer);
      await drained;
      if (client.isGone) return;
      drained = client.write(chunk);
    }
    await drained;
    client.end();
  } finally {
    client.release();
  }
}
