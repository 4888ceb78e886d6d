import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestApp } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { FixtureIndex, largeWheelFile, wheelFile, type Misbehaviour } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf, mirroredFile } from '#test/mirrors.ts';
import { wheelUpload } from '#test/uploads.ts';

const HALF_HOUR = 1_800_000;
const HOUR = 3_600_000;
const STALE = 'max-age=0, must-revalidate, no-cache, no-store';

/** A date, counted from when it is sent. */
const RETRY_IN_HALF_A_MINUTE = {
  get 'retry-after'() {
    return new Date(Date.now() + 30_000).toUTCString();
  },
};

const troubles: [string, Misbehaviour, number][] = [
  ['answers 500', { status: 500 }, 502],
  ['answers 429 with Retry-After', { status: 429, headers: { 'retry-after': '30' } }, 502],
  ['answers 503 with a date in Retry-After', { status: 503, headers: RETRY_IN_HALF_A_MINUTE }, 502],
  ['answers 401', { status: 401 }, 502],
  ['answers 403', { status: 403 }, 502],
  [
    'answers with a redirect to a private address',
    { status: 302, headers: { location: 'http://10.0.0.1/' } },
    502,
  ],
  ['answers with a redirect to a file', { status: 302, headers: { location: 'file:///etc/passwd' } }, 502],
  ['hangs up', { isDropped: true }, 502],
  ['cuts its page', { cutAt: 60 }, 502],
  ['cuts its page and lies about the length', { cutAt: 60, contentLength: 60 }, 502],
  ['announces more than it sends', { contentLength: 100_000 }, 502],
  ['sends what is no JSON', { body: '{"files": [', headers: { 'content-encoding': 'identity' } }, 502],
  [
    'sends another version of the API',
    { body: '{"meta":{"api-version":"2.0"},"files":[]}', headers: { 'content-encoding': 'identity' } },
    502,
  ],
  ['sends what is no gzip', { body: 'hello', headers: { 'content-encoding': 'gzip' } }, 502],
  ['sends an unknown coding', { headers: { 'content-encoding': 'compress' } }, 502],
  ['is too slow to begin', { delayMs: 900 }, 504],
  ['is too slow to end', { drip: { bytes: 40, pauseMs: 300 } }, 504],
];

