import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '#kernel/config/read-config.ts';
import { openPostgres, openSqlite } from '#kernel/db/db.ts';
import { ROOT, testApp } from '#test/app.ts';
import { databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import { unwritableDirectory } from '#test/unwritable-directory.ts';
import { wheelUpload } from '#test/uploads.ts';
import { errorsOf, parts, settingsOf } from '../src/parts.ts';
import { migrationsOf, openInstallation, startServer } from '../src/wiring.ts';

const log = pino({ level: 'silent' });

let serverdir: string;
beforeEach(() => {
  serverdir = mkdtempSync(join(tmpdir(), 'serverdir-'));
});
afterEach(() => rmSync(serverdir, { recursive: true, force: true }));

const config = (flags: Record<string, unknown> = {}) =>
  readConfig(settingsOf(parts), {
    flags: { serverdir, port: 0, host: '127.0.0.1', 'accounts.argon2-memory-kib': 64, ...flags },
    environment: {},
  });

const fails = (flags: Record<string, unknown>, code: string) =>
  expect(startServer(config(flags), log)).rejects.toMatchObject({ kind: { code } });

test('a server makes its directory, and has root and root/pypi', async () => {
  const server = await startServer(config({ serverdir: join(serverdir, 'deep/er') }), log);

  const users = (await (await fetch(`${server.url}/`)).json()) as {
    result: Record<string, { indexes: object }>;
  };

  expect(Object.keys(users.result)).toEqual(['root']);
  expect(Object.keys(users.result['root']?.indexes ?? {})).toEqual(['pypi']);
  await server.close();
});

test('a second server on one directory is refused, and leaves the first alone', async () => {
  const server = await startServer(config(), log);

  await fails({}, 'kernel.serverdir-in-use');

  expect((await fetch(`${server.url}/+api`)).status).toBe(200);
  await server.close();
  await (await startServer(config(), log)).close();
});

test('the doctor may look into the directory of a running server', async () => {
  const server = await startServer(config(), log);

  const installation = await openInstallation(config(), log, { mayShare: true });

  expect(installation.isOwner).toBe(false);
  expect(installation.context.uuid).toBe(server.context.uuid);
  await installation.close();
  await server.close();
});

test('nobody looks into the directory of a server whose database is of another version', async () => {
  const server = await startServer(config(), log);
  const { db } = server.context;
  const last = migrationsOf(await Promise.all(parts.map((part) => part.load()))).at(-1)?.name ?? '';
  await sql`delete from migration where name = ${last}`.execute(db);

  for (const how of [{ mayShare: true }, { mayChangeBeside: true }]) {
    await expect(openInstallation(config(), log, how)).rejects.toMatchObject({
      kind: { code: 'kernel.database-older' },
    });
  }

  await server.close();
});

test('a port that is taken is said so, and nothing stays locked', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };

  await fails({ port }, 'kernel.address-in-use');

  other.close();
  await (await startServer(config(), log)).close();
});

test('a server directory that is a file is refused', async () => {
  const path = join(serverdir, 'file');
  writeFileSync(path, '');

  await fails({ serverdir: path }, 'kernel.serverdir-unusable');
});

test('a database that is no SQLite file is refused, and stays as it is', async () => {
  const path = join(serverdir, 'wheelhouse.sqlite');
  writeFileSync(path, 'something else, but long enough to be read as the head of a database file'.repeat(20));
  const before = readFileSync(path);

  await fails({}, 'kernel.database-damaged');

  expect(readFileSync(path)).toEqual(before);
});

test('a database with damaged pages is said so', async () => {
  await (await startServer(config(), log)).close();
  const path = join(serverdir, 'wheelhouse.sqlite');
  const file = readFileSync(path);
  // All but the first page, which is needed to see that it is a database.
  writeFileSync(path, file.fill(0xff, 4096));

  await fails({}, 'kernel.database-damaged');
});

test('a database that cannot be opened is said so', async () => {
  mkdirSync(join(serverdir, 'wheelhouse.sqlite'));

  await fails({}, 'kernel.serverdir-unusable');
});

test('a server directory that cannot be written is refused', async () => {
  await fails({ serverdir: unwritableDirectory(serverdir) }, 'kernel.serverdir-unusable');
});

test('a server that others can reach is refused while root has no password', async () => {
  await fails({ host: '0.0.0.0' }, 'accounts.empty-root-password');

  const allowed = await startServer(config({ host: '0.0.0.0', 'allow-empty-root-password': true }), log);
  const response = await fetch(`${allowed.url}/root`, {
    method: 'PATCH',
    headers: { authorization: `Basic ${Buffer.from('root:').toString('base64')}` },
    body: JSON.stringify({ password: 'set' }),
  });
  expect(response.status).toBe(200);
  await allowed.close();
  await (await startServer(config({ host: '0.0.0.0' }), log)).close();
});

test('a PostgreSQL that is not there is said so', async () => {
  await fails({ database: 'postgres://x@127.0.0.1:1/x' }, 'kernel.database-unavailable');
});

test('a server with the role jobs only does not listen', async () => {
  const server = await startServer(config({ roles: 'jobs' }), log);

  expect(server.url).toBe('');
  await server.close();
});

test('closing waits for a running answer and not for idle connections', async () => {
  const server = await startServer(config(), log);
  await fetch(`${server.url}/+api`);
  const start = Date.now();

  await server.close();

  expect(Date.now() - start).toBeLessThan(2000);
});

test('every declared error has a code of its own, a status and a title', () => {
  const codes = errorsOf(parts).map(({ code }) => code);

  expect(new Set(codes).size).toBe(codes.length);
  for (const { code, status, title } of errorsOf(parts)) {
    expect(code).toMatch(/^[a-z]+(?:\.[a-z]+(?:-[a-z]+)*)$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).not.toMatch(/\.$/);
  }
});

