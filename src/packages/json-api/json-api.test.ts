import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestApp } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';

describe.each(databases)("PyPI's JSON API on %s", (database) => {
  let app: TestApp;
  let upstream: FixtureIndex;
  beforeAll(async () => {
    app = await mirrorApp({ database });
    upstream = await FixtureIndex.start();
  });
  afterAll(async () => {
    await upstream[Symbol.asyncDispose]();
    await app.close();
  });

  test('tells of a project with all releases, the version that installers take, files and digests', async () => {
    const index = await app.index();
    const metadata = {
      Summary: 'Draws',
      'Requires-Dist': 'attrs>=20',
      'Project-URL': 'Source, https://git.example.com/demo',
    };
    await app.fill(
      index,
      wheelUpload({ version: '1.0', metadata }),
      sdistUpload({ version: '1.0' }),
      wheelUpload({ version: '1.1', metadata }),
      wheelUpload({ version: '2.0a1' }),
    );

    const response = await app.get(`${index.path}/Demo/json`);

    expect([response.status, response.headers['content-type']]).toEqual([200, 'application/json']);
    const { info, releases, urls, vulnerabilities, last_serial } = response.json();
    expect(info).toMatchObject({
      name: 'demo',
      version: '1.1',
      summary: 'Draws',
      requires_dist: ['attrs>=20'],
      project_urls: { Source: 'https://git.example.com/demo' },
      yanked: false,
      yanked_reason: null,
    });
    expect(Object.keys(releases)).toEqual(['1.0', '1.1', '2.0a1']);
    expect(releases['1.0'].map(({ packagetype }: never) => packagetype)).toEqual(['bdist_wheel', 'sdist']);
    expect([vulnerabilities, last_serial]).toEqual([[], app.context.events.serial]);
    const [file] = urls;
    expect(file).toMatchObject({
      filename: 'demo-1.1-py3-none-any.whl',
      python_version: 'py3',
      digests: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/), md5: file.md5_digest },
      upload_time: file.upload_time_iso_8601.slice(0, 19),
    });
    const bytes = await app.get(new URL(file.url).pathname);
    expect([bytes.status, bytes.bytes.length]).toEqual([200, file.size]);
  });

  test.each(['demo/json', '+simple/Demo/json', 'pypi/demo/json', 'demo/1.0/json', 'pypi/demo/1.0/json'])(
    'answers at %s',
    async (path) => {
      const index = await app.index();
      await app.fill(index, wheelUpload({ version: '1.0' }));

      const response = await app.get(`${index.path}/${path}`, { accept: 'application/json' });

      expect([response.status, response.json().info.version]).toEqual([200, '1.0']);
      expect('releases' in response.json()).toBe(!path.includes('1.0'));
    },
  );

  test('shows yanked files as such, and chooses another version', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload({ version: '1.0' }), wheelUpload({ version: '1.1' }));
    await app.request('PUT', `${index.path}/demo/1.1/+yank`, {
      json: { reason: 'bad' },
      auth: index.user.auth,
    });

    const { info, releases } = (await app.get(`${index.path}/demo/json`)).json();

    expect(info.version).toBe('1.0');
    expect(releases['1.1']).toMatchObject([{ yanked: true, yanked_reason: 'bad' }]);
    const release = (await app.get(`${index.path}/demo/1.1/json`)).json();
    expect(release.info).toMatchObject({ yanked: true, yanked_reason: 'bad' });
  });

  test('is of what an index inherits and mirrors', async () => {
    const file = wheelFile({ name: 'demo', version: '3.0' });
    upstream.set('demo', [file]);
    const user = await app.user();
    const [own, mirror] = [await app.index({ user }), await mirrorOf(app, upstream)];
    const index = await app.index({ user, bases: [own.full, mirror.full], mirror_whitelist: ['demo'] });
    await app.fill(own, wheelUpload({ version: '1.0' }));

    const { info, releases } = (await app.get(`${index.path}/demo/json`)).json();

    expect([info.version, Object.keys(releases)]).toEqual(['3.0', ['1.0', '3.0']]);
    expect(releases['3.0'][0].url).toContain(`${mirror.path}/+f/`);
    expect((await app.get(`${mirror.path}/demo/json`)).json().info.version).toBe('3.0');
  });

  test('answers 304 to who has it, also after events elsewhere', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload());
    const path = `${index.path}/demo/json`;
    const first = await app.get(path);
    await app.index();

    const again = await app.get(path, { 'if-none-match': first.headers['etag'] ?? '' });

    expect([again.status, again.bytes.length]).toEqual([304, 0]);
    await app.fill(index, wheelUpload({ version: '1.1' }));
    expect((await app.get(path, { 'if-none-match': first.headers['etag'] ?? '' })).status).toBe(200);
  });

  test('of a private index is for its readers', async () => {
    const index = await app.index({ acl_read: ['nobody-else'] });
    await app.fill(index, wheelUpload());

    expect((await app.get(`${index.path}/demo/json`)).status).toBe(401);
    const own = await app.request('GET', `${index.path}/demo/json`, { auth: index.user.auth });
    expect([own.status, own.headers['cache-control']]).toEqual([200, 'private, no-cache']);
  });

  test('leaves a version that is called json, and a project that is called pypi, where they were', async () => {
    const index = await app.index();
    const registered = await app.request('POST', `${index.path}/`, {
      body: ':action=submit&name=odd&version=json',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      auth: index.user.auth,
    });
    expect(registered.status, registered.text).toBe(200);
    await app.fill(index, wheelUpload({ name: 'pypi', version: '1.0' }));

    expect((await app.get(`${index.path}/odd/json`)).json()).toMatchObject({ type: 'versiondata' });
    expect((await app.get(`${index.path}/pypi/json`)).json().info.name).toBe('pypi');
    expect((await app.get(`${index.path}/pypi/1.0/json`)).json().info.name).toBe('pypi');
    expect((await app.get(`${index.path}/pypi/odd/json`)).json().info.name).toBe('odd');
    await app.events();
  });

  test.each(['nothing/json', 'demo/9/json', 'pypi/nothing/json'])('%s is 404', async (path) => {
    const index = await app.index();
    await app.fill(index, wheelUpload());

    const response = await app.get(`${index.path}/${path}`);

    expect(response.status).toBe(404);
  });
});