describe('an upstream that', () => {
  let app: TestApp;
  let clock: TestClock;
  let upstream: FixtureIndex;

  beforeAll(async () => {
    clock = new TestClock();
    const settings = {
      'packages.mirror-answer-seconds': 0.6,
      'packages.mirror-page-seconds': 0.8,
      'packages.mirror-patience-seconds': 0.15,
    };
    app = await mirrorApp({ database: 'sqlite', clock, settings });
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    upstream = await FixtureIndex.start();
    upstream.set('demo', [wheelFile()]);
  });

  afterEach(() => upstream.close());

  test.each(troubles)(
    '%s gets a clear error when nothing is known, which is never remembered',
    async (_what, how, status) => {
      const index = await mirrorOf(app, upstream);
      const stage = await app.index({ bases: [index.full] });
      upstream.misbehave('*', how);

      const direct = await app.get(`${index.path}/+simple/demo/`, { 'user-agent': 'pip/26.3' });
      expect(direct.status).toBe(status);
      expect(direct.headers['cache-control']).toBe('no-store');
      expect(direct.json()).toMatchObject({
        status,
        detail: expect.stringMatching(/127\.0\.0\.1|upstream|private/),
      });
      if (how.headers?.['retry-after'] !== undefined) {
        expect(Number(direct.headers['retry-after'])).toBeGreaterThan(15);
        expect(Number(direct.headers['retry-after'])).toBeLessThanOrEqual(30);
      }
      expect(await app.page(stage)).toBe(status);

      upstream.behave();
      clock.advance(31_000);
      expect(await app.filenames(stage)).toEqual(['demo-1.0-py3-none-any.whl']);
      expect(await app.filenames(index)).toEqual(['demo-1.0-py3-none-any.whl']);
      app.errors();
    },
  );

  test.each(troubles)(
    '%s has its old pages served and marked, and new ones when it is well',
    async (_what, how) => {
      const index = await mirrorOf(app, upstream);
      const stage = await app.index({ bases: [index.full] });
      await app.page(index);
      await app.page(stage);
      upstream.set('demo', [wheelFile({ version: '2.0' })]);
      upstream.misbehave('*', how);
      clock.advance(HALF_HOUR);

      for (const { path } of [index, stage]) {
        const { status, headers, text } = await app.get(`${path}/+simple/demo/`);
        expect([status, headers['cache-control'], headers['pragma']]).toEqual([200, STALE, 'no-cache']);
        expect(text).toContain('demo-1.0-py3-none-any.whl');
      }

      upstream.behave();
      clock.advance(31_000);
      await expect
        .poll(
          () => {
            clock.advance(1000);
            return app.filenames(index);
          },
          { timeout: 10_000 },
        )
        .toEqual(['demo-2.0-py3-none-any.whl']);
      const { headers } = await app.get(`${index.path}/+simple/demo/`);
      expect(headers['cache-control']).toMatch(/^max-age=\d+, public$/);
      expect(app.errors()).toEqual([]);
    },
  );

  test('asks us to wait does not keep us from another upstream', async () => {
    const index = await mirrorOf(app, upstream);
    upstream.misbehave('*', { status: 429, headers: { 'retry-after': '300' } });
    expect(await app.page(index)).toBe(502);
    await using next = await FixtureIndex.start();
    next.set('demo', [wheelFile()]);

    await app.request('PATCH', index.path, { json: [`mirror_url=${next.url}`], auth: index.user.auth });

    expect(await app.filenames(index)).toEqual(['demo-1.0-py3-none-any.whl']);
    app.errors();
  });

  test('takes its time has an old page served at once, and the new one a moment later', async () => {
    const index = await mirrorOf(app, upstream);
    await app.page(index);
    upstream.set('demo', [wheelFile({ version: '2.0' })]);
    clock.advance(HALF_HOUR);
    const upstreamMayEnd = Promise.withResolvers<void>();
    upstream.misbehave('*', { hold: { at: 1, until: upstreamMayEnd.promise } });

    const { headers } = await app.get(`${index.path}/+simple/demo/`);

    expect(headers['cache-control']).toBe(STALE);
    upstreamMayEnd.resolve();
    await expect
      .poll(
        () => {
          clock.advance(1000);
          return app.filenames(index);
        },
        { timeout: 10_000 },
      )
      .toEqual(['demo-2.0-py3-none-any.whl']);
    expect(upstream.requests('/simple/demo/')).toBe(2);
  });

  test('is gone for an hour is not missed where files and pages are here, and found again without restart', async () => {
    const file = largeWheelFile(500_000);
    const { index, path } = await mirroredFile(app, upstream, file);
    await app.get(path);
    await app.get(`${path}.metadata`);
    await upstream.leave();

    for (let elapsed = 0; elapsed < HOUR; elapsed += HOUR / 6) {
      clock.advance(HOUR / 6);
      expect(await app.filenames(index)).toEqual([file.filename]);
      expect((await app.get(path)).bytes.equals(file.bytes)).toBe(true);
      expect((await app.get(`${path}.metadata`)).text).toBe(file.metadata);
      expect(await app.page(index, 'unknown')).toBe(502);
    }

    await upstream.comeBack();
    upstream.set('demo', [file, wheelFile({ version: '2.0' })]);
    clock.advance(5000);
    expect(await app.filenames(index)).toHaveLength(2);
    expect(await app.page(index, 'unknown')).toBe(404);
  });

  test('is gone is left alone for five seconds by those who have old pages', async () => {
    upstream.set('other', [wheelFile({ name: 'other' })]);
    const index = await mirrorOf(app, upstream);
    await app.page(index);
    await app.page(index, 'other');
    clock.advance(HALF_HOUR);
    upstream.misbehave('*', { isDropped: true });
    upstream.forgetRequests();

    await app.page(index);
    await app.page(index, 'other');
    clock.advance(4000);
    await app.page(index);
    const paused = upstream.requests();
    clock.advance(1000);
    await app.page(index);

    // undici asks a second time when a kept connection turns out to be closed.
    expect(paused).toBeLessThanOrEqual(2);
    expect(upstream.requests()).toBeGreaterThan(paused);
  });

  test('asks us to wait is left alone for as long as it says', async () => {
    const index = await mirrorOf(app, upstream);
    upstream.misbehave('*', { status: 429, headers: { 'retry-after': '60' } });
    expect(await app.page(index)).toBe(502);
    upstream.behave();

    const { status, headers, text } = await app.get(`${index.path}/+simple/other/`);
    expect([status, headers['retry-after']]).toEqual([502, '60']);
    expect(text).toContain('asks to wait 60 s');
    clock.advance(59_000);
    expect(await app.page(index)).toBe(502);
    expect(upstream.requests()).toBe(1);
    clock.advance(1000);
    expect(await app.filenames(index)).toHaveLength(1);
    app.errors();
  });

  test('has one broken page does not make the others old', async () => {
    upstream.set('broken', [wheelFile({ name: 'broken' })]);
    const index = await mirrorOf(app, upstream);
    await app.page(index);
    upstream.misbehave('/simple/broken/', { status: 500 });
    clock.advance(HALF_HOUR);

    expect(await app.page(index, 'broken')).toBe(502);
    const { headers } = await app.get(`${index.path}/+simple/demo/`);

    expect(headers['cache-control']).toBe('max-age=600, public');
    app.errors();
  });

  test('has lost a project does not break builds: its last page stays until somebody refreshes it', async () => {
    const file = wheelFile();
    const { index, path } = await mirroredFile(app, upstream, file);
    await app.get(path);
    upstream.remove('demo');
    clock.advance(HALF_HOUR);

    expect(await app.filenames(index)).toEqual(['demo-1.0-py3-none-any.whl']);
    await app.request('POST', `${index.path}/+simple/demo/refresh`);

    expect(await app.page(index)).toBe(404);
    expect((await app.get(path)).bytes.equals(file.bytes)).toBe(true);
  });

  test('answers with a page of nothing keeps the last page until somebody refreshes it', async () => {
    const file = wheelFile();
    const { index } = await mirroredFile(app, upstream, file);
    const maintenance = {
      text: '<!DOCTYPE html><html><body><h1>Down for maintenance</h1></body></html>',
      type: 'text/html',
    };
    upstream.set('demo', { files: [], body: maintenance });
    clock.advance(HALF_HOUR);

    expect(await app.filenames(index)).toEqual([file.filename]);
    await app.request('POST', `${index.path}/+simple/demo/refresh`);

    expect(await app.filenames(index)).toEqual([]);
  });

  test('fails does not take away what was absent: the 404 is asked anew', async () => {
    const index = await mirrorOf(app, upstream);
    expect(await app.page(index, 'new')).toBe(404);
    clock.advance(120_000);
    upstream.misbehave('*', { status: 500 }, 1);

    expect(await app.page(index, 'new')).toBe(502);
    expect(await app.page(index, 'new')).toBe(404);
    app.errors();
  });

  test('fails never hides what a stage has of its own', async () => {
    const index = await mirrorOf(app, upstream);
    const stage = await app.index({ bases: [index.full], mirror_whitelist: ['demo'] });
    await app.fill(stage, wheelUpload({ version: '5.0' }));
    upstream.misbehave('*', { status: 500 });

    const { status, headers } = await app.get(`${stage.path}/+simple/demo/`);

    expect([status, headers['cache-control']]).toEqual([200, STALE]);
    expect(await app.filenames(stage)).toEqual(['demo-5.0-py3-none-any.whl']);
    upstream.behave();
    clock.advance(1000);
    expect(await app.filenames(stage)).toHaveLength(2);
  });

  test('sends more than is taken is cut off, packed or not', async () => {
    const small = await mirrorApp({
      database: 'sqlite',
      settings: { 'packages.mirror-page-bytes': 100_000 },
    });
    try {
      const index = await mirrorOf(small, upstream);
      const text = `{"files": [], "padding": "${' '.repeat(5_000_000)}"}`;
      for (const name of ['packed', 'plain'])
        upstream.set(name, { files: [], body: { text, type: 'application/json' } });
      upstream.misbehave('/simple/plain/', { body: text, headers: { 'content-encoding': 'identity' } });

      for (const name of ['packed', 'plain']) {
        const { status, text: said } = await small.get(`${index.path}/+simple/${name}/`);
        expect([status, said]).toEqual([502, expect.stringContaining('larger than 100000 bytes')]);
      }
      small.errors();
    } finally {
      await small.close();
    }
  });
});

