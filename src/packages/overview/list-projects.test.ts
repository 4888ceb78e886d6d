import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Identity } from '#kernel/identity.ts';
import { anonymous } from '#kernel/identity.ts';
import type { TestApp, TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';
import type { PackagesContext } from '../context.ts';
import { readReading, viewOf } from '../inheritance/reading.ts';
import { fullName } from '../model/index.ts';
import { listProjects, type ListProjects } from './list-projects.ts';

describe.each(databases)('the projects that an index shows, on %s', (database) => {
  let app: TestApp;
  let upstream: FixtureIndex;
  beforeAll(async () => {
    upstream = await FixtureIndex.start();
    app = await mirrorApp({ database });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  const context = () => app.context as PackagesContext;

  async function list(index: TestIndex, query: Partial<ListProjects> = {}, identity: Identity = anonymous) {
    const reading = await readReading(context(), { user: index.user.name, name: index.name });
    const view = viewOf(context(), reading, identity);
    return await listProjects(context(), view, {
      scope: 'all',
      filter: '',
      sort: 'name',
      page: 1,
      ...query,
    });
  }

  const lines = async (...given: Parameters<typeof list>) =>
    (await list(...given)).projects.map(
      ({ name, newest, from }) =>
        `${name} ${newest?.version ?? 'none'}${newest?.isPre ? ' pre' : ''}${newest?.isYanked ? ' yanked' : ''} ${fullName(from)}`,
    );

  const owner = (index: TestIndex): Identity => ({ ...anonymous, user: index.user.name });

  test('have the version that pip takes, and the index that serves it', async () => {
    const base = await app.index();
    const index = await app.index({ bases: [base.full] });
    await app.fill(base, wheelUpload({ name: 'both', version: '2.0' }), wheelUpload({ name: 'far' }));
    await app.fill(
      index,
      wheelUpload({ name: 'both', version: '1.0' }),
      wheelUpload({ name: 'pre', version: '1.0rc1' }),
      wheelUpload({ name: 'done', version: '1.0' }),
      wheelUpload({ name: 'done', version: '2.0.dev1' }),
      wheelUpload({ name: 'gone', version: '1.0' }),
    );
    await app.request('PUT', `${index.path}/gone/1.0/+yank`, { json: {}, auth: index.user.auth });

    expect(await lines(index)).toEqual([
      `both 2.0 ${base.full}`,
      `done 1.0 ${index.full}`,
      `far 1.0 ${base.full}`,
      `gone 1.0 yanked ${index.full}`,
      `pre 1.0rc1 pre ${index.full}`,
    ]);
    expect((await list(index)).counts).toEqual({ all: 5, own: 4, inherited: 1 });
    expect(await lines(index, { scope: 'inherited' })).toEqual([`far 1.0 ${base.full}`]);
    expect(await lines(index, { scope: 'own', filter: 'Do_' })).toEqual([]);
    expect(await lines(index, { scope: 'own', filter: 'DO' })).toEqual([`done 1.0 ${index.full}`]);
  });

  test('let the nearest index decide about a file name that several have', async () => {
    const base = await app.index();
    const index = await app.index({ bases: [base.full] });
    await app.fill(base, wheelUpload({ version: '1.0' }), wheelUpload({ version: '0.9' }));
    await app.fill(index, wheelUpload({ version: '1.0' }));
    await app.request('PUT', `${index.path}/demo/1.0/+yank`, { json: {}, auth: index.user.auth });

    expect(await lines(index)).toEqual([`demo 0.9 ${base.full}`]);

    await app.fill(base, sdistUpload({ version: '1.0' }));
    expect(await lines(index)).toEqual([`demo 1.0 ${base.full}`]);
  });

  test('carry summary and time, and are sorted by either', async () => {
    const index = await app.index();

    await app.fill(index, wheelUpload({ name: 'zebra', metadata: { Summary: 'Stripes' } }));
    await app.fill(index, wheelUpload({ name: 'ant' }));

    const found = await list(index, { sort: '-changed' });

    expect(found.projects.map(({ name }) => name)).toEqual(['ant', 'zebra']);
    expect(found.projects.every(({ changedAt = 0 }) => Math.abs(changedAt - Date.now()) < 60_000)).toBe(true);
    const upwards = await list(index, { sort: 'changed' });
    expect(upwards.projects.map(({ name }) => name)).toEqual(['zebra', 'ant']);
    expect((await list(index, { sort: '-name' })).projects.map(({ name }) => name)).toEqual(['zebra', 'ant']);
    expect(found.projects.map(({ summary }) => summary)).toEqual([undefined, 'Stripes']);
  });

  test('of a mirror are those that somebody asked for, and upstream is not asked', async () => {
    upstream.set('flask', [
      { filename: 'flask-3.2.1.tar.gz', bytes: Buffer.of(1) },
      { filename: 'flask-4.0rc1.tar.gz', bytes: Buffer.of(1) },
    ]);
    upstream.set('never', [{ filename: 'never-1.0.tar.gz', bytes: Buffer.of(1) }]);
    const mirror = await mirrorOf(app, upstream);
    const index = await app.index({ bases: [mirror.full] });
    await app.page(index, 'flask');
    const asked = upstream.requests();

    expect(await lines(index)).toEqual([`flask 3.2.1 ${mirror.full}`]);
    expect(await lines(mirror)).toEqual([`flask 3.2.1 ${mirror.full}`]);
    expect((await list(index)).counts).toEqual({ all: 1, own: 0, inherited: 1 });
    expect(upstream.requests()).toBe(asked);

    await app.fill(index, wheelUpload({ name: 'flask', version: '0.1' }));
    expect(await lines(index)).toEqual([`flask 0.1 ${index.full}`]);
    await app.request('PATCH', index.path, { json: { mirror_whitelist: ['flask'] }, auth: index.user.auth });
    expect(await lines(index)).toEqual([`flask 3.2.1 ${mirror.full}`]);
  });

  test('leave out what the reader may not read, and what it hides of mirrors', async () => {
    upstream.set('secret', [{ filename: 'secret-9.0.tar.gz', bytes: Buffer.of(1) }]);
    upstream.set('open', [{ filename: 'open-1.0.tar.gz', bytes: Buffer.of(1) }]);
    const mirror = await mirrorOf(app, upstream);
    for (const name of ['secret', 'open']) await app.page(mirror, name);
    const hidden = await app.index();
    await app.fill(hidden, wheelUpload({ name: 'secret' }), wheelUpload({ name: 'other' }));
    const index = await app.index({ user: hidden.user, bases: [hidden.full, mirror.full] });
    await app.request('PATCH', hidden.path, { json: { acl_read: [] }, auth: hidden.user.auth });

    expect(await lines(index, {}, owner(hidden))).toEqual([
      `open 1.0 ${mirror.full}`,
      `other 1.0 ${hidden.full}`,
      `secret 1.0 ${hidden.full}`,
    ]);
    expect(await lines(index)).toEqual([`open 1.0 ${mirror.full}`]);
    expect((await list(index)).counts).toEqual({ all: 1, own: 0, inherited: 1 });

    await app.request('PATCH', index.path, {
      json: { mirror_whitelist: ['secret'], mirror_whitelist_inheritance: 'union' },
      auth: index.user.auth,
    });
    expect(await lines(index)).toEqual([`open 1.0 ${mirror.full}`, `secret 9.0 ${mirror.full}`]);
  });

  test('come fifty a page, with as many statements whatever there is, read in the order of a key', async () => {
    const [base, other] = [await app.index(), await app.index()];
    const index = await app.index({ bases: [base.full, other.full] });
    await insertProjects([index, base, other], 10_000);
    const statements: string[] = [];
    const executor = (app.context.db as unknown as Kysely<never>).getExecutor();
    const execute = executor.executeQuery;
    executor.executeQuery = function recording(...query) {
      if (!query[0].sql.includes('from "event"')) statements.push(query[0].sql);
      return execute.apply(this, query) as never;
    };
    let page;
    try {
      page = await list(index, { page: 2 });
    } finally {
      executor.executeQuery = execute;
    }

    expect(page.projects).toHaveLength(50);
    expect(page.projects[0]?.name).toBe('project-00050');
    expect(page.counts).toEqual({ all: 30_000, own: 10_000, inherited: 20_000 });
    expect(statements).toHaveLength(6);
    if (database === 'sqlite') {
      const names = statements.find((text) => text.includes('limit')) ?? '';
      const plan = await explain(names, [index, base, other]);
      expect(plan).toContain('MERGE (UNION)');
      expect(plan).not.toContain('TEMP B-TREE');
    }
    if (database === 'sqlite') {
      const { rows } = await sql<{ detail: string }>`explain query plan
        select max(uploaded_at) from release_file where project_id = 1`.execute(app.context.db);
      expect(rows.map(({ detail }) => detail).join('\n')).toContain('COVERING INDEX release_file_by_upload');
    }
    expect((await list(index, { sort: 'changed', page: 600 })).projects).toHaveLength(50);
    expect((await list(index, { filter: '00050' })).counts.all).toBe(1);
  });

  async function explain(statement: string, indexes: readonly TestIndex[]): Promise<string> {
    const ids = await Promise.all(indexes.map(async (each) => await idOf(each)));
    let position = 0;
    const filled = statement.replaceAll('?', () => String(ids[position++] ?? 50));
    const { rows } = await sql<{ detail: string }>`explain query plan ${sql.raw(filled)}`.execute(
      app.context.db,
    );
    return rows.map(({ detail }) => detail).join('\n');
  }

  async function idOf({ user, name }: TestIndex): Promise<number> {
    const { order } = await readReading(context(), { user: user.name, name });
    return order[0].id;
  }

  async function insertProjects(indexes: readonly TestIndex[], count: number): Promise<void> {
    const db = app.context.db.withTables<{
      project: { index_id: number; name: string; display_name: string };
    }>();
    for (const [position, index] of indexes.entries()) {
      const id = await idOf(index);
      const rows = Array.from({ length: count }, (_each, at) => {
        const name = `project-${String(position * count + at).padStart(5, '0')}`;
        return { index_id: id, name, display_name: name };
      });
      for (let start = 0; start < count; start += 5000) {
        await db
          .insertInto('project')
          .values(rows.slice(start, start + 5000))
          .execute();
      }
    }
  }
});
