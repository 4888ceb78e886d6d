import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestApp } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases, testDatabase } from '#test/databases.ts';
import { digest, FixtureIndex, sdistFile, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';
import { wheelUpload } from '#test/uploads.ts';
import type { PackagesTables } from '../tables.ts';

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
const HALF_HOUR = 1_800_000;

describe.each(databases)('a mirror on %s', (database) => {
  let app: TestApp;
  let upstream: FixtureIndex;
  let clock: TestClock;

  beforeAll(async () => {
    clock = new TestClock();
    app = await mirrorApp({ database, clock, settings: { 'packages.mirror-refresh-seconds': 0.1 } });
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    upstream = await FixtureIndex.start();
  });

  afterEach(() => upstream.close());

  const mirror = (options: Record<string, unknown> = {}) =>
    app.index({ type: 'mirror', mirror_url: upstream.url, ...options });

  test('shows every field that upstream knows, on its own page and on that of a stage above', async () => {
    const file = wheelFile({
      requiresPython: '>=3.9,<4',
      yanked: 'broken <b>',
      provenance: 'https://upstream.example/integrity/demo/provenance',
      hashes: ['sha256', 'md5'],
    });
    const status = { status: 'archived', reason: 'moved & gone' };
    upstream.set('demo', { files: [file], versions: ['0.9', '1.0'], status, serial: 77 });
    const index = await mirror();
    const stage = await app.index({ bases: [index.full] });

    const page = await app.page(index);
    const merged = await app.page(stage);

    const sha256 = digest('sha256', file.bytes);
    const metadata = { sha256: digest('sha256', Buffer.from(file.metadata ?? '')) };
    const expected = {
      filename: 'demo-1.0-py3-none-any.whl',
      url: `../../+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/demo-1.0-py3-none-any.whl`,
      hashes: { sha256, md5: digest('md5', file.bytes) },
      'requires-python': '>=3.9,<4',
      size: file.bytes.byteLength,
      'upload-time': '2024-05-06T07:08:09.123456Z',
      yanked: 'broken <b>',
      'core-metadata': metadata,
      provenance: 'https://upstream.example/integrity/demo/provenance',
    };
    expect(page).toEqual({
      meta: { 'api-version': '1.4', '_last-serial': 77 },
      name: 'demo',
      'project-status': status,
      versions: ['0.9', '1.0'],
      files: [expected],
    });
    expect(merged).toEqual({
      meta: { 'api-version': '1.4' },
      name: 'demo',
      'project-status': status,
      versions: ['0.9', '1.0'],
      files: [{ ...expected, url: `../../../../${index.full}/${expected.url.slice(6)}` }],
    });
    expect(upstream.requests()).toBe(1);
  });

  test('shows in HTML what HTML can tell', async () => {
    const file = wheelFile({ requiresPython: '>=3.9', yanked: true });
    upstream.set('demo', { files: [file], status: { status: 'deprecated', reason: '"old"' } });
    const index = await mirror();

    const { text, headers } = await app.get(`${index.path}/+simple/demo/`, { accept: 'text/html' });

    const sha256 = digest('sha256', file.bytes);
    const metadata = `sha256=${digest('sha256', Buffer.from(file.metadata ?? ''))}`;
    expect(text).toContain(
      `/${file.filename}#sha256=${sha256}" data-requires-python="&#62;=3.9" data-yanked="" data-core-metadata="${metadata}"`,
    );
    expect(text).toContain('<meta name="pypi:project-status" content="deprecated">');
    expect(text).toContain('<meta name="pypi:project-status-reason" content="&#34;old&#34;">');
    expect(headers['x-pypi-last-serial']).toBe('2');
    expect(headers['cache-control']).toBe('max-age=600, public');
  });

  test('gives no null where clients would stumble over it', async () => {
    upstream.set('demo', {
      files: [],
      body: {
        type: JSON_TYPE,
        text: JSON.stringify({
          meta: { 'api-version': '1.1' },
          name: 'demo',
          files: [
            {
              filename: 'demo-1.0.tar.gz',
              url: 'demo-1.0.tar.gz',
              hashes: {},
              size: null,
              'upload-time': null,
              yanked: null,
              'requires-python': null,
            },
          ],
        }),
      },
    });
    const index = await mirror();

    const { files } = await app.page(index);

    expect(files).toEqual([
      {
        filename: 'demo-1.0.tar.gz',
        url: expect.stringMatching(
          /^\.\.\/\.\.\/\+e\/http_127\.0\.0\.1_\d+_simple_demo\/demo-1\.0\.tar\.gz$/,
        ),
        hashes: {},
        yanked: false,
        'core-metadata': false,
      },
    ]);
  });

  test('offers no files of a quarantined project', async () => {
    upstream.set('demo', { files: [wheelFile()], status: { status: 'quarantined' } });

    const page = await app.page(await mirror());

    expect(page).toMatchObject({ 'project-status': { status: 'quarantined' }, files: [] });
  });

  test('is asked once while its answer is fresh, and then asks with the ETag', async () => {
    upstream.set('demo', [wheelFile()]);
    const index = await mirror();
    await app.page(index);
    clock.advance(HALF_HOUR - 1000);
    await app.page(index);
    expect(upstream.requests()).toBe(1);
    clock.advance(1000);
    const files = await app.filenames(index);

    expect(files).toEqual(['demo-1.0-py3-none-any.whl']);
    expect(upstream.requests()).toBe(2);
    expect(upstream.lastHeaders('/simple/demo/')?.['if-none-match']).toMatch(/^"\w+"$/);
    expect(await app.events()).toEqual([]);
    clock.advance(HALF_HOUR - 1000);
    await app.page(index);
    expect(upstream.requests()).toBe(2);
  });

  test('shows a new release after the expiry that is set, at once when the expiry is lowered', async () => {
    upstream.set('demo', [wheelFile()]);
    const index = await mirror({ mirror_cache_expiry: 60 });
    const { headers } = await app.get(`${index.path}/+simple/demo/`);
    expect(headers['cache-control']).toBe('max-age=60, public');
    upstream.set('demo', [wheelFile(), wheelFile({ version: '2.0' })]);

    clock.advance(59_000);
    expect(await app.filenames(index)).toHaveLength(1);
    clock.advance(1000);
    expect(await app.filenames(index)).toHaveLength(2);
    upstream.set('demo', [wheelFile({ version: '3.0' })]);
    const patch = { json: ['mirror_cache_expiry=30'], auth: index.user.auth };
    await app.request('PATCH', index.path, patch);

    expect(await app.filenames(index)).toEqual(['demo-3.0-py3-none-any.whl']);
  });

  test('asks each time when the expiry is 0, and lets nobody keep the page', async () => {
    upstream.set('demo', [wheelFile()]);
    const index = await mirror({ mirror_cache_expiry: 0 });

    await app.page(index);
    const { headers } = await app.get(`${index.path}/+simple/demo/`);

    expect(upstream.requests('/simple/demo/')).toBe(2);
    expect(headers['cache-control']).toBe('no-cache');
  });

  test('believes a 404 for two minutes, and not after a refresh', async () => {
    const index = await mirror();
    const refresh = () => app.request('POST', `${index.path}/+simple/new/refresh`);

    expect(await app.page(index, 'new')).toBe(404);
    expect(await app.page(index, 'new')).toBe(404);
    expect(upstream.requests('/simple/new/')).toBe(1);
    upstream.set('new', [wheelFile({ name: 'new' })]);
    clock.advance(120_000);
    expect(await app.filenames(index, 'new')).toHaveLength(1);

    expect(await app.page(index, 'newer')).toBe(404);
    upstream.set('newer', [wheelFile({ name: 'newer' })]);
    expect((await app.request('POST', `${index.path}/+simple/newer/refresh`)).status).toBe(302);
    expect(await app.filenames(index, 'newer')).toHaveLength(1);
    expect((await refresh()).headers['location']).toBe(`${app.url}${index.path}/+simple/new/`);
  });

  test('keeps no row of what upstream does not have, and remembers a limited number', async () => {
    const small = await mirrorApp({
      database: 'sqlite',
      settings: { 'packages.mirror-absent-projects': 2 },
    });
    try {
      const index = await mirrorOf(small, upstream);
      for (const name of ['no-1', 'no-2', 'no-3']) expect(await small.page(index, name)).toBe(404);
      for (const name of ['no-2', 'no-3', 'no-1']) expect(await small.page(index, name)).toBe(404);

      expect(upstream.paths.filter((path) => path === '/simple/no-3/')).toHaveLength(1);
      expect(upstream.paths.filter((path) => path === '/simple/no-1/')).toHaveLength(2);
      const db = small.context.db.withTables<PackagesTables>();
      expect(await db.selectFrom('mirror_project').select('name').execute()).toEqual([]);
    } finally {
      await small.close();
    }
  });

  test('asks upstream a few times when a project is refreshed three hundred times', async () => {
    upstream.set('demo', [wheelFile()]);
    const index = await mirror();
    const refresh = () => app.request('POST', `${index.path}/+simple/demo/refresh`);

    const answers = await Promise.all(Array.from({ length: 300 }, refresh));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([302]));
    // 64 connections at a time, each lot shares one request.
    expect(upstream.requests('/simple/demo/')).toBeLessThan(20);
  });

  test('shows what was published between two refreshes that follow each other closely', async () => {
    upstream.set('demo', [wheelFile()]);
    const index = await mirror();
    const refresh = () => app.request('POST', `${index.path}/+simple/demo/refresh`);
    await refresh();
    upstream.set('demo', [wheelFile(), wheelFile({ version: '2.0' })]);

    await refresh();

    expect(await app.filenames(index)).toHaveLength(2);
  });

  test('shows what a refresh brings at once, also on the stages above', async () => {
    upstream.set('demo', [wheelFile()]);
    const index = await mirror();
    const stage = await app.index({ bases: [index.full] });
    expect(await app.filenames(stage)).toHaveLength(1);
    upstream.set('demo', [wheelFile(), wheelFile({ version: '2.0' })]);

    await app.request('POST', `${stage.path}/+simple/demo/refresh`);
    expect(await app.filenames(stage)).toHaveLength(2);
    expect(await app.filenames(index)).toHaveLength(2);
    expect(await app.eventsWithData()).toMatchObject([
      { type: 'packages.mirror-refreshed', data: { index: index.full, project: 'demo' } },
    ]);
    await app.request('POST', `${stage.path}/+simple/demo/refresh`);
    expect(await app.events()).toEqual([]);
  });

  test('closes the connections to its upstream when it is deleted', async () => {
    upstream.set('demo', [wheelFile()]);
    const index = await mirror();
    await app.page(index);
    expect(upstream.connections).toBe(1);

    expect((await app.request('DELETE', index.path, { auth: index.user.auth })).status).toBe(201);

    await expect.poll(() => upstream.connections).toBe(0);
  });

  test('keeps what it knows when a refresh fails', async () => {
    upstream.set('demo', [wheelFile()]);
    const index = await mirror();
    await app.page(index);
    upstream.misbehave('*', { status: 500 });

    const { status } = await app.request('POST', `${index.path}/+simple/demo/refresh`);

    expect(status).toBe(502);
    expect(await app.filenames(index)).toHaveLength(1);
  });

  test('keeps what it saw when the serial goes back, unless told to ignore serials', async () => {
    upstream.set('demo', { files: [wheelFile({ version: '2.0' })], serial: 200 });
    const index = await mirror();
    const careless = await mirror({ mirror_ignore_serial_header: true });
    await app.page(index);
    await app.page(careless);

    upstream.set('demo', { files: [wheelFile({ version: '1.0' })], serial: 100 });
    clock.advance(HALF_HOUR);

    expect(await app.filenames(index)).toEqual(['demo-2.0-py3-none-any.whl']);
    expect(await app.filenames(careless)).toEqual(['demo-1.0-py3-none-any.whl']);
  });

  test('drops the links of an upstream that it no longer mirrors, also those that are on their way', async () => {
    upstream.set('demo', [wheelFile()]);
    upstream.set('slow', [wheelFile({ name: 'slow' })]);
    await using other = await FixtureIndex.start({ hasSerials: false });
    other.set('demo', [wheelFile({ version: '2.0' })]);
    const index = await mirror();
    await app.page(index);
    const released = Promise.withResolvers<void>();
    upstream.misbehave('/simple/slow/', { hold: { at: 5, until: released.promise } });
    const slow = app.page(index, 'slow');
    await expect.poll(() => upstream.requests('/simple/slow/')).toBe(1);

    const patch = { json: [`mirror_url=${other.url}`], auth: index.user.auth };
    expect((await app.request('PATCH', index.path, patch)).status).toBe(200);
    released.resolve();
    await slow;

    expect(await app.filenames(index)).toEqual(['demo-2.0-py3-none-any.whl']);
    expect(await app.page(index, 'slow')).toBe(404);
  });

  test('answers 404 when the index is deleted while it is asked, and goes on', async () => {
    upstream.set('demo', [wheelFile()]);
    const index = await mirror();
    const released = Promise.withResolvers<void>();
    upstream.misbehave('/simple/demo/', { hold: { at: 0, until: released.promise } });
    const page = app.page(index);
    await expect.poll(() => upstream.requests('/simple/demo/')).toBe(1);

    expect((await app.request('DELETE', index.path, { auth: index.user.auth })).status).toBe(201);
    released.resolve();

    expect(await page).toBe(404);
  });

  test('reads an index that has HTML only', async () => {
    await using old = await FixtureIndex.start({ isHtmlOnly: true });
    const file = wheelFile({ requiresPython: '>=3.9', yanked: 'no <good>' });
    old.set('demo', { files: [file, sdistFile()], status: { status: 'archived' } });
    const index = await app.index({ type: 'mirror', mirror_url: old.url });

    const page = await app.page(index);

    expect(page).toMatchObject({
      'project-status': { status: 'archived' },
      versions: ['1.0'],
      files: [
        {
          filename: 'demo-1.0-py3-none-any.whl',
          hashes: { sha256: digest('sha256', file.bytes) },
          'requires-python': '>=3.9',
          yanked: 'no <good>',
          'core-metadata': { sha256: digest('sha256', Buffer.from(file.metadata ?? '')) },
        },
        { filename: 'demo-1.0.tar.gz' },
      ],
    });
  });

  test('reads another Wheelhouse, whose upstream is a third', async () => {
    const file = wheelFile({ requiresPython: '>=3.9' });
    upstream.set('demo', { files: [file], status: { status: 'deprecated' } });
    const first = await mirror();
    const second = await app.index({ type: 'mirror', mirror_url: `${app.url}${first.path}/+simple/` });

    const page = await app.page(second);
    const sent = await app.get(await app.filePath(second, file.filename));
    const sidecar = await app.get(`${await app.filePath(second, file.filename)}.metadata`);

    const { meta: _meta, ...rest } = await app.page(first);
    expect(page).toMatchObject(rest);
    expect(sent.bytes.equals(file.bytes)).toBe(true);
    expect(sidecar.text).toBe(file.metadata);
    expect(upstream.requests(upstream.filePath('demo', file.filename))).toBe(1);
  });

  test('adds up with other mirrors below a stage, the nearest deciding about a name', async () => {
    await using other = await FixtureIndex.start();
    upstream.set('demo', [wheelFile()]);
    other.set('demo', [wheelFile({ description: 'other bytes' }), wheelFile({ version: '2.0' })]);
    const bases = [await mirror(), await app.index({ type: 'mirror', mirror_url: other.url })];
    const stage = await app.index({ bases: bases.map(({ full }) => full) });

    const { files, versions } = await app.page(stage);

    expect(versions).toEqual(['1.0', '2.0']);
    expect(files).toMatchObject([
      { filename: 'demo-1.0-py3-none-any.whl', hashes: { sha256: digest('sha256', wheelFile().bytes) } },
      { filename: 'demo-2.0-py3-none-any.whl' },
    ]);
  });

  test('is left out of a stage above it when it fails: the rest is served and marked', async () => {
    await using other = await FixtureIndex.start();
    upstream.set('demo', [wheelFile()]);
    other.misbehave('*', { status: 500 });
    const bad = await app.index({ type: 'mirror', mirror_url: other.url });
    const stage = await app.index({ bases: [(await mirror()).full, bad.full] });

    const { status, headers } = await app.get(`${stage.path}/+simple/demo/`);

    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('max-age=0, must-revalidate, no-cache, no-store');
    expect(headers['warning']).toContain('110');
    expect(await app.page(stage, 'other')).toBe(502);
    other.behave();
    clock.advance(1000);
    const again = await app.get(`${stage.path}/+simple/demo/`);
    expect(again.headers['cache-control']).toBe('no-cache');
  });

  test('says 404 for an upstream path that is redirected elsewhere and absent there', async () => {
    upstream.misbehave('/simple/moved/', { status: 301, headers: { location: '/simple/nowhere/' } });

    expect(await app.page(await mirror(), 'moved')).toBe(404);
  });

  test('follows a redirect to the normalized name', async () => {
    upstream.set('demo', [wheelFile()]);
    upstream.misbehave('/simple/other/', { status: 301, headers: { location: '/simple/demo/' } });

    expect(await app.page(await mirror(), 'other')).toMatchObject({ name: 'other', files: [] });
  });

  test('says clearly that it has no mirror_url', async () => {
    const index = await app.index({ type: 'mirror' });

    const { status, text } = await app.get(`${index.path}/+simple/demo/`, { accept: 'text/html' });

    expect(status).toBe(502);
    expect(text).toContain('has no mirror_url');
  });

  test('is not touched by an upload of the same project to a stage above', async () => {
    upstream.set('demo', [wheelFile()]);
    const index = await mirror();
    const stage = await app.index({ bases: [index.full] });
    await app.fill(stage, wheelUpload({ version: '5.0' }));

    expect(await app.filenames(index)).toEqual(['demo-1.0-py3-none-any.whl']);
    expect(await app.filenames(stage)).toEqual(['demo-5.0-py3-none-any.whl']);
  });
});

