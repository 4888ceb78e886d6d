import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { wheelUpload } from '#test/uploads.ts';

const LOCATION = '/+stored/';
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const nginx = { 'x-accel-location': LOCATION };

describe('files that nginx sends', () => {
  const upload = wheelUpload();
  const { length } = upload.content;
  let app: TestApp;
  let index: TestIndex;
  let path: string;
  beforeAll(async () => {
    app = await testApp({ database: 'sqlite', settings: { 'http.internal-location': LOCATION } });
    index = await app.index();
    await app.fill(index, upload);
    path = await app.filePath(index, upload.filename);
  });
  afterAll(async () => await app.close());

  const storedPath = (digest: string) => `${digest.slice(0, 2)}/${digest.slice(2)}`;

  test('are named to it in the place of their bytes, at the route and on the hot path', async () => {
    for (let time = 0; time < 2; time += 1) {
      const plain = await app.get(path);
      const answer = await app.get(path, nginx);

      expect(plain.bytes.equals(upload.content)).toBe(true);
      expect(plain.headers).not.toHaveProperty('x-accel-redirect');
      const {
        'content-length': _length,
        'accept-ranges': _ranges,
        'cache-control': caching,
        date: _date,
        'x-request-id': _id,
        ...same
      } = plain.headers;
      expect(answer.headers).toMatchObject({
        ...same,
        'content-length': '0',
        'x-accel-cache-control': caching,
        'x-accel-redirect': LOCATION + storedPath(sha256(upload.content)),
      });
    }
  });

  test('are named with a range that it reads in the same way', async () => {
    const { etag = '' } = (await app.get(path)).headers;

    for (const headers of [
      { range: 'bytes=1-2' },
      { range: 'bytes=-5' },
      { range: 'bytes=0-1', 'if-range': etag },
    ]) {
      const answer = await app.get(path, { ...nginx, ...headers });
      expect([answer.status, answer.headers['x-accel-redirect']]).toEqual([
        200,
        LOCATION + storedPath(sha256(upload.content)),
      ]);
    }
  });

  test('are answered here where it would answer in another way', async () => {
    const { etag = '', 'last-modified': modified = '' } = (await app.get(path)).headers;

    for (const [headers, status, size] of [
      [{ range: 'bytes=0-1,5-6' }, 200, length],
      [{ range: 'bytes=5-1' }, 200, length],
      [{ range: 'bytes=0-1', 'if-range': '"x"' }, 200, length],
      [{ range: `bytes=${length}-` }, 416, 0],
      [{ 'if-match': etag }, 200, length],
      [{ 'if-unmodified-since': modified }, 200, length],
      [{ 'if-none-match': etag }, 304, 0],
      [{ 'if-modified-since': modified }, 304, 0],
    ] as const) {
      const answer = await app.get(path, { ...nginx, ...headers });
      expect([headers, answer.status, answer.bytes.length]).toEqual([headers, status, size]);
      expect(answer.headers).not.toHaveProperty('x-accel-redirect');
    }
    const head = await app.request('HEAD', path, { headers: nginx });
    expect(head.headers).toMatchObject({ 'content-length': String(length) });
    expect(head.headers).not.toHaveProperty('x-accel-redirect');
  });

  test('are named to nobody who does not know the location', async () => {
    for (const location of ['/', '/etc/', '/+stored', '']) {
      const answer = await app.get(path, { 'x-accel-location': location });
      expect(answer.bytes.equals(upload.content)).toBe(true);
    }
  });

  test('are named to readers only', async () => {
    const index = await app.index({ acl_read: 'root' });
    const hidden = wheelUpload({ name: 'hidden' });
    await app.fill(index, hidden);
    const digest = sha256(hidden.content);
    const path = `${index.path}/+f/${digest.slice(0, 3)}/${digest.slice(3, 16)}/${hidden.filename}`;

    const stranger = await app.get(path, nginx);
    const reader = await app.request('GET', path, { auth: index.user.auth, headers: nginx });

    expect([stranger.status, stranger.headers['x-accel-redirect']]).toEqual([401, undefined]);
    expect(reader.headers).toMatchObject({
      'x-accel-redirect': LOCATION + storedPath(digest),
      'x-accel-cache-control': 'private, no-cache',
      vary: 'Authorization, X-Devpi-Auth, Cookie',
    });
    expect(reader.headers).not.toHaveProperty('cache-control');
  });

  test('are readable for the group once they are named, in directories that it passes through', async () => {
    const other = wheelUpload({ name: 'other' });
    await app.fill(index, other);
    const directory = app.context.config['files-directory'] ?? '';
    const file = join(directory, 'sha256', storedPath(sha256(other.content)));
    const modeOf = async (at: string) => ((await stat(at)).mode & 0o777).toString(8);
    const before = await modeOf(file);

    await app.get(await app.filePath(index, other.filename, 'other'), nginx);

    expect([before, await modeOf(file)]).toEqual(['600', '440']);
    expect([await modeOf(dirname(file)), await modeOf(directory)]).toEqual(['710', '710']);
    expect(await modeOf(join(directory, 'incoming'))).toBe('700');
  });
});

test('are sent by the server to a proxy that it does not trust', async () => {
  const app = await testApp({
    database: 'sqlite',
    settings: { 'http.internal-location': LOCATION, 'http.trusted-proxies': ['10.0.0.0/8'] },
  });
  try {
    const index = await app.index();
    const upload = wheelUpload();
    await app.fill(index, upload);

    const answer = await app.get(await app.filePath(index, upload.filename), nginx);

    expect(answer.bytes.equals(upload.content)).toBe(true);
    expect(answer.headers).not.toHaveProperty('x-accel-redirect');
  } finally {
    await app.close();
  }
});
