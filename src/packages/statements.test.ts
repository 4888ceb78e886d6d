import type { Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { databases, testDatabase } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';

/**
 * The statements that the database is asked until `run` ends. PostgreSQL may still announce what was changed before, and the
 * server then reads the log; that is none of the request's.
 */
async function countStatements(db: Kysely<never>, run: () => Promise<unknown>): Promise<number> {
  const executor = db.getExecutor();
  const execute = executor.executeQuery;
  let count = 0;
  executor.executeQuery = function counting(...query) {
    if (!query[0].sql.includes('from "event"')) count += 1;
    return execute.apply(this, query) as never;
  };
  try {
    await run();
  } finally {
    executor.executeQuery = execute;
  }
  return count;
}

describe.each(databases)('the statements of a request, on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(() => app.close());

  const get = async (path: string, auth?: Auth) => {
    const response = await app.request('GET', path, { auth, headers: { accept: JSON_TYPE } });
    expect(response.status, response.text).toBe(200);
    return response;
  };
  const count = (path: string, auth?: Auth) =>
    countStatements(app.context.db as unknown as Kysely<never>, () => get(path, auth));

  /** An index with a project, above as many others. */
  async function above(bases: number, options: Record<string, unknown> = {}): Promise<TestIndex> {
    const below: TestIndex[] = [];
    for (let at = 0; at < bases; at += 1) below.push(await app.index({ title: 't', ...options }));
    const index = await app.index({ bases: below.map(({ full }) => full) });
    await app.fill(index, wheelUpload());
    return index;
  }

  test('of a page do not grow with its bases, and a page that is known asks none', async () => {
    const [few, many] = [await above(1), await above(7)];
    const pages = [few, many].map(({ path }) => `${path}/+simple/demo/`);

    const cold = [await count(pages[0] ?? ''), await count(pages[1] ?? '')];

    expect(cold).toEqual([5, 5]);
    expect([await count(pages[0] ?? ''), await count(pages[1] ?? '')]).toEqual([0, 0]);
  });

  test('of a file that everybody may read are none when it is asked for again', async () => {
    const index = await above(0);
    const path = await app.filePath(index, 'demo-1.0-py3-none-any.whl');

    expect(await count(path)).toBe(3);
    expect(await count(path)).toBe(0);
  });

  test('of a page or a file with readers are none for one who is known', async () => {
    const index = await above(0);
    const { auth } = index.user;
    const file = await app.filePath(index, 'demo-1.0-py3-none-any.whl');
    await app.request('PATCH', index.path, { json: { acl_read: [] }, auth });
    const merged = await app.index({ bases: [index.full], user: index.user });

    for (const path of [
      `${index.path}/+simple/demo/`,
      `${merged.path}/+simple/demo/`,
      file,
      `${file}.metadata`,
    ]) {
      expect(await count(path, auth)).toBeGreaterThan(0);
      expect(await count(path, auth), path).toBe(0);
    }
  });
});

test('readers that one server process names are those of the others, at once', async () => {
  const on = await testDatabase('postgres');
  const one = await testApp({ database: 'postgres', on });
  const two = await testApp({ database: 'postgres', on });
  try {
    const index = await one.index();
    await one.fill(index, wheelUpload({ name: 'demo' }));
    const above = await one.index({ bases: [index.full] });
    const group = (method: string, json: unknown) =>
      one.request(method, '/+groups/team', { json, auth: ['root', ''] });
    const member = await one.user();
    expect((await group('PUT', { members: [] })).status).toBeLessThan(300);
    const change = async (acl: string) => {
      const response = await one.request('PATCH', index.path, { json: [acl], auth: index.user.auth });
      expect(response.status, response.text).toBe(200);
    };
    const statuses = async (auth?: Auth) =>
      await Promise.all(
        [`${index.path}/+simple/demo/`, `${above.path}/+simple/demo/`].map(
          async (path) => (await two.request('GET', path, { auth })).status,
        ),
      );
    const page = () => expect.poll(async () => await statuses(), { interval: 5 });
    await page().toEqual([200, 200]);

    await change('acl_read=:team');
    await page().toEqual([401, 404]);
    expect(await statuses(index.user.auth)).toEqual([200, 200]);
    expect(await statuses(index.user.auth)).toEqual([200, 200]);
    expect(await statuses(member.auth)).toEqual([403, 404]);

    expect((await group('PATCH', { add: [member.name] })).status).toBe(200);
    await expect.poll(async () => await statuses(member.auth), { interval: 5 }).toEqual([200, 200]);
    expect((await group('PATCH', { remove: [member.name] })).status).toBe(200);
    await expect.poll(async () => await statuses(member.auth), { interval: 5 }).toEqual([403, 404]);
    await change('acl_read-=');
    await page().toEqual([200, 200]);
  } finally {
    await two.close();
    await one.close();
    await on.remove();
  }
});
