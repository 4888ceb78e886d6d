import { afterEach, describe, expect, test, vi } from 'vitest';
import { kernelMigrations } from '#kernel/db/kernel-tables.ts';
import type { DialectName } from '#kernel/db/db.ts';
import { silentProgress } from '#kernel/progress.ts';
import { ROOT, testApp, type Auth, type TestApp } from '#test/app.ts';
import { databases, testDatabase } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';
import { parts } from '../src/parts.ts';
import { openInstallation, promote } from '../src/wiring.ts';

const code = await Promise.all(parts.map((part) => part.load()));
const replicated = code.flatMap((part) => Object.keys(part.replicated?.tables ?? {}));
const local = code.flatMap((part) => part.replicated?.local ?? []);
/** Replicas drop rows of these with what is removed or changed; else they have their own. */
const droppedOnly = ['mirror_project', 'mirror_file', 'search_source'];
const OF_KERNEL = ['event', 'installation', 'job', 'migration', 'serial'];

const apps: TestApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0).toReversed()) await app.close();
});

async function startPrimary(database: DialectName): Promise<TestApp> {
  const app = await testApp({ database });
  apps.push(app);
  return app;
}

let tokens = 0;
async function token(app: TestApp, scopes: readonly string[], auth: Auth = ROOT): Promise<string> {
  const json = { name: `replica${(tokens += 1)}`, scopes };
  const made = await app.request('POST', '/+tokens', { json, auth });
  expect(made.status, made.text).toBe(201);
  return made.json().result.token as string;
}

async function startReplica(primary: TestApp, database: DialectName): Promise<TestApp> {
  const on = await testDatabase(database, { isBlank: true });
  const replicaOf = { url: primary.url, token: await token(primary, ['server.replicate']) };
  const app = await testApp({ database, replicaOf, on, serverdir: on.directory });
  apps.push(app);
  return app;
}

async function caughtUp(replica: TestApp, primary: TestApp): Promise<void> {
  await vi.waitFor(
    async () => expect(await replica.storedSerial()).toBe(await primary.storedSerial()),
    20_000,
  );
}

async function rowsOf(app: TestApp): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const { rows } = await app.contents();
  const names = [...replicated.filter((name) => !droppedOnly.includes(name)), 'event', 'serial'];
  return Object.fromEntries(
    names.map((name) => [
      name,
      (rows[name] ?? [])
        .map((row) => JSON.parse(String(row)) as Record<string, unknown>)
        // A last use is a hint that each server writes for itself.
        .map(({ last_used_at: _ignored, ...row }) => JSON.stringify(Object.entries(row).toSorted()))
        .toSorted(),
    ]),
  );
}

test('every table of every part is replicated, or said to be of each server', async () => {
  const app = await startPrimary('sqlite');
  const { rows } = await app.contents();
  const tables = Object.keys(rows).filter((name) => !/^search_(?:gram|word)/.test(name));

  expect(kernelMigrations.length).toBeGreaterThan(0);
  expect(tables.toSorted()).toEqual([...replicated, ...local, ...OF_KERNEL].toSorted());
});

describe('who may follow', () => {
  const paths = [
    '/+replication/primary',
    '/+replication/changes?since=0',
    `/+replication/files/${'0'.repeat(64)}`,
  ];

  test('is a token of root with the scope, and nobody else', async () => {
    const primary = await startPrimary('sqlite');
    const { auth } = await primary.user();
    const read = async (path: string, secret: string) =>
      (await primary.request('GET', path, { auth: ['__token__', secret] })).status;

    for (const [path, status] of [
      [paths[0] as string, 200],
      [paths[1] as string, 200],
      [paths[2] as string, 500],
    ] as const) {
      expect(await read(path, await token(primary, ['server.replicate']))).toBe(status);
      expect(await read(path, await token(primary, ['server.read']))).toBe(403);
      expect(await read(path, await token(primary, ['server.replicate'], auth))).toBe(403);
      expect((await primary.request('GET', path, { auth: ROOT })).status).toBe(403);
    }
    primary.errors();
  });
});