describe('--offline', () => {
  test('serves what is here, lists only that, and says clearly what is not', async () => {
    await using upstream = await FixtureIndex.start();
    const here = wheelFile();
    const withSidecar = wheelFile({ version: '1.5' });
    upstream.set('demo', [here, withSidecar, wheelFile({ version: '2.0' })]);
    upstream.set('other', [wheelFile({ name: 'other' })]);
    const online = await mirrorApp({ database: 'sqlite' });
    const index = await mirrorOf(online, upstream);
    const stage = await online.index({ bases: [index.full] });
    const own = await online.index({ bases: [index.full] });
    await online.fill(own, wheelUpload({ name: 'mine' }));
    const paths = {
      here: await online.filePath(index, here.filename),
      withSidecar: await online.filePath(index, withSidecar.filename),
      missing: await online.filePath(index, 'demo-2.0-py3-none-any.whl'),
    };
    await online.get(paths.here);
    await online.get(paths.withSidecar);
    await online.get(`${paths.withSidecar}.metadata`);
    await upstream.leave();
    const app = await online.restart({ settings: { offline: true } });
    try {
      for (const asked of [index, stage]) {
        const { files } = await app.page(asked);
        expect(files).toMatchObject([
          { filename: here.filename, 'core-metadata': false },
          { filename: withSidecar.filename, 'core-metadata': { sha256: expect.any(String) } },
        ]);
      }
      expect((await app.get(paths.here)).bytes.equals(here.bytes)).toBe(true);
      expect((await app.get(`${paths.withSidecar}.metadata`)).text).toBe(withSidecar.metadata);
      expect(await app.filenames(own, 'mine')).toHaveLength(1);
      const missing = await app.get(paths.missing);
      expect([missing.status, missing.text]).toEqual([503, expect.stringContaining('offline: demo-2.0')]);
      const unknown = await app.get(`${stage.path}/+simple/other/`);
      expect([unknown.status, unknown.text]).toEqual([
        503,
        expect.stringContaining('nothing is known of other'),
      ]);
      expect((await app.request('POST', `${stage.path}/+simple/demo/refresh`)).status).toBe(302);
      app.errors();
    } finally {
      await app.close();
    }
  });
});
