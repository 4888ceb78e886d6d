import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ROOT, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp } from '#test/mirrors.ts';

const settings = { 'packages.mirror-private-addresses': 'root' } as const;

describe.each(databases)('a mirror of a private address on %s', (database) => {
  let app: TestApp;
  let upstream: FixtureIndex;

  beforeAll(async () => {
    app = await mirrorApp({ database, settings });
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    upstream = await FixtureIndex.start();
    upstream.set('demo', [wheelFile()]);
  });

  afterEach(() => upstream.close());

  const mirror = (url: string) => app.index({ type: 'mirror', mirror_url: url });
  const setUrl = (index: TestIndex, url: string, auth = index.user.auth) =>
    app.request('PATCH', index.path, { json: [`mirror_url=${url}`], auth });

  test('that a user made is never asked, and says the same of open ports, closed ones and names', async () => {
    const gone = await FixtureIndex.start();
    await gone.close();
    const hosts = [
      new URL(upstream.url).host,
      new URL(gone.url).host,
      `localhost:${new URL(upstream.url).port}`,
      '10.0.0.1',
      '[::1]',
      'there-is-no-such-host.invalid',
    ];

    for (const host of hosts) {
      const index = await mirror(`http://${host}/simple/`);
      for (const path of ['+simple/demo/', '+simple/']) {
        const { status, text } = await app.get(`${index.path}/${path}`);
        expect([status, text.includes(`${host} is at a private address, or there is no such host`)]).toEqual([
          502,
          true,
        ]);
      }
    }
    expect(upstream.requests()).toBe(0);
  });

  test('that root made for a user is asked, until the user names another URL', async () => {
    const user = await app.user();
    const path = `/${user.name}/company`;
    const json = { type: 'mirror', mirror_url: upstream.url };
    expect((await app.request('PUT', path, { json, auth: ROOT })).status).toBe(200);
    const index = { user, name: 'company', path, full: `${user.name}/company` };
    expect(await app.filenames(index)).toHaveLength(1);

    expect((await app.request('PATCH', path, { json: ['title=ours'], auth: user.auth })).status).toBe(200);
    expect((await app.get(`${path}/+simple/other/`)).status).toBe(404);
    expect((await setUrl(index, `${upstream.origin}/elsewhere/`)).status).toBe(200);

    expect(await app.page(index)).toBe(502);
    expect(upstream.paths.filter((asked) => asked.startsWith('/elsewhere/'))).toEqual([]);
  });

  test('that a user made is asked once root has vouched for its URL', async () => {
    const index = await mirror(upstream.url);
    expect(await app.page(index)).toBe(502);

    expect((await setUrl(index, upstream.url, ROOT)).status).toBe(200);

    expect(await app.filenames(index)).toHaveLength(1);
  });
});

test('mirrors are made by root only where the setting says so', async () => {
  await using stack = new AsyncDisposableStack();
  const app = await mirrorApp({ database: 'sqlite', settings: { 'packages.mirror-creation': 'root' } });
  stack.defer(() => app.close());
  const user = await app.user();
  const json = { type: 'mirror', mirror_url: 'https://packages.example.com/simple/' };
  const path = `/${user.name}/company`;

  const refused = await app.request('PUT', path, { json, auth: user.auth });
  expect([refused.status, refused.reason]).toEqual([
    403,
    expect.stringContaining('only root may make mirrors'),
  ]);
  expect((await app.request('PUT', path, { json, auth: ROOT })).status).toBe(200);
  const patch = (json: string[]) => app.request('PATCH', path, { json, auth: user.auth });
  expect((await patch(['mirror_url=https://elsewhere.example.com/'])).status).toBe(403);
  expect((await patch(['title=ours'])).status).toBe(200);
  await app.index({ user });
});
