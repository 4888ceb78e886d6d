import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Files } from '#kernel/files/files.ts';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { digest, FixtureIndex, largeWheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirroredFile } from '#test/mirrors.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';
import { parseRange } from './byte-range.ts';
import { contentTypeOf } from './content-type.ts';

test.each([
  [undefined, undefined],
  ['bytes=0-0', { first: 0, last: 0 }],
  ['bytes=0-', { first: 0, last: 99 }],
  ['bytes=90-', { first: 90, last: 99 }],
  ['bytes=90-1000', { first: 90, last: 99 }],
  ['bytes=99-99', { first: 99, last: 99 }],
  ['bytes=-10', { first: 90, last: 99 }],
  ['bytes=-1000', { first: 0, last: 99 }],
  [' bytes=1-2 ', { first: 1, last: 2 }],
  ['BYTES=1-2', { first: 1, last: 2 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=100-200', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-4', undefined],
  ['bytes=-', undefined],
  ['bytes=', undefined],
  ['bytes=a-b', undefined],
  ['bytes=0-1,5-6', undefined],
  ['lines=0-1', undefined],
  ['bytes=99999999999999999999-', undefined],
] as const)('Range: %s of 100 bytes is %j', (header, range) => {
  expect(parseRange(header, 100)).toEqual(range);
});

test.each(['a.html', 'a.svg', 'a.js', 'a.xml', 'a.whl.html', 'a.pdf'])(
  '%s is nothing that a browser runs',
  (name) => {
    expect(contentTypeOf(name)).toBe('application/octet-stream');
  },
);

test('no range of an empty file can be satisfied', () => {
  expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
  expect(parseRange('bytes=-1', 0)).toBe('unsatisfiable');
});

describe.each(databases)('files on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  let index: TestIndex;
  let path: string;
  // Larger than two chunks, so that the buffers take turns; random, so that nothing compresses.
  const upload = wheelUpload({ files: { 'demo/data.bin': randomBytes(700_000) } });
  beforeAll(async () => {
    app = await testApp({ database, clock });
    index = await app.index();
    await app.fill(index, upload, sdistUpload());
    path = await app.filePath(index, upload.filename);
  });
  afterAll(async () => await app.close());

  const size = upload.content.length;

  test('a client that vanishes with requests sent ahead leaves no file open', async () => {
    const index = await app.index();
    await app.fill(
      index,
      wheelUpload({ name: 'large', files: { 'large/data.bin': randomBytes(8 * 1024 ** 2) } }),
    );
    const path = await app.filePath(index, 'large-1.0-py3-none-any.whl', 'large');
    await app.get(path);
    const files = app.context.files as { open: Files['open'] };
    const { open } = files;
    let inUse = 0;
    files.open = async (sha256) => {
      const file = await open(sha256);
      inUse += 1;
      return { ...file, release: () => ((inUse -= 1), file.release()) };
    };
    try {
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3));
      await new Promise((resolve) => socket.once('data', resolve));
      await expect.poll(() => inUse).toBe(3);
      socket.destroy();
      await expect.poll(() => inUse).toBe(0);
    } finally {
      files.open = open;
    }
  });

  test('are sent whole, for ever, and never compressed', async () => {
    for (let time = 0; time < 2; time += 1) {
      const response = await app.get(path, { 'accept-encoding': 'gzip, zstd' });
      expect(response.status).toBe(200);
      expect(response.bytes.equals(upload.content)).toBe(true);
      expect(response.headers).toMatchObject({
        'content-type': 'application/zip',
        'content-length': String(size),
        'cache-control': 'max-age=365000000, immutable, public',
        'accept-ranges': 'bytes',
        'last-modified': 'Fri, 20 Nov 2026 10:00:00 GMT',
        etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
        'x-content-type-options': 'nosniff',
      });
      expect(response.headers).not.toHaveProperty('content-encoding');
    }
  });

  test('have a type by their ending', async () => {
    const sdist = await app.get(await app.filePath(index, 'demo-1.0.tar.gz'));

    expect(sdist.headers).toMatchObject({
      'content-type': 'application/gzip',
      'x-content-type-options': 'nosniff',
    });
    expect(sdist.headers).not.toHaveProperty('content-encoding');
  });

  test('are described by HEAD', async () => {
    const { headers } = await app.get(path);

    const head = await app.request('HEAD', path);

    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    for (const name of ['content-length', 'content-type', 'etag', 'accept-ranges', 'last-modified']) {
      expect(head.headers[name]).toBe(headers[name]);
    }
  });

  test('are described whole by HEAD with a range, which is of GET alone', async () => {
    const head = await app.request('HEAD', path, { headers: { range: 'bytes=0-9' } });

    expect([head.status, head.headers['content-length']]).toEqual([200, String(size)]);
    expect(head.headers).not.toHaveProperty('content-range');
  });

  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=10-19', 10, 20],
    ['bytes=300000-600000', 300_000, 600_001],
    [`bytes=${size - 1}-`, size - 1, size],
    ['bytes=-5', size - 5, size],
    ['bytes=5-999999999', 5, size],
  ])('are sent in part for Range: %s', async (range, start, end) => {
    const response = await app.get(path, { range });

    expect(response).toMatchObject({
      status: 206,
      headers: {
        'content-range': `bytes ${start}-${end - 1}/${size}`,
        'content-length': String(end - start),
      },
    });
    expect(response.bytes.equals(upload.content.subarray(start, end))).toBe(true);
  });

  test('answer 416 to a range behind their end', async () => {
    const response = await app.get(path, { range: `bytes=${size}-` });

    expect([response.status, response.headers['content-range'], response.bytes.length]).toEqual([
      416,
      `bytes */${size}`,
      0,
    ]);
    expect(response.headers['x-devpi-api-version']).toBe('2');
  });

  test('are sent whole for ranges that nobody needs', async () => {
    for (const range of ['bytes=0-1,5-6', 'lines=1-2', 'bytes=5-1']) {
      expect((await app.get(path, { range })).status).toBe(200);
    }
  });

  test('answer 304 to their tag or date', async () => {
    const { etag = '', 'last-modified': modified = '' } = (await app.get(path)).headers;

    for (const headers of [
      { 'if-none-match': etag },
      { 'if-none-match': `"x", W/${etag}` },
      { 'if-none-match': '*' },
      { 'if-modified-since': modified },
      { 'if-none-match': etag, range: 'bytes=0-1' },
    ]) {
      const response = await app.get(path, headers as unknown as Record<string, string>);
      expect([response.status, response.bytes.length, response.headers['etag']]).toEqual([304, 0, etag]);
    }
    for (const headers of [
      { 'if-none-match': '"x"' },
      { 'if-none-match': '"x"', 'if-modified-since': modified },
      { 'if-modified-since': 'Thu, 19 Nov 2026 10:00:00 GMT' },
      { 'if-modified-since': 'nonsense' },
    ]) {
      const response = await app.get(path, headers as unknown as Record<string, string>);
      expect(response.status).toBe(200);
    }
  });

  test('are sent in part only if If-Range still holds', async () => {
    const { etag = '', 'last-modified': modified = '' } = (await app.get(path)).headers;
    const status = async (condition: string) =>
      (await app.get(path, { range: 'bytes=0-1', 'if-range': condition })).status;

    expect(await status(etag)).toBe(206);
    expect(await status(modified)).toBe(206);
    expect(await status('"x"')).toBe(200);
    expect(await status(`W/${etag}`)).toBe(200);
    expect(await status('Thu, 19 Nov 2026 10:00:00 GMT')).toBe(200);
  });

  test('have a metadata sidecar with the manners of a file', async () => {
    const response = await app.get(`${path}.metadata`);

    expect(response).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'max-age=365000000, immutable, public',
        'accept-ranges': 'bytes',
      },
    });
    expect(response.text).toMatch(/^Metadata-Version: 2.1\nName: demo\n/);
    const etag = String(response.headers['etag']);
    expect((await app.get(`${path}.metadata`, { 'if-none-match': etag })).status).toBe(304);
    expect((await app.get(`${path}.metadata`, { range: 'bytes=0-7' })).text).toBe('Metadata');
    expect((await app.request('HEAD', `${path}.metadata`)).headers['content-length']).toBe(
      String(response.bytes.length),
    );
  });

  test('tell of themselves in JSON', async () => {
    await app.get(path);

    const response = await app.get(path, { accept: 'application/json' });

    expect(response.headers['content-type']).toBe('application/json');
    expect(response.json()).toEqual({
      type: 'releasefilemeta',
      result: {
        last_modified: 'Fri, 20 Nov 2026 10:00:00 GMT',
        hash_spec: expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
        hashes: {
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          md5: expect.stringMatching(/^[0-9a-f]{32}$/),
        },
        project: 'demo',
        version: '1.0',
        url: `${app.url}${path}`,
      },
    });
    expect((await app.get(path, { accept: '*/*' })).bytes.length).toBe(size);
    expect((await app.get(path, { accept: 'text/html, application/json;q=0.5' })).bytes.length).toBe(size);
  });

  test.each([
    ['another start of the hash', (p: string) => p.replace(/\+f\/.../, '+f/000')],
    ['another rest of the hash', (p: string) => p.replace(/(\+f\/...)\/.{13}/, '$1/0000000000000')],
    ['another name', (p: string) => p.replace('demo-1.0', 'demo-9.0')],
    ['another index', (p: string) => p.replace(/\/index\d+\//, '/other/')],
    ['a longer path', (p: string) => `${p}/x`],
    ['no name', (p: string) => p.slice(0, p.lastIndexOf('/'))],
    ['dots', (p: string) => p.replace(/\+f\/.*/, '+f/../../../../etc/passwd')],
    ['encoded dots', (p: string) => p.replace(/\+f\/.*/, '+f/%2e%2e/%2e%2e/wheelhouse.sqlite')],
    ['encoded slashes', (p: string) => p.replace(/\+f\/.*/, '+f/..%2F..%2Fwheelhouse.sqlite')],
    ['a null byte', (p: string) => `${p}%00`],
    ['nothing', (p: string) => p.replace(/\+f\/.*/, '+f/')],
    ['.metadata of .metadata', (p: string) => `${p}.metadata.metadata`],
  ])('are not found under %s', async (_what, change) => {
    const response = await app.get(change(path), { accept: 'text/plain' });

    expect([400, 404]).toContain(response.status);
    expect(response.text).not.toContain('SQLite');
  });

  test('survive readers that go away in the middle', async () => {
    for (let reader = 0; reader < 5; reader += 1) {
      await app.raw([`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`], { silentMs: 1 });
    }

    expect((await app.get(path)).bytes.equals(upload.content)).toBe(true);
  });

  test('can be read while they are removed', async () => {
    const own = await app.index();
    await app.fill(own, upload);
    const ownPath = await app.filePath(own, upload.filename);

    const [response] = await Promise.all([
      app.get(ownPath),
      app.request('DELETE', `${own.path}/demo`, { auth: own.user.auth }),
    ]);

    expect([200, 410]).toContain(response.status);
    if (response.status === 200) expect(response.bytes.equals(upload.content)).toBe(true);
    expect((await app.get(ownPath)).status).toBe(410);
    await app.events();
  });

  test('of another index with the same bytes are independent', async () => {
    const [one, two] = [await app.index(), await app.index()];
    await app.fill(one, upload);
    await app.fill(two, upload);
    const [onePath, twoPath] = [
      await app.filePath(one, upload.filename),
      await app.filePath(two, upload.filename),
    ];
    await app.get(twoPath);

    await app.request('DELETE', onePath, { auth: one.user.auth });

    expect([(await app.get(onePath)).status, (await app.get(twoPath)).status]).toEqual([410, 200]);
    await app.events();
  });
});

