import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { restoreBackup } from '#kernel/backup/restore-backup.ts';
import { takeBackup } from '#kernel/backup/take-backup.ts';
import { verifyBackup } from '#kernel/backup/verify-backup.ts';
import { readConfig } from '#kernel/config/read-config.ts';
import type { Db, DialectName } from '#kernel/db/db.ts';
import { checkFiles } from '#kernel/files/check-files.ts';
import { silentProgress } from '#kernel/progress.ts';
import { testApp, type TestApp } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';
import { parts, settingsOf } from '../src/parts.ts';
import { loadMigrations, openForBackup, openInstallation } from '../src/wiring.ts';

const log = pino({ level: 'silent' });
const progress = silentProgress;
const migrations = await loadMigrations();

describe.each(databases)('a backup of a server on %s', (kind) => {
  let home: TestDatabase;
  let app: TestApp;
  let directory: string;
  let clock: TestClock;
  const emptied: TestDatabase[] = [];
  beforeEach(async () => {
    home = await testDatabase(kind);
    app = await testApp({ database: kind, on: home });
    directory = mkdtempSync(join(tmpdir(), 'backup-'));
    clock = new TestClock();
  });
  afterEach(async () => {
    await app.close();
    for (const database of [home, ...emptied.splice(0)]) await database.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  const config = (flags: Record<string, unknown>) =>
    readConfig(settingsOf(parts), { flags: { offline: true, ...flags }, environment: {} });

  const ofServer = () =>
    config({
      serverdir: app.serverdir,
      database: home.setting,
      'files-directory': join(home.directory, 'files'),
    });

  async function backUp(keep = 7) {
    clock.advance(60_000);
    const source = await openForBackup(ofServer());
    try {
      return await takeBackup(source, join(directory, 'backup'), { keep, clock, progress });
    } finally {
      await source.close();
    }
  }

  const verify = (repair = false) => verifyBackup(join(directory, 'backup'), { repair, progress });
  const problems = async () => (await verify()).flatMap((each) => each.problems);

  /** Restores into a new server directory, and with PostgreSQL a new database; returns its configuration. */
  async function restore(options: { snapshot?: string; incomplete?: boolean } = {}) {
    const empty = await testDatabase(kind, { isBlank: true });
    emptied.push(empty);
    const target = config({ serverdir: join(empty.directory, 'restored'), database: empty.setting });
    const { snapshot, incomplete = false } = options;
    const restored = await restoreBackup(join(directory, 'backup'), target, {
      snapshot,
      incomplete,
      migrations,
      progress,
    });
    return { target, restored, empty };
  }

  const stored = async () => await readdir(join(directory, 'backup/files/sha256'), { recursive: true });

  test('taken while files come and go is sound and restores', { timeout: 240_000 }, async () => {
    const index = await app.index();
    const busy = new AbortController();
    const uploaded = new Set<string>();
    const come = async (client: number) => {
      for (let version = 0; !busy.signal.aborted; version += 1) {
        const name = `busy-${client}-${version % 5}`;
        const upload = wheelUpload({ name, version: `${version}.0` });
        await app.upload(index, upload);
        uploaded.add(createHash('sha256').update(upload.content).digest('hex'));
        await sleep(10);
      }
    };
    /** As the hourly collection does, without its hour: what is uploaded and has no row any more. */
    const collect = async (digests: ReadonlySet<string>) => {
      const { findNeeded, close } = await openForBackup(ofServer());
      const all = [...digests];
      const needed = await findNeeded(all);
      for (const each of all) if (!needed.has(each)) await app.context.files.remove(each, Infinity);
      await close();
    };
    const go = async () => {
      while (!busy.signal.aborted) {
        for (const client of [1, 2]) {
          await app.request('DELETE', `${index.path}/busy-${client}-3`, { auth: index.user.auth });
        }
        await collect(uploaded);
        await sleep(200);
      }
    };
    const clients = [come(1), come(2), go()];
    const taken = [];
    try {
      await expect.poll(() => uploaded.size, { timeout: 20_000 }).toBeGreaterThan(10);
      for (let round = 0; round < 2; round += 1) taken.push(await backUp());
    } finally {
      busy.abort();
      await Promise.all(clients);
    }

    expect(taken.flatMap((each) => each.problems)).toEqual([]);
    expect(await problems()).toEqual([]);
    expect(taken.at(-1)?.copied.files).toBeLessThan(taken.at(-1)?.files ?? 0);
    for (const { snapshot, files } of [taken[0]!, taken.at(-1)!]) {
      const { target } = await restore({ snapshot });
      const installation = await openInstallation(target, log, { mustExist: true });
      const found = await Array.fromAsync(
        checkFiles(installation.context.files, installation.stored, installation.findNeeded, progress, {
          checksum: true,
        }),
      );
      expect(found).toEqual([]);
      expect(files).toBeGreaterThan(10);
      await installation.close();
    }
  });

  test('brings back every row, and a server that goes on numbering', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload({ name: 'kept', version: '1.0' }), wheelUpload({ name: 'umlaut' }));
    await app.request('PATCH', index.path, { json: ['title=Größe "x" \\ \u2028'], auth: index.user.auth });
    const before = await rowsOf(app.context.db, kind);
    await backUp();

    const { target, empty } = await restore();
    const installation = await openInstallation(target, log, { mustExist: true });
    expect(await rowsOf(installation.context.db, kind)).toEqual(before);
    expect(before.filter((row) => row.startsWith('release_file '))).toHaveLength(2);
    expect(before.join('\n')).toContain('Größe');
    await installation.close();
    // It goes with the second server.
    emptied.length = 0;
    const second = await testApp({
      database: kind,
      on: { ...empty, directory: target.serverdir },
      serverdir: target.serverdir,
    });
    expect(second.context.uuid).toBe(app.context.uuid);
    await second.fill(index, wheelUpload({ name: 'later' }));
    expect((await second.get(`${index.path}/+simple/kept/`)).status).toBe(200);
    expect((await second.request('GET', '/+search?q=later')).text).toContain('later');
    await second.close();
  });

  test('copies bytes once, keeps so many snapshots, and forgets what none of them needs', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload({ name: 'stays' }), wheelUpload({ name: 'goes' }));
    const first = await backUp(2);
    const second = await backUp(2);
    await app.request('DELETE', `${index.path}/goes`, { auth: index.user.auth });
    const third = await backUp(2);
    const fourth = await backUp(2);

    expect([first, second].map(({ copied }) => copied.files)).toEqual([4, 0]);
    expect([third, fourth].map(({ removed }) => removed)).toEqual([
      { snapshots: 1, files: 0 },
      { snapshots: 1, files: 2 },
    ]);
    expect((await verify()).map(({ snapshot, files }) => [snapshot, files])).toEqual([
      [third.snapshot, 2],
      [fourth.snapshot, 2],
    ]);
    expect((await stored()).filter((name) => name.includes('/'))).toHaveLength(2);
  });

  test('is read by its owner only', async () => {
    await app.fill(await app.index(), wheelUpload());
    await writeFile(join(app.serverdir, 'wheelhouse.yml'), 'log:\n  level: info\n', { mode: 0o644 });
    await backUp();

    const backup = join(directory, 'backup');
    expect((await stat(backup)).mode & 0o077).toBe(0);
    for (const name of await readdir(backup, { recursive: true })) {
      if (name.startsWith('.lock')) continue;
      expect((await stat(join(backup, name))).mode & 0o077, name).toBe(0);
    }
    const { target } = await restore();
    expect(await readFile(join(target.serverdir, 'wheelhouse.yml'), 'utf8')).toContain('level: info');
  });

  test('tells what is damaged, restores nothing of it unasked, and mends', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload({ name: 'demo' }));
    await backUp();
    const [victim = ''] = (await stored()).filter((name) => name.includes('/'));
    const path = join(directory, 'backup/files/sha256', victim);
    const bytes = await readFile(path);
    bytes[0]! ^= 1;
    await writeFile(path, bytes);

    expect(await problems()).toEqual([`${victim.replace('/', '')}: the hash does not match`]);
    await expect(restore()).rejects.toMatchObject({
      kind: { code: 'kernel.backup-unusable' },
      message: expect.stringContaining(`${victim.replace('/', '')}: the hash does not match`),
    });
    expect((await restore({ incomplete: true })).restored.problems).toHaveLength(1);

    await verify(true);
    expect((await backUp()).copied.files).toBe(1);
    expect(await problems()).toEqual([]);
  });

  test('does not share damage of the store, tells it, and keeps older snapshots then', async () => {
    await app.fill(await app.index(), wheelUpload({ name: 'demo' }));
    await backUp(1);
    await app.fill(await app.index(), wheelUpload({ name: 'other', version: '2.0' }));
    const stores = join(home.directory, 'files/sha256');
    for (const name of await readdir(stores, { recursive: true })) {
      if (name.includes('/')) await truncate(join(stores, name), 3);
    }

    const taken = await backUp(1);

    expect(taken.problems.map(({ detail }) => detail).toSorted()).toEqual([
      expect.stringMatching(/^other-2\.0-.*: the hash does not match$/),
      expect.stringMatching(/^other-2\.0-.*: the hash does not match$/),
    ]);
    const verified = await verify();
    expect(verified.map((each) => each.problems.length)).toEqual([0, 2]);
    expect(verified[1]?.problems[0]).toContain('in the server already');
  });

  test('is refused where something else is, and a restore where a server is', async () => {
    await writeFile(join(directory, 'mine'), '');
    const source = await openForBackup(ofServer());
    await expect(takeBackup(source, directory, { keep: 1, clock, progress })).rejects.toMatchObject({
      kind: { code: 'kernel.backup-unusable' },
    });
    await source.close();
    await backUp();
    await expect(
      restoreBackup(join(directory, 'backup'), ofServer(), {
        snapshot: undefined,
        incomplete: false,
        migrations,
        progress,
      }),
    ).rejects.toMatchObject({
      kind: { code: expect.stringMatching(/^kernel\.(restore-not-empty|serverdir-in-use)$/) },
    });
    const other = await testApp({ database: kind });
    const foreign = await openForBackup(other.context.config);
    await expect(
      takeBackup(foreign, join(directory, 'backup'), { keep: 1, clock, progress }),
    ).rejects.toMatchObject({ message: expect.stringContaining('the backups of another server') });
    await foreign.close();
    await other.close();
  });

  test('by a newer version is refused before anything is written', async () => {
    const { snapshot } = await backUp();
    const path = join(directory, 'backup/snapshots', snapshot, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as { migrations: string[]; version: string };
    manifest.migrations.push('9999-later');
    manifest.version = '9.9.9';
    await writeFile(path, JSON.stringify(manifest));
    const target = config({ serverdir: join(directory, 'restored'), database: home.setting });

    const restoring = restoreBackup(join(directory, 'backup'), target, {
      snapshot: undefined,
      incomplete: false,
      migrations,
      progress,
    });

    await expect(restoring).rejects.toMatchObject({ kind: { code: 'kernel.database-newer' } });
    expect(await readdir(directory)).not.toContain('restored');
  });
});

/** Every row of every table, in words. */
async function rowsOf(db: Db, kind: DialectName): Promise<string[]> {
  const { rows: tables } = await (
    kind === 'sqlite'
      ? sql<{
          name: string;
        }>`select name from pragma_table_list where type = 'table' and schema = 'main' and name not like 'sqlite%'`
      : sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`
  ).execute(db);
  const found: string[] = [];
  for (const { name } of tables) {
    if (name === 'job') continue;
    const { rows } = await sql`select * from ${sql.table(name)}`.execute(db);
    found.push(...rows.map((row) => `${name} ${JSON.stringify(row)}`));
  }
  return found.toSorted();
}
