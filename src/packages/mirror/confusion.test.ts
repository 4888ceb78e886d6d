import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestApp, TestIndex } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex, sdistFile, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';
import { wheelUpload } from '#test/uploads.ts';

describe.each(databases)('a project that is private and public, on %s', (database) => {
  let app: TestApp;
  let upstream: FixtureIndex;
  let pypi: TestIndex;
  const clock = new TestClock();

  beforeAll(async () => {
    app = await mirrorApp({ database, clock });
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    upstream = await FixtureIndex.start();
    upstream.set('demo', [wheelFile({ version: '99.0' })]);
    pypi = await mirrorOf(app, upstream);
  });

  afterEach(() => upstream.close());

  async function privateIn(options: Record<string, unknown> = {}): Promise<TestIndex> {
    const index = await app.index({ bases: [pypi.full], ...options });
    await app.fill(index, wheelUpload());
    return index;
  }

  const PRIVATE = ['demo-1.0-py3-none-any.whl'];
  const BOTH = ['demo-1.0-py3-none-any.whl', 'demo-99.0-py3-none-any.whl'];

  test('shows the private one only, and upstream is not even asked', async () => {
    const index = await privateIn();
    const above = await app.index({ bases: [pypi.full, index.full] });

    expect(await app.filenames(index)).toEqual(PRIVATE);
    expect(await app.filenames(above)).toEqual(PRIVATE);
    await app.request('POST', `${above.path}/+simple/demo/refresh`);
    expect(upstream.requests()).toBe(0);
    expect(await app.filenames(pypi)).toEqual(['demo-99.0-py3-none-any.whl']);
  });

  test.each([['demo'], ['Demo'], ['*']])('shows both where mirror_whitelist has %s', async (name) => {
    expect(await app.filenames(await privateIn({ mirror_whitelist: [name] }))).toEqual(BOTH);
  });

  test('shows the private one where another project is whitelisted', async () => {
    expect(await app.filenames(await privateIn({ mirror_whitelist: ['other'] }))).toEqual(PRIVATE);
  });

  test('needs the whitelists of all on the way, or of one where they are united', async () => {
    const base = await privateIn({ mirror_whitelist: [] });
    const strict = await app.index({ bases: [base.full], mirror_whitelist: ['demo'] });
    const sticky = await app.index({ bases: [base.full], mirror_whitelist: ['other'] });
    const united = await app.index({
      bases: [(await privateIn({ mirror_whitelist: ['demo'] })).full],
      mirror_whitelist_inheritance: 'union',
    });

    // The first list decides before the private project is met: a whitelisting sticks (devpi).
    expect(await app.filenames(strict)).toEqual(BOTH);
    expect(await app.filenames(sticky)).toEqual(PRIVATE);
    expect(await app.filenames(united)).toEqual(BOTH);
  });

  test('hides the public one as soon as it is uploaded, and shows it when it is removed', async () => {
    const index = await app.index({ bases: [pypi.full] });
    expect(await app.filenames(index)).toEqual(['demo-99.0-py3-none-any.whl']);

    await app.fill(index, wheelUpload());
    expect(await app.filenames(index)).toEqual(PRIVATE);
    await app.request('DELETE', `${index.path}/demo`, { auth: index.user.auth });

    expect(await app.filenames(index)).toEqual(['demo-99.0-py3-none-any.whl']);
  });

  test('changes when the whitelist does', async () => {
    const index = await privateIn();
    expect(await app.filenames(index)).toEqual(PRIVATE);

    await app.request('PATCH', index.path, { json: ['mirror_whitelist+=demo'], auth: index.user.auth });

    expect(await app.filenames(index)).toEqual(BOTH);
  });

  test('shows a whitelisted one that upstream did not have when it was asked first', async () => {
    upstream.remove('demo');
    const index = await privateIn({ mirror_whitelist: ['demo'] });
    expect(await app.filenames(index)).toEqual(PRIVATE);

    upstream.set('demo', [wheelFile({ version: '99.0' })]);
    clock.advance(1_800_000);

    expect(await app.filenames(index)).toEqual(BOTH);
  });

  test('stays hidden when upstream fails', async () => {
    const index = await privateIn();
    upstream.misbehave('*', { status: 500 });

    const { status, headers } = await app.get(`${index.path}/+simple/demo/`);

    expect([status, headers['cache-control']]).toEqual([200, 'no-cache']);
  });
});

describe('mirror_reserved_names', () => {
  test('are never asked upstream, however they are spelt, and stay hidden when known', async () => {
    await using upstream = await FixtureIndex.start();
    for (const name of ['acme', 'acme-tools', 'secret-plan', 'acmeology'])
      upstream.set(name, [wheelFile({ name }), sdistFile({ name })]);
    const app = await mirrorApp({ database: 'sqlite' });
    try {
      const reserved = ['Acme-*', 'Secret_Plan'];
      const index = await mirrorOf(app, upstream, { mirror_reserved_names: reserved });
      const stage = await app.index({ bases: [index.full], mirror_whitelist: ['*'] });
      const filename = 'acme_tools-1.0-py3-none-any.whl';

      for (const { path } of [index, stage]) {
        for (const name of ['acme-tools', 'ACME_tools', 'acme.x', 'secret.plan', 'Secret-Plan']) {
          expect((await app.get(`${path}/+simple/${name}/`)).status).toBe(404);
          await app.request('POST', `${path}/+simple/${name}/refresh`);
        }
      }
      for (const file of [
        filename,
        `${filename}.metadata`,
        'acme-tools-1.0.tar.gz',
        'secret_plan-1.0.tar.gz',
      ])
        expect((await app.get(`${index.path}/+f/abc/0123456789abc/${file}`)).status).toBe(404);

      expect(upstream.paths).toEqual([]);
      expect(await app.filenames(stage, 'acmeology')).toHaveLength(2);
      expect(await app.filenames(stage, 'acme')).toHaveLength(2);
      await app.request('PATCH', index.path, {
        json: ['mirror_reserved_names+=acme'],
        auth: index.user.auth,
      });
      expect(await app.page(stage, 'acme')).toBe(404);
    } finally {
      await app.close();
    }
  });
});

