import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { Pool } from 'undici';
import { expect } from 'vitest';
import type { Clock } from '#kernel/clock.ts';
import { readConfig } from '#kernel/config/read-config.ts';
import type { Context } from '#kernel/context.ts';
import type { DialectName } from '#kernel/db/db.ts';
import type { Route } from '#kernel/http/server.ts';
import type { KernelTables } from '#kernel/db/kernel-tables.ts';
import { listEvents } from '#kernel/events/events.ts';
import type { AccountsConfig } from '../../src/accounts/settings.ts';
import type { BuildsConfig } from '../../src/builds/settings.ts';
import type { PackagesConfig } from '../../src/packages/settings.ts';
import { parts, settingsOf } from '../../src/parts.ts';
import { startServer } from '../../src/wiring.ts';
import { testDatabase, type TestDatabase } from './databases.ts';
import type { MultipartForm } from './multipart.ts';
import { uploadForm, type Upload } from './uploads.ts';

/** A user name and a password or token. */
export type Auth = readonly [user: string, secret: string];

export interface RequestOptions {
  readonly json?: unknown;
  readonly form?: MultipartForm;
  readonly body?: string | Buffer;
  readonly auth?: Auth | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestResponse {
  readonly status: number;
  /** The reason phrase of the status line. */
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body, parsed; throws if it is no JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any
  json(): any;
}

export interface TestIndex {
  readonly user: TestUser;
  readonly name: string;
  /** `user/name`. */
  readonly full: string;
  /** `/user/name`, percent-encoded. */
  readonly path: string;
}

export interface TestUser {
  readonly name: string;
  readonly auth: Auth;
}

/** Everything that a request can change, to compare before and after. */
export interface Contents {
  readonly serial: number;
  readonly rows: Readonly<Record<string, readonly unknown[]>>;
  readonly files: readonly string[];
}

export interface TestAppOptions {
  readonly database: DialectName;
  readonly settings?: Partial<AccountsConfig & PackagesConfig & BuildsConfig>;
  /** The primary, and the token that shows it who follows. */
  readonly replicaOf?: { readonly url: string; readonly token: string };
  readonly clock?: Clock;
  /** An existing database instead of a new one: for two servers on one, and for restarts. */
  readonly on?: TestDatabase;
  /** With `on`: the directory of the server that ran before. */
  readonly serverdir?: string;
}

export const ROOT: Auth = ['root', ''];

/** Boots the real server, on a real socket, with everything of its own. */
export async function testApp(options: TestAppOptions): Promise<TestApp> {
  const database = options.on ?? (await testDatabase(options.database));
  const own = options.on === undefined ? '.' : `server-${randomUUID()}`;
  const serverdir = options.serverdir ?? join(database.directory, own);
  await mkdir(serverdir, { recursive: true });
  const lines: LogLine[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const flags = {
    'accounts.argon2-memory-kib': 64,
    port: 0,
    host: '127.0.0.1',
    roles: ['web'],
    // root/pypi must never be asked in a test; `mirrorApp` is for those with an upstream of their own.
    offline: true,
    ...options.settings,
    ...(options.replicaOf && {
      'replica-of': options.replicaOf.url,
      'replica-token': options.replicaOf.token,
    }),
    serverdir,
    database: database.setting,
    // Servers on one database share their files.
    'files-directory': join(database.directory, 'files'),
  };
  const config = readConfig(settingsOf(parts), { flags, environment: {} });
  const server = await startServer(config, log, {
    ...(options.clock && { clock: options.clock }),
  });
  return new TestApp({
    server,
    database,
    serverdir,
    filesDirectory: flags['files-directory'],
    lines,
    ownsDatabase: options.on === undefined || options.serverdir !== undefined,
  });
}

interface LogLine {
  readonly level: number;
  readonly msg: string;
}

interface Parts {
  readonly server: Awaited<ReturnType<typeof startServer>>;
  readonly database: TestDatabase;
  readonly serverdir: string;
  readonly filesDirectory: string;
  readonly lines: LogLine[];
  readonly ownsDatabase: boolean;
}

const ERROR_LEVEL = 50;

const lastUses = { seen_at: undefined, last_used_at: undefined, used_at: undefined };

export class TestApp {
  readonly url: string;
  readonly context: Context;
  readonly serverdir: string;
  readonly routes: readonly Route[];
  readonly #parts: Parts;
  readonly #pool: Pool;
  #heard: number;
  #names = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.url = parts.server.url;
    this.context = parts.server.context;
    this.serverdir = parts.serverdir;
    this.routes = parts.server.routes;
    this.#pool = new Pool(this.url, { connections: 64 });
    this.#heard = this.context.events.serial;
  }

  /** Sends a request to the server's socket, the path exactly as given. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<TestResponse> {
    const { json, form, body, auth, headers = {} } = options;
    const response = await this.#pool.request({
      // undici passes every token on; its type knows the usual ones only.
      method: method as 'GET',
      path,
      headers: {
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...(form !== undefined && { 'content-type': form.contentType }),
        ...(auth !== undefined && { authorization: basic(auth) }),
        ...headers,
      },
      body: json === undefined ? (form?.body ?? body ?? null) : JSON.stringify(json),
    });
    const bytes = Buffer.from(await response.body.arrayBuffer());
    return {
      status: response.statusCode,
      reason: response.statusText,
      headers: response.headers as Record<string, string>,
      bytes,
      // Only when asked for: files of many megabytes are bytes.
      get text() {
        return bytes.toString('utf8');
      },
      json: () => JSON.parse(bytes.toString('utf8')) as unknown,
    };
  }

  get(path: string, headers?: Readonly<Record<string, string>>): Promise<TestResponse> {
    return this.request('GET', path, { ...(headers && { headers }) });
  }

  /** Writes bytes, in as many packets as given, and returns all that comes back until the server ends or falls silent. */
  async raw(
    packets: readonly (string | Buffer)[],
    { silentMs = 150, inTurn = false }: { readonly silentMs?: number; readonly inTurn?: boolean } = {},
  ): Promise<string> {
    const socket = connect(Number(new URL(this.url).port), '127.0.0.1');
    socket.setNoDelay(true);
    const { promise, resolve } = Promise.withResolvers<void>();
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
    socket.on('timeout', () => resolve());
    for (const [position, packet] of packets.entries()) {
      socket.write(packet);
      if (inTurn) {
        await expect
          .poll(() => received.split('HTTP/1.1 ').length - 1, { timeout: 10_000 })
          .toBe(position + 1);
      } else await new Promise((done) => setTimeout(done, 15));
    }
    socket.setTimeout(silentMs);
    await promise;
    socket.destroy();
    return received;
  }

  /** The types of the events since the last call. */
  async events(): Promise<string[]> {
    return (await this.eventsWithData()).map(({ type }) => type);
  }

  async eventsWithData() {
    const events = await listEvents(this.context.db, this.#heard, 10_000);
    this.#heard = events.at(-1)?.serial ?? this.#heard;
    return events;
  }

  /** A new user, with a name of its own unless one is given. */
  async user(name = `user${(this.#names += 1)}`): Promise<TestUser> {
    const auth = [name, `secret of ${name}`] as const;
    const response = await this.request('PUT', `/${name}`, { json: { password: auth[1] } });
    expect(response.status, response.text).toBe(201);
    await this.events();
    return { name, auth };
  }

  /** A new index, of a new user unless one is given. */
  async index(
    options: { user?: TestUser; name?: string; [option: string]: unknown } = {},
  ): Promise<TestIndex> {
    const { user = await this.user(), name = `index${(this.#names += 1)}`, ...json } = options;
    const path = `/${encodeURIComponent(user.name)}/${encodeURIComponent(name)}`;
    const response = await this.request('PUT', path, { json, auth: user.auth });
    expect(response.status, response.text).toBe(200);
    await this.events();
    return { user, name, path, full: `${user.name}/${name}` };
  }

  /** Uploads as the owner of the index unless told otherwise. */
  async upload(
    index: TestIndex,
    upload: Upload,
    { auth = index.user.auth, headers = {} }: Pick<RequestOptions, 'auth' | 'headers'> = {},
  ): Promise<TestResponse> {
    return await this.request('POST', `${index.path}/`, { form: uploadForm(upload), auth, headers });
  }

  /** Uploads, expecting success, and forgets the events. */
  async fill(index: TestIndex, ...uploads: Upload[]): Promise<void> {
    for (const upload of uploads) {
      const response = await this.upload(index, upload);
      expect(response.status, response.text).toBe(200);
    }
    await this.events();
  }

  /** The JSON page of a project. */
  // oxlint-disable-next-line typescript/no-explicit-any
  async page(index: TestIndex, project = 'demo'): Promise<any> {
    const response = await this.get(`${index.path}/+simple/${project}/`, {
      accept: 'application/vnd.pypi.simple.v1+json',
    });
    return response.status === 200 ? response.json() : response.status;
  }

  /** The names of the files that the JSON page of a project shows. */
  async filenames(index: TestIndex, project = 'demo'): Promise<string[]> {
    const page = (await this.page(index, project)) as { files?: { filename: string }[] };
    return (page.files ?? []).map(({ filename }) => filename);
  }

  /** The URL path of a file that the page shows. */
  async filePath(index: TestIndex, filename: string, project = 'demo'): Promise<string> {
    const page = (await this.page(index, project)) as { files: { filename: string; url: string }[] };
    const file = page.files.find((candidate) => candidate.filename === filename);
    return new URL(file?.url ?? 'missing', `${this.url}${index.path}/+simple/${project}/`).pathname;
  }

  /** All rows and files, but not when a row was last used, which is written after the answer. */
  async contents(): Promise<Contents> {
    const db = this.context.db.withTables<Record<string, object>>();
    const rows: Record<string, unknown[]> = {};
    for (const { name } of await db.introspection.getTables()) {
      const found = await db.selectFrom(name).selectAll().execute();
      rows[name] = found.map((row) => JSON.stringify({ ...row, ...lastUses })).sort();
    }
    const files = await readdir(this.#parts.filesDirectory, { recursive: true });
    return { serial: await this.storedSerial(), rows, files: files.sort() };
  }

  /** The serial in the database, which may be ahead of what the server has heard. */
  async storedSerial(): Promise<number> {
    const db = this.context.db.withTables<KernelTables>();
    return (await db.selectFrom('serial').select('value').executeTakeFirstOrThrow()).value;
  }

  /** Messages of the log lines at level error since the last call; those left over fail `close`. */
  errors(): string[] {
    const messages = this.#parts.lines
      .filter(({ level }) => level >= ERROR_LEVEL)
      .map((line) => JSON.stringify(line));
    this.#parts.lines.length = 0;
    return messages;
  }

  /** Every log line since `errors` was last called. */
  get logged(): string {
    return this.#parts.lines.map((line) => JSON.stringify(line)).join('\n');
  }

  /** Stops the server and starts another one on all that it had. */
  async restart(options: Omit<TestAppOptions, 'database' | 'on' | 'serverdir'> = {}): Promise<TestApp> {
    await this.#pool.destroy();
    await this.#parts.server.close();
    const { dialect } = this.context;
    return await testApp({
      ...options,
      database: dialect,
      on: this.#parts.database,
      serverdir: this.serverdir,
    });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
    await this.#parts.server.close();
    if (this.#parts.ownsDatabase) await this.#parts.database.remove();
    else rmSync(this.serverdir, { recursive: true, force: true });
    expect(this.errors(), 'the server logged errors').toEqual([]);
  }
}

export function basic([user, secret]: Auth): string {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}
