import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';
import { wheelUpload } from '#test/uploads.ts';

describe.each(databases)('search on %s', (database) => {
  let app: TestApp;
  let upstream: FixtureIndex;
  let index: TestIndex;
  beforeAll(async () => {
    app = await mirrorApp({ database });
    upstream = await FixtureIndex.start();
    index = await app.index({ acl_upload: [':ANONYMOUS:'] });
    await add(index, 'sun-panel', 'Draws panels (HTTP/2 ready)');
    await add(index, 'sun', 'The star');
    await add(index, 'sunflower', 'A plant');
    await add(index, 'my-sun-tools', 'Much');
    await add(index, 'misunderstood', 'Nobody knows');
    await add(index, 'moon', 'Shines by the sun at night. Größe und Maß');
  });
  afterAll(async () => {
    await upstream[Symbol.asyncDispose]();
    await app.close();
  });

  async function add(on: TestIndex, name: string, summary: string, version = '1.0') {
    await app.fill(on, wheelUpload({ name, version, metadata: { Summary: summary } }));
  }
  async function search(query: string, auth?: Auth) {
    const response = await app.request('GET', `/+search?${query}`, { auth });
    expect(response.status, response.text).toBe(200);
    return response.json();
  }
  async function names(query: string, auth?: Auth): Promise<string[]> {
    return (await search(query, auth)).results.map(({ project }: { project: string }) => project);
  }

  test('finds the name, then those that begin so, words, parts of words, and summaries', async () => {
    const { results, ...rest } = await search('q=sun');

    expect(results.map(({ project, match }: never) => [project, match])).toEqual([
      ['sun', 'exact'],
      ['sun-panel', 'prefix'],
      ['sunflower', 'prefix'],
      ['my-sun-tools', 'word'],
      ['misunderstood', 'substring'],
      ['moon', 'summary'],
    ]);
    expect(rest).toEqual({ query: 'sun', total: 6, isComplete: true, page: 1, pages: 1 });
    expect(results[0]).toEqual({
      index: index.full,
      type: 'stage',
      project: 'sun',
      version: '1.0',
      summary: 'The star',
      match: 'exact',
      texts: [],
      moreTexts: 0,
    });
  });

  test.each([
    ['SUN.Panel', ['sun-panel']],
    ['sun_tools', ['my-sun-tools']],
    ['un-pan', ['sun-panel']],
    ['tools sun', ['my-sun-tools']],
    ['sun night', ['moon']],
    ['http/2', ['sun-panel']],
    ['größe', ['moon']],
    ['Gro\u0308ße', ['moon']],
    ['maß', ['moon']],
    ['mo', ['moon']],
    ['oo', []],
    ['%', []],
    ['"', []],
    ["su' or 1=1 --", []],
    ['', []],
    ['x'.repeat(5000), []],
  ])('finds for %s: %j', async (query, found) => {
    expect(await names(`q=${encodeURIComponent(query)}`)).toEqual(found);
  });

  test('gives pages, and refuses numbers that are none', async () => {
    expect(await search('q=sun&limit=2&page=2')).toMatchObject({
      total: 6,
      pages: 3,
      results: [{ project: 'sunflower' }, { project: 'my-sun-tools' }],
    });
    expect((await search('q=sun&limit=2&page=9')).results).toEqual([]);
    expect((await search(`q=moon&q=sun&index=a/b&index=${index.full}`)).total).toBe(6);
    for (const wrong of ['page=0', 'page=x', 'limit=-1', 'limit=1.5']) {
      expect((await app.get(`/+search?q=sun&${wrong}`)).status).toBe(400);
    }
  });

  test('follows what is uploaded, yanked, removed and deleted, and nothing that is refused', async () => {
    const own = await app.index();
    const entry = async () => (await search('q=venus')).results[0];
    await add(own, 'venus', 'first', '1.0');
    expect(await entry()).toMatchObject({ version: '1.0', summary: 'first' });
    await add(own, 'venus', 'second', '2.0');
    await add(own, 'venus', 'a candidate', '3.0rc1');
    await add(own, 'venus', 'an old one', '0.9');
    expect(await entry()).toMatchObject({ version: '2.0', summary: 'second' });
    expect(await names('q=first')).not.toContain('venus');

    const json = { reason: 'broken' };
    await app.request('PUT', `${own.path}/venus/2.0/+yank`, { json, auth: own.user.auth });
    expect(await entry()).toMatchObject({ version: '1.0', summary: 'first' });
    await app.request('DELETE', `${own.path}/venus/2.0/+yank`, { json: {}, auth: own.user.auth });
    expect(await entry()).toMatchObject({ version: '2.0' });

    await app.request('DELETE', `${own.path}/venus/2.0?force`, { auth: own.user.auth });
    await app.request('DELETE', `${own.path}/venus/1.0?force`, { auth: own.user.auth });
    await app.request('DELETE', `${own.path}/venus/0.9?force`, { auth: own.user.auth });
    expect(await entry()).toMatchObject({ version: '3.0rc1', summary: 'a candidate' });
    const path = await app.filePath(own, 'venus-3.0rc1-py3-none-any.whl', 'venus');
    await app.request('PUT', `${own.path}/venus/3.0rc1/+yank`, { json, auth: own.user.auth });
    expect(await entry()).toMatchObject({ version: null, summary: 'a candidate' });

    await app.request('DELETE', `${path}?force`, { auth: own.user.auth });
    expect(await entry()).toBeUndefined();
    await add(own, 'venus', 'again');
    await app.request('PATCH', own.path, { json: ['volatile=True'], auth: own.user.auth });
    expect((await app.request('DELETE', own.path, { auth: own.user.auth })).status).toBe(201);
    expect(await entry()).toBeUndefined();
  });

  test('shows each reader what that one may read, in what is found and how much of it', async () => {
    const reader = await app.user();
    const secret = await app.index({ acl_read: [reader.name] });
    await add(secret, 'jupiter', 'A secret of the sun');

    for (const [auth, found] of [
      [undefined, 0],
      [index.user.auth, 0],
      [reader.auth, 1],
      [secret.user.auth, 1],
      [ROOT, 1],
    ] as const) {
      expect(await search('q=jupiter', auth)).toMatchObject({ total: found });
      expect((await search('q=secret', auth)).total).toBe(found);
    }
    expect((await app.get(`/+search?q=jupiter&index=${secret.full}`)).status).toBe(401);
    const { headers } = await app.get('/+search?q=jupiter');
    expect(headers['cache-control']).toBe('private, no-cache');
    expect(headers['vary']).toContain('Authorization');
  });

  test('finds what upstream lists and is here, without asking upstream, own before it', async () => {
    for (const name of ['saturn', 'saturn-rings', 'my-saturn']) upstream.set(name, [wheelFile()]);
    const mirror = await mirrorOf(app, upstream);
    const stage = await app.index({ bases: [mirror.full] });
    const asked = upstream.requests();

    expect(await names('q=saturn')).toEqual([]);
    expect(upstream.requests()).toBe(asked);

    await app.get(`${mirror.path}/+simple/`);
    expect(await names('q=saturn')).toEqual(['saturn', 'saturn-rings', 'my-saturn']);
    await add(stage, 'saturn', 'Ours');
    const { results } = await search('q=saturn');
    expect(results.map(({ index: of, project }: never) => `${of} ${project}`).slice(0, 2)).toEqual([
      `${stage.full} saturn`,
      `${mirror.full} saturn`,
    ]);

    // What the index shows of it: the private project hides that of the mirror.
    const shown = (await search(`q=saturn&index=${stage.full}`)).results;
    expect(shown.map(({ index: of, project }: never) => `${of} ${project}`)).toEqual([
      `${stage.full} saturn`,
      `${mirror.full} saturn-rings`,
      `${mirror.full} my-saturn`,
    ]);
    expect((await app.get('/+search?q=x&index=no/such')).status).toBe(404);
  });

  test('a project that is private and hidden hides that of the mirror from those who cannot see it', async () => {
    upstream.set('neptune', [wheelFile()]);
    const mirror = await mirrorOf(app, upstream);
    await app.get(`${mirror.path}/+simple/`);
    const hidden = await app.index({ acl_read: ['root'] });
    await add(hidden, 'neptune', 'Ours');
    const stage = await app.index({ user: hidden.user, bases: [hidden.full, mirror.full] });

    expect(await names(`q=neptune&index=${stage.full}`)).toEqual([]);
    expect(await names(`q=neptune&index=${stage.full}`, ROOT)).toEqual(['neptune']);
    expect(await names('q=neptune')).toEqual(['neptune']);
  });
});