describe.each(databases)('the directory of files on %s', (kind) => {
  const settings = (database: TestDatabase) => ({
    serverdir,
    database: kind === 'sqlite' ? 'sqlite' : database.setting,
  });
  const id = () => join(serverdir, 'files', 'id');
  const fileOf = (text: string) => {
    const path = join(serverdir, 'files', 'sha256', text.slice(0, 2));
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, text.slice(2)), '');
  };
  let database: TestDatabase;
  beforeEach(async () => {
    database = await testDatabase(kind);
  });
  afterEach(async () => await database.remove());

  test('of a version without ids is taken as it is', async () => {
    await (await startServer(config(settings(database)), log)).close();
    rmSync(id());
    const old =
      kind === 'sqlite' ? openSqlite(join(serverdir, 'wheelhouse.sqlite')) : openPostgres(database.setting);
    await sql`delete from installation where key = 'files'`.execute(old.db);
    await old.close();
    fileOf('0'.repeat(64));

    await (await startServer(config(settings(database)), log)).close();

    expect(readFileSync(id(), 'utf8')).toMatch(/^[0-9a-f]{32}\n$/);
    await (await startServer(config(settings(database)), log)).close();
  });

  test('that is not the one of the database is refused until it is said to be', async () => {
    await (await startServer(config(settings(database)), log)).close();
    const right = readFileSync(id(), 'utf8');

    writeFileSync(id(), `${'1'.repeat(32)}\n`);
    await fails(settings(database), 'kernel.files-of-another');
    rmSync(id());
    await fails(settings(database), 'kernel.files-of-another');
    rmSync(join(serverdir, 'files'), { recursive: true });
    await fails(settings(database), 'kernel.files-of-another');
    expect(existsSync(join(serverdir, 'files'))).toBe(false);

    mkdirSync(join(serverdir, 'files'));
    writeFileSync(id(), right);
    await (await startServer(config(settings(database)), log)).close();
  });

  test('is not forgotten by a new database, however often it is started', async () => {
    fileOf('0'.repeat(64));

    for (let time = 0; time < 2; time += 1) await fails(settings(database), 'kernel.files-of-another');

    rmSync(join(serverdir, 'files'), { recursive: true });
    await (await startServer(config(settings(database)), log)).close();
  });
});

describe.each(databases)('a restart on %s', (kind) => {
  test('finds everything, and logins go on', async () => {
    const database = await testDatabase(kind);
    const settings = { serverdir, database: kind === 'sqlite' ? 'sqlite' : database.setting };
    const start = () => startServer(config(settings), log);
    const first = await start();
    const login = await fetch(`${first.url}/+login`, {
      method: 'POST',
      body: JSON.stringify({ user: 'root', password: '' }),
    });
    const { result } = (await login.json()) as { result: { password: string } };
    const { uuid, events } = first.context;
    await first.close();

    const second = await start();
    const api = await fetch(`${second.url}/+api`, {
      headers: { authorization: `Bearer ${result.password}` },
    });

    expect(((await api.json()) as { result: { authstatus: unknown } }).result.authstatus).toEqual([
      'ok',
      'root',
      [],
    ]);
    expect([second.context.uuid, second.context.events.serial]).toEqual([uuid, events.serial]);
    await second.close();
    await database.remove();
  });
});

describe.runIf(databases.includes('postgres'))('two servers on one PostgreSQL', () => {
  const shared = (name: string) => ({
    serverdir: join(serverdir, name),
    'files-directory': join(serverdir, 'files'),
  });

  test('do not start with directories of their own, not even at once', async () => {
    const database = await testDatabase('postgres');
    const start = (name: string) =>
      startServer(config({ serverdir: join(serverdir, name), database: database.setting }), log);

    const results = await Promise.allSettled(['one', 'two'].map(start));

    const failures = results.filter((result) => result.status === 'rejected');
    expect(failures).toMatchObject([{ reason: { kind: { code: 'kernel.files-of-another' } } }]);
    await expect(start('three')).rejects.toMatchObject({
      message: expect.stringMatching(/three.files holds the files with the id [0-9a-f]{32}|has no id/),
      hint: expect.stringContaining(
        'set files-directory to the directory that all servers of this database share',
      ),
    });
    for (const result of results) if (result.status === 'fulfilled') await result.value.close();
    await database.remove();
  });

  test('start at once on a new database', async () => {
    const database = await testDatabase('postgres');
    const servers = await Promise.all(
      ['one', 'two'].map((name) => startServer(config({ ...shared(name), database: database.setting }), log)),
    );

    expect(new Set(servers.map(({ context }) => context.uuid)).size).toBe(1);
    const status = await fetch(`${servers[1]?.url}/root`, {
      headers: { authorization: `Basic ${Buffer.from('root:').toString('base64')}` },
    });
    expect(status.status).toBe(200);
    for (const server of servers) await server.close();
    await database.remove();
  });

  test('show each other’s changes', async () => {
    const database = await testDatabase('postgres');
    const one = await testApp({ database: 'postgres', on: database });
    const two = await testApp({ database: 'postgres', on: database });
    const index = await one.index();
    expect(await two.page(index)).toBe(404);

    await one.fill(index, wheelUpload());

    await vi.waitFor(async () => expect(await two.filenames(index)).toHaveLength(1));
    await one.request('DELETE', `${index.path}/demo`, { auth: ROOT });
    await vi.waitFor(async () => expect(await two.page(index)).toBe(404));
    await one.close();
    await two.close();
    await database.remove();
  });
});
