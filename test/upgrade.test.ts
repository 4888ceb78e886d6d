import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '#kernel/config/read-config.ts';
import { openSqlite, type Database } from '#kernel/db/db.ts';
import { migrate, readMigrations } from '#kernel/db/migrate.ts';
import { databases, testDatabase } from '#test/databases.ts';
import { parts, settingsOf } from '../src/parts.ts';
import { migrationsOf, startServer } from '../src/wiring.ts';

const migrations = migrationsOf(await Promise.all(parts.map((part) => part.load())));
const FIRST_VERSION = migrations.slice(0, 3);

let serverdir: string;
const lines: string[] = [];
beforeEach(() => {
  serverdir = mkdtempSync(join(tmpdir(), 'upgrade-'));
  lines.length = 0;
});
afterEach(() => rmSync(serverdir, { recursive: true, force: true }));

const config = (flags: Record<string, unknown> = {}) =>
  readConfig(settingsOf(parts), {
    flags: { serverdir, port: 0, host: '127.0.0.1', offline: true, roles: ['web'], ...flags },
    environment: {},
  });

const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });

async function startOnce(flags: Record<string, unknown> = {}): Promise<void> {
  await (await startServer(config(flags), log)).close();
}

/** Looks into a database of the server directory. */
async function inDatabase<Result>(
  name: string,
  look: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = openSqlite(join(serverdir, name));
  try {
    return await look(database);
  } finally {
    await database.close();
  }
}

const makeOld = (last = FIRST_VERSION.length) =>
  inDatabase('wheelhouse.sqlite', async (database) => {
    await migrate(database, migrations.slice(0, last));
    const row = sql`insert into user_account (name, password_hash, created_at) values ('root', 'x', 1)`;
    await row.execute(database.db);
  });

const appliedTo = (name: string) =>
  inDatabase(name, async (database) => (await readMigrations(database, migrations)).applied);

describe('a server directory of an older version', () => {
  test('is upgraded, with a copy of its database and the way back', async () => {
    await makeOld();

    await startOnce();

    const [copy = '', ...others] = await readdir(join(serverdir, 'upgrades'));
    expect([copy, others]).toEqual(['wheelhouse-0.1.0-0003.sqlite', []]);
    const path = join(serverdir, 'upgrades', copy);
    expect((await stat(path)).mode & 0o077).toBe(0);
    expect(lines.join('')).toContain(`to go back, stop the server, put ${path} in the place of `);
    expect(await appliedTo('wheelhouse.sqlite')).toHaveLength(migrations.length);
    expect(await appliedTo(join('upgrades', copy))).toEqual(FIRST_VERSION.map(({ name }) => name));

    // What the message says.
    await copyFile(path, join(serverdir, 'wheelhouse.sqlite'));
    for (const suffix of ['-wal', '-shm'])
      await rm(join(serverdir, `wheelhouse.sqlite${suffix}`), { force: true });
    expect(await appliedTo('wheelhouse.sqlite')).toHaveLength(FIRST_VERSION.length);
    await startOnce();
  });

  test('keeps as many copies as it is told', async () => {
    for (const last of [3, 5, 7]) {
      for (const suffix of ['', '-wal', '-shm']) {
        await rm(join(serverdir, `wheelhouse.sqlite${suffix}`), { force: true });
      }
      await rm(join(serverdir, 'files'), { recursive: true, force: true });
      await makeOld(last);
      await startOnce({ 'upgrade-copies': last === 7 ? 1 : 2 });
      const kept = { 3: ['0003'], 5: ['0003', '0005'], 7: ['0007'] }[last];
      expect(await readdir(join(serverdir, 'upgrades'))).toEqual(
        kept?.map((step) => `wheelhouse-0.1.0-${step}.sqlite`),
      );
    }
  });

  test('gets no copy where none is wanted, and a new one needs none', async () => {
    await startOnce();
    await makeOldAgain();
    await startOnce({ 'upgrade-copies': 0 });

    expect(await readdir(serverdir)).not.toContain('upgrades');
  });

  test('stays as it is where the copy cannot be made', async () => {
    await makeOld();
    await copyFile(join(serverdir, 'wheelhouse.sqlite'), join(serverdir, 'upgrades'));

    await expect(startOnce()).rejects.toMatchObject({
      hint: expect.stringContaining('nothing was migrated'),
    });

    expect(await appliedTo('wheelhouse.sqlite')).toHaveLength(FIRST_VERSION.length);
  });
});

async function makeOldAgain(): Promise<void> {
  for (const suffix of ['', '-wal', '-shm'])
    await rm(join(serverdir, `wheelhouse.sqlite${suffix}`), { force: true });
  await rm(join(serverdir, 'files'), { recursive: true, force: true });
  await makeOld();
}

describe.each(databases)('a %s database of a newer version', (kind) => {
  test('is refused with the version that made it, before anything is touched', async () => {
    await using home = await disposable(kind);
    const database = home.open();
    await sql`insert into migration (name, applied_at) values ('9999-later', 0)`.execute(database.db);
    await sql`delete from installation where key = 'migrated-by'`.execute(database.db);
    await sql`insert into installation (key, value) values ('migrated-by', '9.9.9')`.execute(database.db);
    const rows = async () => await sql`select * from installation order by key`.execute(database.db);
    const before = await rows();
    if (kind === 'sqlite') await database.close();
    const directory = kind === 'sqlite' ? home.directory : serverdir;
    const bytes = kind === 'sqlite' ? await readFile(join(directory, 'wheelhouse.sqlite')) : undefined;

    const failure = startOnce({ serverdir: directory, database: home.setting });

    await expect(failure).rejects.toMatchObject({
      kind: { code: 'kernel.database-newer' },
      message: expect.stringContaining('migrated by version 9.9.9 of Wheelhouse'),
      hint: expect.stringContaining('run version 9.9.9 or a later one'),
    });
    expect((await readdir(directory)).filter((name) => /files|upgrades/.test(name))).toEqual([]);
    if (bytes !== undefined) {
      expect((await readFile(join(directory, 'wheelhouse.sqlite'))).equals(bytes)).toBe(true);
      return;
    }
    expect((await rows()).rows).toEqual(before.rows);
    await database.close();
  });
});

async function disposable(kind: (typeof databases)[number]) {
  const home = await testDatabase(kind);
  return Object.assign(home, { [Symbol.asyncDispose]: () => home.remove() });
}
