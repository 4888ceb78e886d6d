import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { trustedFetch } from '#kernel/http/trusted-fetch.ts';

/** Where builds get their requirements from. */
export interface BuildIndex {
  /** The master, without a slash at the end. */
  readonly url: string;
  /** Of the simple API on it, with a slash at both ends: `/root/wheels/+simple/`. */
  readonly path: string;
  /** The header that the master asks for; it stays outside of every sandbox. */
  readonly authorization?: string;
}

/** A file that a build fetched from the index. */
export interface FetchedFile {
  readonly filename: string;
  readonly sha256: string;
  readonly size: number;
}

export interface ServedIndex extends AsyncDisposable {
  /** To be bound into the sandbox. */
  readonly socket: string;
  /** So far, each once. */
  readonly fetched: readonly FetchedFile[];
  /** Whether a request was answered with an error that is the network's or the server's. */
  readonly hasFailed: boolean;
  /** Whether more was asked for than may be fetched. */
  readonly isSpent: boolean;
}

const MAX_CONNECTIONS = 64;
const IDLE_LIMIT_MS = 120_000;
const ANSWER_LIMIT_MS = 600_000;
const ASKED = ['accept', 'if-none-match', 'if-modified-since', 'range', 'if-range', 'user-agent'];
const TOLD = [
  'content-type',
  'content-length',
  'content-range',
  'accept-ranges',
  'etag',
  'last-modified',
  'cache-control',
];
/** What file names may have; no dot segments, nothing escaped. */
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._+!~@-]+$/;

/**
 * Serves the simple pages of one index, and the files of its server, on a Unix socket: GET and HEAD of those paths only, with the credentials added here,
 * never following a redirect to somewhere else, and no more than `fetchBytes` in all.
 */
export async function serveIndex(index: BuildIndex, fetchBytes: number): Promise<ServedIndex> {
  // The path of a socket must be short; that of a work directory may be long.
  const directory = await mkdtemp(join(tmpdir(), 'wheelhouse-index-'));
  const socket = join(directory, 'socket');
  const fetched = new Map<string, FetchedFile>();
  const over = new AbortController();
  const state = { left: fetchBytes, hasFailed: false, isSpent: false };
  const server = createServer({ keepAliveTimeout: IDLE_LIMIT_MS }, (request, response) => {
    forward(index, request, response, { fetched, state, over: over.signal }).catch(() => {
      if (response.headersSent) response.destroy();
      else refuse(response, 502, 'the index cannot be reached');
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(socket);
  await once(server, 'listening');
  // Whoever runs inside is another user; who comes to the directory is decided by its own mode.
  await chmod(socket, 0o666);
  return {
    socket,
    get fetched() {
      return [...fetched.values()];
    },
    get hasFailed() {
      return state.hasFailed;
    },
    get isSpent() {
      return state.isSpent;
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      server.close();
      server.closeAllConnections();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Forwarding {
  readonly fetched: Map<string, FetchedFile>;
  readonly state: { left: number; hasFailed: boolean; isSpent: boolean };
  readonly over: AbortSignal;
}

async function forward(
  index: BuildIndex,
  request: IncomingMessage,
  response: ServerResponse,
  { fetched, state, over }: Forwarding,
): Promise<void> {
  const { method = '', url = '' } = request;
  // pip escapes them.
  const path = url.replace(/%2B/gi, '+').replaceAll('%21', '!');
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, 'only GET and HEAD');
  const kind = kindOf(path, index.path);
  if (kind === undefined) return refuse(response, 403, 'builds see the index and its files only');
  const closed = new AbortController();
  response.on('close', () => closed.abort());
  // Whoever asked may also have left.
  const fail = (error: unknown) => {
    state.hasFailed ||= !closed.signal.aborted;
    throw error;
  };
  const answer = await trustedFetch(`${index.url}${path}`, {
    method,
    headers: headersFor(index, request),
    redirect: 'manual',
    signal: AbortSignal.any([over, closed.signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
  }).catch(fail);
  if (answer.status >= 500) state.hasFailed = true;
  if (!copyHead(index, path, answer, response)) return refuse(response, 502, 'the index leads elsewhere');
  if (answer.body === null || method === 'HEAD') return void response.end();
  const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>);
  const sent = await sendBody(body, response, state).catch(fail);
  if (kind === 'file' && answer.status === 200 && sent !== undefined)
    fetched.set(path, { filename: path.slice(path.lastIndexOf('/') + 1), ...sent });
}

function headersFor({ authorization }: BuildIndex, request: IncomingMessage): Record<string, string> {
  const asked = ASKED.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  const ours = authorization === undefined ? {} : { authorization };
  return { ...Object.fromEntries(asked), 'accept-encoding': 'identity', ...ours };
}

/** False for a redirect to what builds may not see. */
function copyHead(index: BuildIndex, path: string, answer: Response, response: ServerResponse): boolean {
  const location = answer.headers.get('location');
  if (location !== null) {
    const place = pathOn(index.url, new URL(location, `${index.url}${path}`));
    if (place === undefined || kindOf(place, index.path) === undefined) return false;
    response.setHeader('location', place);
  }
  for (const name of TOLD) {
    const value = answer.headers.get(name);
    if (value !== null) response.setHeader(name, value);
  }
  response.writeHead(answer.status);
  return true;
}

/** Undefined when it was broken off, because that is more than may be fetched. */
async function sendBody(
  body: Readable,
  response: ServerResponse,
  state: Forwarding['state'],
): Promise<Pick<FetchedFile, 'sha256' | 'size'> | undefined> {
  const hash = createHash('sha256');
  let size = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      state.left -= chunk.byteLength;
      state.isSpent ||= state.left < 0;
      if (state.isSpent) return void response.destroy();
      hash.update(chunk);
      yield chunk;
    }
  }
  try {
    await pipeline(counted, response);
  } catch (error) {
    if (!state.isSpent) throw error;
  }
  return state.isSpent ? undefined : { sha256: hash.digest('hex'), size };
}

/** What is behind a path of the server, if builds may see it. */
function kindOf(path: string, simple: string): 'page' | 'metadata' | 'file' | undefined {
  if (path.startsWith(simple)) {
    const rest = path.slice(simple.length);
    return /^[A-Za-z0-9._-]+\/?$/.test(rest) && !/^\.+\/?$/.test(rest) ? 'page' : undefined;
  }
  const segments = path.slice(1).split('/');
  const isFile = ['+f', '+e'].includes(segments[2] ?? '') && segments.length > 3;
  if (!path.startsWith('/') || !isFile || !segments.every((each) => SEGMENT.test(each))) return undefined;
  return path.endsWith('.metadata') ? 'metadata' : 'file';
}

/** The path below the address of the server, which may itself have one. */
function pathOn(server: string, url: URL): string | undefined {
  return url.href.startsWith(`${server}/`) && url.search === '' ? url.href.slice(server.length) : undefined;
}

function refuse(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`);
}
