import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import {
  metadataText,
  sdist,
  sdistFilename,
  wheel,
  wheelFilename,
  type SdistOptions,
  type WheelOptions,
} from './archives.ts';

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';

/** A file as the fixture lists and serves it; what is left out is computed, `null` leaves the key out of the page. */
export interface FixtureFile {
  readonly filename: string;
  readonly bytes: Buffer;
  /** `sha256` of the bytes by default; names of algorithms, or digests to lie with. */
  readonly hashes?: readonly string[] | Readonly<Record<string, string>>;
  readonly requiresPython?: string;
  readonly yanked?: string | boolean;
  /** The length of the bytes by default. */
  readonly size?: number | null;
  readonly uploadTime?: string;
  /** Text of the sidecar: served, and advertised with its sha256. */
  readonly metadata?: string;
  /** What the page says of the sidecar instead. */
  readonly coreMetadata?: unknown;
  readonly provenance?: string | null;
  /** Where the page says the file is, instead of here. */
  readonly url?: string;
}

export interface FixtureProject {
  readonly files: readonly FixtureFile[];
  readonly versions?: readonly string[];
  readonly status?: { readonly status: string; readonly reason?: string };
  readonly serial?: number;
  /** The body of the page, whatever the rest says; with its content type. */
  readonly body?: { readonly text: string; readonly type: string };
}

/** What to do with requests instead of answering well; the fields combine. */
export interface Misbehaviour {
  /** Before the head of the answer. */
  readonly delayMs?: number;
  readonly status?: number;
  /** Added to the answer or put in the place of its headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** These bytes instead of the right ones; Content-Length is theirs. */
  readonly body?: Buffer | string;
  /** What Content-Length says, whatever the body is. */
  readonly contentLength?: number;
  /** Without Content-Length, in chunks. */
  readonly isChunked?: boolean;
  /** Closes the connection after so many bytes of the body. */
  readonly cutAt?: number;
  /** Closes the connection without an answer. */
  readonly isDropped?: boolean;
  /** Sends the body in pieces of this size, with a pause before each but the first. */
  readonly drip?: { readonly bytes: number; readonly pauseMs: number };
  /** Sends the body up to this byte, and the rest when it resolves. */
  readonly hold?: { readonly at: number; readonly until: Promise<unknown> };
}

export interface FixtureIndexOptions {
  /** PEP 503 pages only, as old indexes have. */
  readonly isHtmlOnly?: boolean;
  /** Demanded of every request, pages and files. */
  readonly auth?: { readonly user: string; readonly password: string };
  /** Another instance that serves the files, as PyPI has it. */
  readonly fileHost?: FixtureIndex;
  /** Sends pages compressed to those who accept it; true by default. */
  readonly hasGzip?: boolean;
  /** Answers 304; true by default. */
  readonly hasEtags?: boolean;
  /** Sends X-PyPI-Last-Serial; true by default. */
  readonly hasSerials?: boolean;
}

interface Page {
  readonly body: Buffer;
  readonly packed: Buffer;
  readonly type: string;
  readonly etag: string;
}

interface ServedBytes {
  readonly bytes: Buffer;
  readonly type: string;
}

/**
 * A package index on 127.0.0.1 that can be slow, wrong, cut or gone: the upstream of tests and benchmarks. Pages are
 * at `/simple/PROJECT/`, files at `/files/PROJECT/NAME`, sidecars behind them. Many may run at once.
 */
export class FixtureIndex {
  readonly #options: FixtureIndexOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #projects = new Map<string, FixtureProject>();
  readonly #pages = new Map<string, Page>();
  readonly #files = new Map<string, ServedBytes>();
  readonly #misbehaviours = new Map<string, { readonly how: Misbehaviour; times: number }>();
  readonly #counts = new Map<string, number>();
  readonly #seen: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = [];
  #port = 0;
  #serial = 1;