test('a stored file that is missing is a failure that says which', async () => {
  const app = await testApp({ database: 'sqlite' });
  const index = await app.index();
  await app.fill(index, wheelUpload());
  const path = await app.filePath(index, 'demo-1.0-py3-none-any.whl');
  await rm(join(app.serverdir, 'files', 'sha256'), { recursive: true });

  const response = await app.get(path);

  expect(response.status).toBe(500);
  expect(app.errors().join()).toMatch(/cannot send a stored file|stored file .* cannot be read/);
  await app.close();
});

test.each([1, 3])('%i answers that nobody reads to their end give the file back', async (pipelined) => {
  await using upstream = await FixtureIndex.start();
  const app = await mirrorApp({ database: 'sqlite' });
  try {
    const { path } = await mirroredFile(app, upstream, largeWheelFile(30_000_000));
    await app.get(path);
    const { files } = app.context;
    const open = files.open.bind(files);
    let opened = 0;
    let released = 0;
    vi.spyOn(files, 'open').mockImplementation(async (sha256) => {
      const file = await open(sha256);
      opened += 1;
      return { ...file, release: () => (file.release(), (released += 1)) };
    });

    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(pipelined));
    await expect.poll(() => opened - released).toBe(pipelined);
    socket.destroy();

    await expect.poll(() => opened - released).toBe(0);
  } finally {
    await app.close();
  }
});

test('a mirrored file whose bytes another server forgot is fetched again', async () => {
  await using upstream = await FixtureIndex.start();
  const app = await mirrorApp({ database: 'sqlite' });
  try {
    // Too large to be held in memory.
    const file = largeWheelFile(3_000_000);
    const { path } = await mirroredFile(app, upstream, file);
    for (let time = 0; time < 3; time += 1) await app.get(path);

    await app.context.files.remove(digest('sha256', file.bytes), Infinity);
    // The answer may break off once, which installers try again.
    await app.get(path).catch(() => undefined);

    expect((await app.get(path)).bytes.equals(file.bytes)).toBe(true);
    app.errors();
  } finally {
    await app.close();
  }
});