test('what is no project name is never asked upstream, so that no path leads round a reservation', async () => {
  await using upstream = await FixtureIndex.start();
  upstream.set('acme', [wheelFile({ name: 'acme' })]);
  const app = await mirrorApp({ database: 'sqlite' });
  try {
    const index = await mirrorOf(app, upstream, { mirror_reserved_names: ['acme'] });

    for (const name of ['x%2f%252e%252e%2facme', 'x%5c%252e%252e%5cacme', '%252e%252e', 'x%2fy', 'x%3fy'])
      expect((await app.request('POST', `${index.path}/+simple/${name}/refresh`)).status).toBe(404);
    for (const name of ['x%5c%252e%252e%5cacme-1.zip', '%252e%252e-1.0.tar.gz', 'x%3fy-1.0.zip'])
      expect((await app.get(`${index.path}/+f/abc/0123456789abc/${name}`)).status).toBe(404);

    expect(upstream.paths).toEqual([]);
  } finally {
    await app.close();
  }
});

describe('the credentials of a mirror', () => {
  test('reach its own origin and nobody else: no client, log, event or answer', async () => {
    const auth = { user: 'mirror-user', password: 'very/secret:p@ss%' };
    await using files = await FixtureIndex.start();
    await using upstream = await FixtureIndex.start({ auth, fileHost: files });
    const file = wheelFile();
    upstream.set('demo', [file]);
    const app = await mirrorApp({ database: 'sqlite' });
    const seen: string[] = [];
    const asked = async (method: string, path: string, options: Parameters<TestApp['request']>[2] = {}) => {
      const response = await app.request(method, path, options);
      seen.push(JSON.stringify(response.headers), response.text);
      return response;
    };
    try {
      const user = await app.user();
      const url = upstream.urlWithCredentials;
      const json = { type: 'mirror', mirror_url: url };
      expect((await asked('PUT', `/${user.name}/m`, { json, auth: user.auth })).status).toBe(200);
      const path = `/${user.name}/m`;
      const index = { user, name: 'm', path, full: path.slice(1) };

      expect(await app.filenames(index)).toEqual([file.filename]);
      const filePath = await app.filePath(index, file.filename);
      await asked('GET', path);
      await asked('GET', '/');
      await asked('GET', `/${user.name}`);
      await asked('GET', `${path}/+api`);
      await asked('GET', `${path}/+simple/`);
      await asked('GET', `${path}/+simple/demo/`);
      await asked('GET', filePath, { headers: { accept: 'application/json' } });
      await asked('GET', filePath);
      await asked('GET', '/+metrics');
      await asked('GET', '/+events');
      await asked('PATCH', path, { json: ['title=Mirror'], auth: user.auth });
      await asked('PATCH', path, { json: ['mirror_use_external_urls=true'], auth: user.auth });
      await asked('GET', `${path}/+f/abc/0123456789abc/${file.filename}`);
      upstream.misbehave('*', { status: 401 });
      await asked('GET', `${path}/+simple/other/`);
      await upstream.leave();
      await asked('GET', `${path}/+simple/third/`, { headers: { accept: 'text/html' } });
      await asked('PATCH', path, { json: ['mirror_url=not a url'], auth: user.auth });
      seen.push(JSON.stringify(await app.eventsWithData()), app.logged);

      // What is shown may be sent back without losing what was hidden.
      const shown = (await app.get(`${path}?no_projects`)).json().result;
      expect(shown.mirror_url).toBe(upstream.url);
      const put = await asked('PATCH', path, { json: { ...shown, title: 'again' }, auth: user.auth });
      expect(put.status).toBe(200);
      await upstream.comeBack();
      upstream.behave();
      expect(await app.filenames(index)).toEqual([file.filename]);
      upstream.set('fresh', [wheelFile({ name: 'fresh' })]);
      expect(await app.filenames(index, 'fresh')).toHaveLength(1);

      const encoded = new URL(url);
      const basic = Buffer.from(`${auth.user}:${auth.password}`).toString('base64');
      for (const secret of [auth.password, encoded.password, auth.user, basic]) {
        expect(seen.filter((text) => text.includes(secret))).toEqual([]);
      }
      expect(upstream.lastHeaders('/simple/demo/')?.authorization).toBe(`Basic ${basic}`);
      expect(files.lastHeaders(files.filePath('demo', file.filename))?.authorization).toBeUndefined();
      app.errors();
    } finally {
      await app.close();
    }
  });
});
