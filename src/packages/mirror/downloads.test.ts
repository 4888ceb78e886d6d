import { once } from 'node:events';
import { readdir, readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestApp } from '#test/app.ts';
import { FixtureIndex, largeWheelFile, wheelFile } from '#test/fixture-index.ts';
import { beginAnswer, mirrorApp, mirrorOf, mirroredFile, receiveAnswer } from '#test/mirrors.ts';

const MEGABYTE = 1024 ** 2;

describe('a file', () => {
  let app: TestApp;
  let upstream: FixtureIndex;

  beforeAll(async () => {
    const settings = {
      'packages.mirror-answer-seconds': 0.6,
      'packages.mirror-page-seconds': 0.7,
      'packages.mirror-file-seconds': 0.9,
      'packages.mirror-silence-seconds': 0.4,
      'packages.mirror-small-file-seconds': 0.2,
    };
    app = await mirrorApp({ database: 'sqlite', settings });
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    upstream = await FixtureIndex.start();
  });

  afterEach(() => upstream.close());

  async function incomingNames(): Promise<string[]> {
    return await readdir(join(app.serverdir, 'files', 'incoming'));
  }

  describe('on its way', () => {
    test('reaches clients while it is still arriving', async () => {
      const file = largeWheelFile(2 * MEGABYTE);
      const { url, there } = await mirroredFile(app, upstream, file);
      const rest = Promise.withResolvers<void>();
      upstream.misbehave(there, { hold: { at: MEGABYTE, until: rest.promise } });

      const responses = await Promise.all(Array.from({ length: 8 }, () => beginAnswer(url)));
      const received = responses.map(receiveAnswer);
      await Promise.all(received.map(({ begun }) => begun));
      expect(responses[0]?.headers['content-length']).toBe(String(file.bytes.byteLength));
      rest.resolve();
      await Promise.all(received.map(({ ended }) => ended));
      const bodies = received.map(({ bytes }) => bytes());

      expect(bodies.every((body) => body.equals(file.bytes))).toBe(true);
      expect(upstream.requests(there)).toBe(1);
    });

    test('goes on when a client leaves, for the others and for the store', async () => {
      const file = largeWheelFile(2 * MEGABYTE);
      const { path, url, there } = await mirroredFile(app, upstream, file);
      const rest = Promise.withResolvers<void>();
      upstream.misbehave(there, { hold: { at: MEGABYTE, until: rest.promise } });

      const leaving = await beginAnswer(url);
      await once(leaving, 'data');
      const staying = app.get(path);
      leaving.destroy();
      rest.resolve();

      expect((await staying).bytes.equals(file.bytes)).toBe(true);
      expect((await app.get(path)).bytes.equals(file.bytes)).toBe(true);
      expect(upstream.requests(there)).toBe(1);
    });

    test('is stored although everybody has left', async () => {
      const file = largeWheelFile(2 * MEGABYTE);
      const { path, url, there } = await mirroredFile(app, upstream, file);
      const rest = Promise.withResolvers<void>();
      upstream.misbehave(there, { hold: { at: MEGABYTE, until: rest.promise } });

      const leaving = await beginAnswer(url);
      leaving.destroy();
      rest.resolve();
      await expect.poll(incomingNames).toEqual([]);

      expect((await app.get(path)).bytes.equals(file.bytes)).toBe(true);
      expect(upstream.requests(there)).toBe(1);
    });

    test('holds on to nothing for a client that leaves in the middle of pipelined requests', async () => {
      const file = largeWheelFile(4 * MEGABYTE);
      const { path, there } = await mirroredFile(app, upstream, file);
      const rest = Promise.withResolvers<void>();
      upstream.misbehave(there, { hold: { at: 3 * MEGABYTE, until: rest.promise } });
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3));
      await once(socket, 'data');
      socket.pause();

      socket.destroy();
      rest.resolve();
      await expect.poll(incomingNames).toEqual([]);

      expect((await app.get(path)).bytes.equals(file.bytes)).toBe(true);
      await expect.poll(async () => await openFilesOf(join(app.serverdir, 'files', 'incoming'))).toEqual([]);
    });

    test('arrives in chunks, of unknown size', async () => {
      const file = largeWheelFile(MEGABYTE, {});
      const { path, url, there } = await mirroredFile(app, upstream, { ...file, size: null });
      const rest = Promise.withResolvers<void>();
      upstream.misbehave(there, { isChunked: true, hold: { at: 500_000, until: rest.promise } });

      const response = await beginAnswer(url);
      expect(response.headers['content-length']).toBeUndefined();
      const received = receiveAnswer(response);
      await received.begun;
      rest.resolve();
      await received.ended;

      expect(received.bytes().equals(file.bytes)).toBe(true);
      expect((await app.get(path)).headers['content-length']).toBe(String(file.bytes.byteLength));
      expect(upstream.requests(there)).toBe(1);
    });

    test('breaks off before its last byte when its hash is wrong, and is never stored', async () => {
      const file = largeWheelFile(MEGABYTE);
      const { path, url, there } = await mirroredFile(app, upstream, file);
      const lie = Buffer.from(file.bytes);
      lie[1000] = (lie[1000] ?? 0) ^ 1;
      upstream.misbehave(there, { body: lie }, 1);

      const response = await beginAnswer(url);
      const received = receiveAnswer(response);
      await received.ended;

      expect(response.complete).toBe(false);
      expect(received.bytes().byteLength).toBeLessThan(file.bytes.byteLength);
      await expect.poll(incomingNames).toEqual([]);
      expect((await app.get(path)).bytes.equals(file.bytes)).toBe(true);
      expect(upstream.requests(there)).toBe(2);
    });

    test('breaks off for chunked readers, too, when its hash is wrong', async () => {
      const file = largeWheelFile(MEGABYTE);
      const { url, there } = await mirroredFile(app, upstream, { ...file, size: null });
      const lie = Buffer.from(file.bytes);
      lie[1000] = (lie[1000] ?? 0) ^ 1;
      const rest = Promise.withResolvers<void>();
      upstream.misbehave(there, { body: lie, isChunked: true, hold: { at: 1000, until: rest.promise } });

      const response = await beginAnswer(url);
      const { ended } = receiveAnswer(response);
      rest.resolve();
      await ended;

      expect(response.complete).toBe(false);
    });

    test.each([
      ['is cut', { cutAt: 700_000 }],
      ['is cut and its length is a lie', { cutAt: 700_000, contentLength: 700_000 }],
      ['has another length than its page says', { contentLength: 5 }],
      ['is longer than its page says', { contentLength: 9_999_999 }],
      ['is compressed unasked', { headers: { 'content-encoding': 'gzip' } }],
      ['pauses for too long', { drip: { bytes: 600_000, pauseMs: 3000 } }],
    ])('that %s is never complete, and well the next time', async (_what, how) => {
      const file = largeWheelFile(MEGABYTE);
      const { path, url, there } = await mirroredFile(app, upstream, file);
      upstream.misbehave(there, how, 1);

      const response = await beginAnswer(url);
      await receiveAnswer(response).ended;
      const isComplete = response.complete && response.statusCode === 200;

      expect(isComplete).toBe(false);
      await expect.poll(incomingNames).toEqual([]);
      expect((await app.get(path)).bytes.equals(file.bytes)).toBe(true);
      app.errors();
    });
  });

  describe('of a bad upstream', () => {
    test.each([
      ['that has lost it', { status: 404 }, 404],
      ['that withdrew it', { status: 410 }, 404],
      ['that fails', { status: 500 }, 502],
      ['that is busy', { status: 429, headers: { 'retry-after': '7' } }, 502],
      ['that refuses', { status: 403 }, 502],
      ['that hangs up', { isDropped: true }, 502],
      ['that is slow', { delayMs: 1000 }, 504],
      ['that redirects for ever', { status: 302, headers: { location: '/files/loop' } }, 404],
    ])('%s has a clear answer', async (_what, how, status) => {
      const { path, there } = await mirroredFile(app, upstream, wheelFile());
      upstream.misbehave(there, how, 1);

      const answer = await app.get(path);

      expect([answer.status, answer.text.length > 10]).toEqual([status, true]);
      if (status === 502 && 'headers' in how) expect(answer.headers['retry-after']).toBe('7');
      expect((await app.get(path)).status).toBe(200);
      app.errors();
    });

    test('that redirects is followed, also to another host, without credentials', async () => {
      await using second = await FixtureIndex.start();
      const auth = { user: 'reader', password: 'p%40ss' };
      await using first = await FixtureIndex.start({ auth });
      const file = wheelFile();
      first.set('demo', [file]);
      second.set('demo', [file]);
      const there = first.filePath('demo', file.filename);
      first.misbehave(there, { status: 302, headers: { location: second.origin + there } });
      const index = await mirrorOf(app, first);

      const { bytes } = await app.get(await app.filePath(index, file.filename));

      expect(bytes.equals(file.bytes)).toBe(true);
      expect(first.lastHeaders(there)?.authorization).toMatch(/^Basic /);
      expect(second.lastHeaders(there)?.authorization).toBeUndefined();
    });

    test.each([
      ['http://10.0.0.1/x.whl'],
      ['http://169.254.169.254/latest/meta-data/'],
      ['http://[::ffff:10.0.0.1]/x.whl'],
      ['http://[fd00::1]/x.whl'],
      ['http://0x0a000001/x.whl'],
      ['http://localhost:1/x.whl'],
      ['file:///etc/passwd'],
      ['gopher://127.0.0.1/'],
    ])('that redirects to %s is not followed', async (location) => {
      const { path, there } = await mirroredFile(app, upstream, wheelFile());
      upstream.misbehave(there, { status: 302, headers: { location } });

      const { status, text } = await app.get(path);

      expect(status).toBe(502);
      expect(text).toMatch(/private address|EPRIVATE|no URL/);
      app.errors();
    });

    test('that lists a private address is not believed', async () => {
      const { path } = await mirroredFile(
        app,
        upstream,
        wheelFile({ url: 'http://10.1.2.3/demo-1.0-py3-none-any.whl' }),
      );

      expect((await app.get(path)).status).toBe(502);
      app.errors();
    });

    test('that announces more than is allowed is refused before it has sent it', async () => {
      const small = await mirrorApp({ database: 'sqlite', settings: { 'packages.max-upload-bytes': 1000 } });
      try {
        upstream.set('demo', [{ filename: 'demo-1.0.tar.gz', bytes: Buffer.alloc(2000), size: null }]);
        const index = await small.index({ type: 'mirror', mirror_url: upstream.url });
        const path = await small.filePath(index, 'demo-1.0.tar.gz');

        const announced = await small.get(path);
        upstream.misbehave(upstream.filePath('demo', 'demo-1.0.tar.gz'), { isChunked: true });
        const silent = await small.get(path);

        expect([announced.status, silent.status]).toEqual([502, 502]);
        expect(announced.text).toContain('1000 at most');
        small.errors();
      } finally {
        await small.close();
      }
    });
  });

  describe('with mirror_use_external_urls', () => {
    test('is pointed to, without the credentials of the mirror, until it is here', async () => {
      const auth = { user: 'reader', password: 'secret-word' };
      await using guarded = await FixtureIndex.start({ auth });
      const file = wheelFile();
      guarded.set('demo', [file]);
      const index = await mirrorOf(app, guarded);
      const path = await app.filePath(index, file.filename);
      const patch = { json: ['mirror_use_external_urls=true'], auth: index.user.auth };
      expect((await app.request('PATCH', index.path, patch)).status).toBe(200);

      const { status, headers } = await app.get(path);
      const sidecar = await app.get(`${path}.metadata`);

      expect([status, headers['location']]).toEqual([
        302,
        `${guarded.origin}${guarded.filePath('demo', file.filename)}`,
      ]);
      expect(sidecar.text).toBe(file.metadata);
      const back = { json: ['mirror_use_external_urls=false'], auth: index.user.auth };
      await app.request('PATCH', index.path, back);
      expect((await app.get(path)).bytes.equals(file.bytes)).toBe(true);
      await app.request('PATCH', index.path, patch);
      expect((await app.get(path)).status).toBe(200);
    });
  });
});

/** Paths below a directory that this process holds open; Linux only, empty elsewhere. */
async function openFilesOf(directory: string): Promise<string[]> {
  const names = await readdir('/proc/self/fd').catch(() => []);
  const paths = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(directory));
}