  private constructor(options: FixtureIndexOptions) {
    this.#options = options;
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      response.on('error', () => undefined);
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(options: FixtureIndexOptions = {}): Promise<FixtureIndex> {
    const index = new FixtureIndex(options);
    await index.comeBack();
    return index;
  }

  /** The address without a path: `http://127.0.0.1:PORT`. */
  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What to mirror. */
  get url(): string {
    return `${this.origin}/simple/`;
  }

  /** The same with the credentials that it demands. */
  get urlWithCredentials(): string {
    const url = new URL(this.url);
    url.username = encodeURIComponent(this.#options.auth?.user ?? '');
    url.password = encodeURIComponent(this.#options.auth?.password ?? '');
    return url.href;
  }

  /** Adds a project or puts it in the place of an older one; its serial grows. */
  set(name: string, project: FixtureProject | readonly FixtureFile[]): void {
    const given: FixtureProject = 'files' in project ? project : { files: project };
    this.#projects.set(name, { serial: (this.#serial += 1), ...given });
    this.#pages.delete(`html ${name}`);
    this.#pages.delete(`json ${name}`);
    for (const file of given.files) (this.#options.fileHost ?? this).hold(name, file);
  }

  remove(name: string): void {
    this.#projects.delete(name);
  }

  /** Serves the bytes of a file and of its sidecar. */
  hold(project: string, { filename, bytes, metadata }: FixtureFile): void {
    const path = filePath(project, filename);
    this.#files.set(path, { bytes, type: 'application/octet-stream' });
    if (metadata !== undefined)
      this.#files.set(`${path}.metadata`, { bytes: Buffer.from(metadata), type: 'binary/octet-stream' });
  }

  /** Takes away a file, or a sidecar, that pages go on to list. */
  lose(project: string, filename: string): void {
    this.#files.delete(filePath(project, filename));
  }

  /** The path of a project's page. */
  pagePath(project: string): string {
    return `/simple/${project}/`;
  }

  /** The path of a file; on the file host if there is one. */
  filePath(project: string, filename: string): string {
    return filePath(project, filename);
  }

  /** From now on treats requests for this path, or `*` all others, in a bad way; only so many times if told. */
  misbehave(path: string, how: Misbehaviour, times = Infinity): void {
    this.#misbehaviours.set(path, { how, times });
  }

  /** Answers well again: for one path, or all. */
  behave(path?: string): void {
    if (path === undefined) this.#misbehaviours.clear();
    else this.#misbehaviours.delete(path);
  }

  /** How often the path was asked for, or anything at all. */
  requests(path?: string): number {
    if (path !== undefined) return this.#counts.get(path) ?? 0;
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** How many are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Headers of the last request for the path. */
  lastHeaders(path: string): IncomingMessage['headers'] | undefined {
    return this.#seen.findLast((request) => request.path === path)?.headers;
  }

  /** Every path that was asked for, in order. */
  get paths(): string[] {
    return this.#seen.map(({ path }) => path);
  }

  forgetRequests(): void {
    this.#counts.clear();
    this.#seen.length = 0;
  }

  /** Is gone: refuses connections and breaks off those that are open. */
  async leave(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Is back, at the same port. */
  async comeBack(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent((request.url ?? '/').split('?')[0] ?? '');
    this.#counts.set(path, (this.#counts.get(path) ?? 0) + 1);
    this.#seen.push({ path, headers: request.headers });
    const how = this.#takeMisbehaviour(path);
    if (how?.delayMs !== undefined) await sleep(how.delayMs);
    if (how?.isDropped === true) {
      request.socket.destroy();
      return;
    }
    const answer = this.#find(request, path);
    const body = how?.body === undefined ? answer.body : Buffer.from(how.body);
    const length = how?.contentLength ?? body.byteLength;
    const hasLength = how?.isChunked !== true && answer.status !== 304;
    response.strictContentLength = false;
    response.writeHead(how?.status ?? answer.status, {
      ...answer.headers,
      ...(hasLength && { 'content-length': length }),
      ...how?.headers,
    });
    if (request.method === 'HEAD' || answer.status === 304) response.end();
    else if (how === undefined) response.end(body);
    else await sendBadly(response, body, how);
  }

  #takeMisbehaviour(path: string): Misbehaviour | undefined {
    const found = this.#misbehaviours.get(path) ?? this.#misbehaviours.get('*');
    if (found === undefined || found.times <= 0) return undefined;
    found.times -= 1;
    return found.how;
  }

  #find(
    request: IncomingMessage,
    path: string,
  ): { readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer } {
    const { auth, hasSerials = true, hasEtags = true, hasGzip = true } = this.#options;
    if (auth !== undefined && request.headers.authorization !== basic(auth)) {
      return refusal(401, { 'www-authenticate': 'Basic realm="fixture"' });
    }
    const file = this.#files.get(path);
    if (file !== undefined) return { status: 200, headers: { 'content-type': file.type }, body: file.bytes };
    const name = /^\/simple\/([^/]*)\/?$/.exec(path)?.[1];
    const project = this.#projects.get(name ?? '');
    if (name === undefined || (name !== '' && project === undefined)) return refusal(404);
    const isJson = this.#options.isHtmlOnly !== true && (request.headers.accept ?? '').includes(JSON_TYPE);
    const page = this.#page(isJson, name, project);
    const headers = {
      'content-type': page.type,
      vary: 'Accept, Accept-Encoding',
      ...(hasEtags && { etag: page.etag }),
      ...(hasSerials && { 'x-pypi-last-serial': String(project?.serial ?? this.#serial) }),
    };
    if (hasEtags && request.headers['if-none-match'] === page.etag)
      return { status: 304, headers, body: Buffer.alloc(0) };
    if (hasGzip && (request.headers['accept-encoding'] ?? '').includes('gzip'))
      return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: page.packed };
    return { status: 200, headers, body: page.body };
  }

  #page(isJson: boolean, name: string, project: FixtureProject | undefined): Page {
    const key = `${isJson ? 'json' : 'html'} ${name}`;
    const known = project === undefined ? undefined : this.#pages.get(key);
    if (known !== undefined) return known;
    const text = project === undefined ? this.#list(isJson) : this.#render(isJson, name, project);
    const body = Buffer.from(text);
    const type = project?.body?.type ?? (isJson ? JSON_TYPE : 'text/html; charset=utf-8');
    const etag = `"${digest('sha256', body).slice(0, 20)}"`;
    const page = { body, packed: gzipSync(body), type, etag };
    this.#pages.set(key, page);
    return page;
  }

  #render(isJson: boolean, name: string, project: FixtureProject): string {
    if (project.body !== undefined) return project.body.text;
    const urlOf = ({ filename, url }: FixtureFile) => {
      const path = filePath(name, filename).split('/').map(encodeURIComponent).join('/');
      return (
        url ?? (this.#options.fileHost === undefined ? `../..${path}` : this.#options.fileHost.origin + path)
      );
    };
    return isJson ? projectJson(name, project, urlOf) : projectHtml(name, project, urlOf);
  }

  #list(isJson: boolean): string {
    const names = [...this.#projects.keys()].sort();
    if (isJson)
      return JSON.stringify({ meta: { 'api-version': '1.4' }, projects: names.map((name) => ({ name })) });
    return `<!DOCTYPE html>\n<html><body>\n${names.map((name) => `<a href="${name}/">${name}</a>`).join('\n')}\n</body></html>\n`;
  }
}

/** A wheel with one module, its sidecar advertised. */
export function wheelFile(options: WheelOptions & Partial<FixtureFile> = {}): FixtureFile {
  return {
    filename: wheelFilename(options),
    bytes: wheel(options),
    metadata: metadataText(options),
    uploadTime: '2024-05-06T07:08:09.123456Z',
    ...options,
  };
}

/** A wheel whose file is about `size` bytes of noise, which does not compress. */
export function largeWheelFile(size: number, options: WheelOptions & Partial<FixtureFile> = {}): FixtureFile {
  const noise = Buffer.allocUnsafe(size);
  let state = 0x9e3779b9;
  for (let at = 0; at + 4 <= size; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    noise.writeInt32LE(state | 0, at);
  }
  return wheelFile({ ...options, files: { ...options.files, 'noise.bin': noise } });
}

export function sdistFile(options: SdistOptions & Partial<FixtureFile> = {}): FixtureFile {
  return { filename: sdistFilename(options), bytes: sdist(options), ...options };
}

export function digest(algorithm: string, bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

function filePath(project: string, filename: string): string {
  return `/files/${project}/${filename}`;
}

function hashesOf({ hashes = ['sha256'], bytes }: FixtureFile): Record<string, string> {
  if (!Array.isArray(hashes)) return { ...(hashes as Readonly<Record<string, string>>) };
  const nodeName = (name: string) => (name === 'blake2b' ? 'blake2b512' : name.replace('_', '-'));
  return Object.fromEntries((hashes as string[]).map((name) => [name, digest(nodeName(name), bytes)]));
}

function metadataOf({ coreMetadata, metadata }: FixtureFile): unknown {
  if (coreMetadata !== undefined) return coreMetadata;
  return metadata === undefined ? false : { sha256: digest('sha256', Buffer.from(metadata)) };
}

function projectJson(name: string, project: FixtureProject, urlOf: (file: FixtureFile) => string): string {
  const { files, versions, status, serial } = project;
  return JSON.stringify({
    meta: { 'api-version': '1.4', '_last-serial': serial },
    name,
    'project-status': status ?? { status: 'active' },
    versions: versions ?? [...new Set(files.map(({ filename }) => filename.split('-')[1]))],
    files: files.map((file) => ({
      filename: file.filename,
      url: urlOf(file),
      hashes: hashesOf(file),
      'requires-python': file.requiresPython ?? null,
      ...(file.size !== null && { size: file.size ?? file.bytes.byteLength }),
      'upload-time': file.uploadTime,
      yanked: file.yanked ?? false,
      'core-metadata': metadataOf(file),
      'data-dist-info-metadata': metadataOf(file),
      provenance: file.provenance ?? null,
    })),
  });
}

function projectHtml(name: string, project: FixtureProject, urlOf: (file: FixtureFile) => string): string {
  const { status } = project;
  const lines = project.files.map((file) => {
    const [algorithm, hex] = Object.entries(hashesOf(file))[0] ?? [];
    const metadata = metadataOf(file);
    const attributes = [
      `href="${escapeHtml(urlOf(file))}${algorithm === undefined ? '' : `#${algorithm}=${hex}`}"`,
      ...(file.requiresPython === undefined
        ? []
        : [`data-requires-python="${escapeHtml(file.requiresPython)}"`]),
      ...(file.yanked === undefined || file.yanked === false
        ? []
        : [`data-yanked="${file.yanked === true ? '' : escapeHtml(file.yanked)}"`]),
      ...(metadata === false
        ? []
        : [
            `data-core-metadata="${metadata === true ? 'true' : `sha256=${(metadata as { sha256: string }).sha256}`}"`,
          ]),
      ...(file.provenance == null ? [] : [`data-provenance="${escapeHtml(file.provenance)}"`]),
    ];
    return `<a ${attributes.join(' ')}>${escapeHtml(file.filename)}</a><br>`;
  });
  const meta = status === undefined ? '' : `<meta name="pypi:project-status" content="${status.status}">`;
  const reason =
    status?.reason === undefined
      ? ''
      : `<meta name="pypi:project-status-reason" content="${escapeHtml(status.reason)}">`;
  return `<!DOCTYPE html>
<html><head><meta name="pypi:repository-version" content="1.4">${meta}${reason}<title>Links for ${name}</title></head>
<body>
<h1>Links for ${name}</h1>
${lines.join('\n')}
</body></html>
`;
}

async function sendBadly(response: ServerResponse, body: Buffer, how: Misbehaviour): Promise<void> {
  const end = Math.min(how.cutAt ?? Infinity, body.byteLength);
  if (how.drip !== undefined) {
    const { bytes, pauseMs } = how.drip;
    for (let at = 0; at < end && !response.destroyed; at += bytes) {
      if (at > 0) await sleep(pauseMs);
      response.write(body.subarray(at, Math.min(at + bytes, end)));
    }
  } else if (how.hold !== undefined) {
    if (how.hold.at > 0) response.write(body.subarray(0, how.hold.at));
    else response.flushHeaders();
    await how.hold.until;
    response.write(body.subarray(how.hold.at, end));
  } else if (end > 0) response.write(body.subarray(0, end));
  const isWhole = how.cutAt === undefined && (how.contentLength ?? body.byteLength) <= body.byteLength;
  if (isWhole) response.end();
  // What was written must arrive before the end of the connection does.
  else response.write('', () => response.socket?.end());
}

function refusal(status: number, headers: Record<string, string> = {}) {
  return {
    status,
    headers: { 'content-type': 'text/plain', ...headers },
    body: Buffer.from(`${status} from the fixture index\n`),
  };
}

function basic({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