const postgres = databases.filter((database) => database === 'postgres');

describe.each(postgres)('two servers on one %s', (database) => {
  test('share what a mirror knows', async () => {
    const shared = await testDatabase(database);
    await using upstream = await FixtureIndex.start();
    upstream.set('demo', [wheelFile()]);
    const first = await mirrorApp({ database, on: shared });
    const second = await mirrorApp({ database, on: shared });
    try {
      const index = await first.index({ type: 'mirror', mirror_url: upstream.url });
      const [one, two] = [await first.filenames(index), await second.filenames(index)];
      expect(one).toEqual(two);
      expect(upstream.requests('/simple/demo/')).toBe(1);

      upstream.set('demo', [wheelFile({ version: '2.0' })]);
      await first.request('POST', `${index.path}/+simple/demo/refresh`);
      await expect.poll(() => second.filenames(index)).toEqual(['demo-2.0-py3-none-any.whl']);

      const path = await first.filePath(index, 'demo-2.0-py3-none-any.whl');
      const both = await Promise.all([first.get(path), second.get(path)]);
      for (const { bytes } of both) expect(bytes.equals(wheelFile({ version: '2.0' }).bytes)).toBe(true);
    } finally {
      await first.close();
      await second.close();
      await shared.remove();
    }
  });
});