describe.each(databases.flatMap((kind) => databases.map((other) => [kind, other] as const)))(
  'a replica on %s of a primary on %s',
  (onReplica, onPrimary) => {
    test('has every row that the primary has, whatever happens there', async () => {
      const primary = await startPrimary(onPrimary);
      const before = await primary.index({ volatile: true });
      await primary.fill(before, wheelUpload(), wheelUpload({ version: '2.0' }));
      const replica = await startReplica(primary, onReplica);
      await caughtUp(replica, primary);
      expect(await rowsOf(replica)).toEqual(await rowsOf(primary));
      const { auth } = before.user;

      const after = await primary.index({ bases: [before.full] });
      await primary.fill(after, wheelUpload({ name: 'Other.Name' }));
      await primary.fill(before, wheelUpload({ metadata: { Summary: 'replaced' } }));
      const json = { reason: 'broken' };
      expect((await primary.request('PUT', `${before.path}/demo/2.0/+yank`, { json, auth })).status).toBe(
        200,
      );
      await primary.request('PUT', '/+groups/team', { json: { members: [before.user.name] }, auth: ROOT });
      await token(primary, ['packages.upload'], auth);
      await caughtUp(replica, primary);
      expect(await rowsOf(replica)).toEqual(await rowsOf(primary));

      await primary.request('DELETE', `${before.path}/demo/1.0`, { auth });
      await primary.request('DELETE', `${after.path}/other-name?force`, { auth: after.user.auth });
      await primary.request('DELETE', before.path, { auth });
      await primary.index({ user: before.user, name: before.name });
      await primary.request('DELETE', '/+groups/team', { auth: ROOT });
      const gone = await primary.index({ volatile: true });
      await primary.fill(gone, wheelUpload());
      await primary.request('DELETE', `/${gone.user.name}`, { auth: gone.user.auth });
      await caughtUp(replica, primary);
      expect(await rowsOf(replica)).toEqual(await rowsOf(primary));
    });

    test('takes over a log in which users, indexes and projects went and came again', async () => {
      const primary = await startPrimary(onPrimary);
      for (let round = 0; round < 3; round += 1) {
        const user = await primary.user('again');
        const index = await primary.index({ user, name: 'dev', volatile: true });
        await primary.fill(index, wheelUpload(), wheelUpload({ name: 'two' }));
        await primary.request('PUT', '/+groups/team', { json: { members: ['again'] }, auth: ROOT });
        await primary.request('DELETE', `${index.path}/two`, { auth: user.auth });
        await primary.fill(index, wheelUpload({ name: 'two' }));
        if (round === 2) break;
        await primary.request('DELETE', '/+groups/team', { auth: ROOT });
        await primary.request('DELETE', '/again', { auth: user.auth });
      }

      const replica = await startReplica(primary, onReplica);
      await caughtUp(replica, primary);

      expect(await rowsOf(replica)).toEqual(await rowsOf(primary));
    });

    test('has what one event tells of a whole index, as after an import', async () => {
      const primary = await startPrimary(onPrimary);
      const index = await primary.index();
      for (let number = 0; number < 45; number += 1)
        await primary.fill(index, wheelUpload({ name: `project${number}` }));
      const own = primary.context.db.withTables<{ event: { type: string; data: string; serial: number } }>();
      const data = JSON.stringify({ index: index.full });
      await own
        .updateTable('event')
        .set({ type: 'packages.index-modified', data: JSON.stringify({ index: index.full, changed: [] }) })
        .where('type', 'in', ['packages.file-uploaded', 'packages.project-created'])
        .execute();
      await own
        .updateTable('event')
        .set({ type: 'packages.dump-imported', data })
        .where('serial', '=', await primary.storedSerial())
        .execute();

      const replica = await startReplica(primary, onReplica);
      await caughtUp(replica, primary);

      expect(await rowsOf(replica)).toEqual(await rowsOf(primary));
      expect(await replica.filenames(index, 'project44')).toHaveLength(1);
    });

    test('forwards changes, and shows them with the answer', async () => {
      const primary = await startPrimary(onPrimary);
      const replica = await startReplica(primary, onReplica);

      const index = await replica.index({ volatile: false });
      for (let minor = 0; minor < 5; minor += 1) {
        await replica.fill(index, wheelUpload({ version: `1.${minor}` }));
        expect(await replica.filenames(index)).toContain(`demo-1.${minor}-py3-none-any.whl`);
      }

      expect(await primary.filenames(index)).toHaveLength(5);
      const path = await replica.filePath(index, 'demo-1.3-py3-none-any.whl');
      const [first, again] = [await replica.get(path), await replica.get(path)];
      expect(first.bytes).toEqual(wheelUpload({ version: '1.3' }).content);
      expect(again.bytes).toEqual(first.bytes);
      const refused = await replica.upload(
        index,
        wheelUpload({ version: '1.3', metadata: { Summary: 'x' } }),
      );
      expect(refused.status).toBe(409);
    });
  },
);

test.each(databases)('a replica on %s is changed by no command beside it', async (database) => {
  const replica = await startReplica(await startPrimary(database), database);
  const { config, log } = replica.context;

  await expect(openInstallation(config, log, { mayChangeBeside: true })).rejects.toMatchObject({
    kind: { code: 'kernel.is-replica' },
  });
});

describe.each(databases)('a replica on %s whose primary is gone', (database) => {
  const promotion = { incomplete: false, progress: silentProgress };

  /** A replica that has stopped, with what it was made of. */
  async function stoppedReplica(primary: TestApp, run: (replica: TestApp) => Promise<unknown>) {
    const on = await testDatabase(database, { isBlank: true });
    const kept = { database, on: { ...on, remove: async () => undefined }, serverdir: on.directory };
    const secret = await token(primary, ['server.replicate']);
    const replica = await testApp({ ...kept, replicaOf: { url: primary.url, token: secret } });
    await caughtUp(replica, primary);
    await run(replica);
    const { config, log } = replica.context;
    await replica.close();
    const serve = async () => {
      const app = await testApp({ ...kept, on });
      apps.push(app);
      return app;
    };
    return { config, log, secret, serve };
  }

  async function stop(app: TestApp): Promise<void> {
    apps.splice(apps.indexOf(app), 1);
    await app.close();
  }

  test('becomes a server of its own, which other replicas follow', async () => {
    const primary = await startPrimary('sqlite');
    const { uuid } = primary.context;
    const index = await primary.index({ volatile: true });
    await primary.fill(index, wheelUpload(), wheelUpload({ name: 'gone' }));
    await primary.request('DELETE', `${index.path}/gone`, { auth: index.user.auth });
    const other = await startReplica(primary, 'sqlite');
    const wheel = 'demo-1.0-py3-none-any.whl';
    const { config, log, secret, serve } = await stoppedReplica(primary, async (replica) => {
      const path = await replica.filePath(index, wheel);
      for (const each of [path, `${path}.metadata`]) expect((await replica.get(each)).status).toBe(200);
    });
    await expect(promote(config, log, promotion)).rejects.toThrow('still answers');
    const serial = await primary.storedSerial();
    await caughtUp(other, primary);
    await stop(primary);

    expect(await promote(config, log, promotion)).toEqual({ serial, missing: [] });
    await expect(promote(config, log, promotion)).rejects.toThrow('follows no other one');
    const promoted = await serve();

    expect(promoted.context.uuid).toBe(uuid);
    expect(await promoted.storedSerial()).toBe(serial);
    await promoted.fill(index, wheelUpload({ version: '2.0' }), wheelUpload({ name: 'new' }));
    await promoted.index({ user: await promoted.user('eve') });
    expect(await promoted.filenames(index)).toEqual([wheel, 'demo-2.0-py3-none-any.whl']);

    apps.splice(apps.indexOf(other), 1);
    const follower = await other.restart({ replicaOf: { url: promoted.url, token: secret } });
    apps.push(follower);
    await caughtUp(follower, promoted);
    expect(await rowsOf(follower)).toEqual(await rowsOf(promoted));
  });

  test('stays a replica while files are missing, unless it shall do without them', async () => {
    const primary = await startPrimary('sqlite');
    await primary.fill(await primary.index(), wheelUpload());
    const { config, log, serve } = await stoppedReplica(primary, async () => undefined);
    await stop(primary);

    await expect(promote(config, log, promotion)).rejects.toThrow('2 files are not here, such as');
    const { missing } = await promote(config, log, { ...promotion, incomplete: true });

    expect(missing.map(({ name }) => name.split('/').at(-1))).toContain('demo-1.0-py3-none-any.whl');
    expect((await (await serve()).get('/+api')).status).toBe(200);
  });
});
