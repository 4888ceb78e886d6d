import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestApp, TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { digest, FixtureIndex, largeWheelFile, sdistFile, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf, mirroredFile } from '#test/mirrors.ts';

const MEGABYTE = 1024 ** 2;
const READERS = 64;

describe.each(databases)('a mirrored file on %s', (database) => {
  let app: TestApp;
  let upstream: FixtureIndex;

  beforeAll(async () => {
    app = await mirrorApp({ database });
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    upstream = await FixtureIndex.start();
  });

  afterEach(() => upstream.close());

  test('is fetched once, stored and then served without upstream', async () => {
    const file = wheelFile();
    const { path, there } = await mirroredFile(app, upstream, file);

    const cold = await app.get(path);
    await upstream.leave();
    const warm = await app.get(path);

    for (const { status, bytes, headers } of [cold, warm]) {
      expect(status).toBe(200);
      expect(bytes.equals(file.bytes)).toBe(true);
      expect(headers).toMatchObject({
        etag: `"${digest('sha256', file.bytes)}"`,
        'content-type': 'application/zip',
        'content-length': String(file.bytes.byteLength),
        'cache-control': 'max-age=365000000, immutable, public',
        'accept-ranges': 'bytes',
        'x-content-type-options': 'nosniff',
      });
    }
    expect(upstream.requests(there)).toBe(1);
  });

  test('and its page are answered before any routing from the second time on', async () => {
    const { index, path } = await mirroredFile(app, upstream, wheelFile());
    const page = `${index.path}/+simple/demo/`;
    const isRouted = async (url: string) => (await app.get(url)).headers['x-request-id'] !== undefined;

    for (const url of [page, path, `${path}.metadata`]) {
      const [first, second] = [await isRouted(url), await isRouted(url)];
      expect([url, first, second]).toEqual([url, true, false]);
    }
  });

  test('is taken from a separate file host', async () => {
    await using files = await FixtureIndex.start();
    await using pages = await FixtureIndex.start({ fileHost: files });
    const file = wheelFile();
    pages.set('demo', [file]);
    const index = await app.index({ type: 'mirror', mirror_url: pages.url });

    const { bytes } = await app.get(await app.filePath(index, file.filename));

    expect(bytes.equals(file.bytes)).toBe(true);
    expect(files.requests()).toBe(1);
  });

  test('is served through a stage above its mirror, whose answers are the same', async () => {
    const file = wheelFile();
    const { index, path } = await mirroredFile(app, upstream, file);
    const stage = await app.index({ bases: [index.full] });

    expect(await app.filePath(stage, file.filename)).toBe(path);
    expect((await app.get(path)).bytes.equals(file.bytes)).toBe(true);
  });

  test('answers HEAD, ranges and conditions when it is stored', async () => {
    const file = largeWheelFile(MEGABYTE);
    const { path } = await mirroredFile(app, upstream, file);
    await app.get(path);
    const etag = `"${digest('sha256', file.bytes)}"`;

    const head = await app.request('HEAD', path);
    const part = await app.get(path, { range: 'bytes=10-19' });
    const rest = await app.get(path, { range: 'bytes=-5', 'if-range': etag });
    const other = await app.get(path, { range: 'bytes=-5', 'if-range': '"other"' });
    const beyond = await app.get(path, { range: `bytes=${file.bytes.byteLength}-` });
    const known = await app.get(path, { 'if-none-match': etag });

    expect([head.status, head.bytes.byteLength]).toEqual([200, 0]);
    expect(head.headers['content-length']).toBe(String(file.bytes.byteLength));
    expect([part.status, part.bytes.equals(file.bytes.subarray(10, 20))]).toEqual([206, true]);
    expect(part.headers['content-range']).toBe(`bytes 10-19/${file.bytes.byteLength}`);
    expect([rest.status, rest.bytes.equals(file.bytes.subarray(-5))]).toEqual([206, true]);
    expect([other.status, other.bytes.byteLength]).toEqual([200, file.bytes.byteLength]);
    expect(beyond.status).toBe(416);
    expect([known.status, known.bytes.byteLength]).toEqual([304, 0]);
  });

  test.each([
    ['small', 0],
    ['large', MEGABYTE],
  ])('answers HEAD and a range when it is %s and not here yet', async (_size, noise) => {
    const file = noise === 0 ? wheelFile() : largeWheelFile(noise);
    const { index, path } = await mirroredFile(app, upstream, file);

    const head = await app.request('HEAD', path);
    const { path: again } = await mirroredFile(app, upstream, {
      ...file,
      bytes: Buffer.concat([file.bytes, Buffer.from('!')]),
    });
    const part = await app.get(again, { range: 'bytes=0-9' });

    expect([head.status, head.bytes.byteLength]).toEqual([200, 0]);
    expect(head.headers['content-length']).toBe(String(file.bytes.byteLength));
    // The whole file is a right answer to a range; a part must be the right part.
    if (part.status === 206) expect(part.bytes.equals(file.bytes.subarray(0, 10))).toBe(true);
    else expect([part.status, part.bytes.byteLength]).toEqual([200, file.bytes.byteLength + 1]);
    expect(index.full).toBeTruthy();
  });

  test('tells of itself in JSON, here or not', async () => {
    const file = wheelFile();
    const { path, url, there } = await mirroredFile(app, upstream, file);
    const accept = 'application/json';

    const cold = await app.get(path, { accept });
    expect(upstream.requests(there)).toBe(0);
    await app.get(path);
    const warm = await app.get(path, { accept });

    const sha256 = digest('sha256', file.bytes);
    const result = {
      hash_spec: `sha256=${sha256}`,
      hashes: { sha256 },
      project: 'demo',
      version: '1.0',
      url,
    };
    expect(cold.json()).toEqual({ type: 'releasefilemeta', result });
    expect(warm.json()).toMatchObject({ type: 'releasefilemeta', result });
    expect(warm.json().result.last_modified).toBeTruthy();
  });

  test('has a sidecar, stored and checked as the file is', async () => {
    const file = wheelFile({ metadata: 'Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n' });
    const { path, there } = await mirroredFile(app, upstream, file);

    const [first, second] = [await app.get(`${path}.metadata`), await app.get(`${path}.metadata`)];

    expect([first.text, second.text]).toEqual([file.metadata, file.metadata]);
    expect(first.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(upstream.requests(`${there}.metadata`)).toBe(1);
    expect(upstream.requests(there)).toBe(0);
  });

  test('has no sidecar that upstream did not promise', async () => {
    const { path } = await mirroredFile(app, upstream, sdistFile());

    expect((await app.get(`${path}.metadata`)).status).toBe(404);
  });

  test('is not shown with a sidecar again when that is missing upstream', async () => {
    const file = wheelFile();
    const { index, path } = await mirroredFile(app, upstream, file);
    const [{ 'core-metadata': promised }] = (await app.page(index)).files;
    expect(promised).toHaveProperty('sha256');
    upstream.lose('demo', `${file.filename}.metadata`);

    expect((await app.get(`${path}.metadata`)).status).toBe(404);

    const [{ 'core-metadata': left }] = (await app.page(index)).files;
    expect(left).toBe(false);
    expect((await app.get(path)).status).toBe(200);
    expect(await app.events()).toEqual(['packages.mirror-refreshed']);
  });

  test('never comes with a sidecar that has another hash', async () => {
    const file = wheelFile();
    const { path, there } = await mirroredFile(app, upstream, file);
    upstream.misbehave(`${there}.metadata`, { body: 'Metadata-Version: 2.1\nName: evil\n' }, 1);

    expect((await app.get(`${path}.metadata`)).status).toBe(502);
    expect((await app.get(`${path}.metadata`)).text).toBe(file.metadata);
  });

  test.each([['md5'], ['sha512'], ['sha384'], ['sha1'], ['blake2b'], ['sha3_256']])(
    'is checked by its %s when that is all upstream tells',
    async (algorithm) => {
      const file = wheelFile({ hashes: [algorithm] });
      const { path, there } = await mirroredFile(app, upstream, file);
      const bytes = Buffer.from(file.bytes);
      bytes[bytes.byteLength - 1] = 99;
      upstream.misbehave(there, { body: bytes }, 1);

      const wrong = await app.get(path);
      const right = await app.get(path);

      expect(wrong.status).toBe(502);
      expect(wrong.text).toContain(algorithm);
      expect(right.bytes.equals(file.bytes)).toBe(true);
      expect(path).toContain('/+f/');
    },
  );

  test('has an address of its own when upstream tells no hash', async () => {
    const file = wheelFile({ hashes: [] });
    const { path } = await mirroredFile(app, upstream, file);

    const [cold, warm] = [await app.get(path), await app.get(path)];

    expect(path).toMatch(/\/\+e\/http_127\.0\.0\.1_\d+_files_demo\/demo-1\.0-py3-none-any\.whl$/);
    expect(cold.bytes.equals(file.bytes) && warm.bytes.equals(file.bytes)).toBe(true);
    expect((await app.get(`${path}.metadata`)).text).toBe(file.metadata);
  });

  test.each([
    ['demo-1.0+local.1-py3-none-any.whl', 'demo'],
    ['demo-1!2.0-py3-none-any.whl', 'demo'],
    ['demo-1.0.linux-x86_64.tar.gz', 'demo'],
    ['my-demo-1.0.tar.gz', 'my-demo'],
    ['My.Demo-1.0.zip', 'my-demo'],
    ['my-demo-tools-1.0-2.tar.gz', 'my-demo-tools'],
    ['demo-2-1.0.tar.gz', 'demo-2'],
    ['demo-1.0.win32-py2.7.exe', 'demo'],
    ['demo-1.0-1.src.rpm', 'demo'],
    ['demo-1.0-py2.7.egg', 'demo'],
    ['demo-r123.tar.bz2', 'demo'],
  ])('named %s is found below %s', async (filename, project) => {
    const file = { filename, bytes: Buffer.from(`bytes of ${filename}`) };
    upstream.set(project, [file]);
    const index = await mirrorOf(app, upstream);

    const path = await app.filePath(index, filename, project);
    const { status, text } = await app.get(path);

    expect([status, text]).toEqual([200, `bytes of ${filename}`]);
    expect((await app.get(path.replaceAll('+', '%2B'))).status).toBe(200);
  });

  test('is found although nobody asked for its page yet', async () => {
    const file = wheelFile();
    const { path } = await mirroredFile(app, upstream, file);
    const index = await mirrorOf(app, upstream);

    const { bytes } = await app.get(`${index.path}/${path.split('/').slice(3).join('/')}`);

    expect(bytes.equals(file.bytes)).toBe(true);
  });

  test.each([
    ['an address that upstream does not list', '+f/abc/0123456789abc/demo-1.0-py3-none-any.whl'],
    ['a name that is no archive', '+f/abc/0123456789abc/hello'],
    ['an address that is too short', '+f/abc'],
    ['an address with more segments', '+f/a/b/c/d/e/demo-1.0.tar.gz'],
    ['parents', '+f/abc/0123456789abc/..%2f..%2f..%2fwheelhouse.sqlite'],
  ])('answers 404 for %s', async (_what, relpath) => {
    upstream.set('demo', [wheelFile()]);

    expect((await app.get(`${(await mirrorOf(app, upstream)).path}/${relpath}`)).status).toBe(404);
  });

  test('may be empty', async () => {
    const file = { filename: 'demo-1.0.tar.gz', bytes: Buffer.alloc(0) };
    const { path } = await mirroredFile(app, upstream, file);

    for (const { status, bytes, headers } of [await app.get(path), await app.get(path)]) {
      expect([status, bytes.byteLength, headers['content-length']]).toEqual([200, 0, '0']);
    }
  });

  test('is fetched again when its bytes are gone from the disk', async () => {
    const file = largeWheelFile(3 * MEGABYTE);
    const { path, there } = await mirroredFile(app, upstream, file);
    await app.get(path);
    const sha256 = digest('sha256', file.bytes);
    await using second = await FixtureIndex.start();
    second.set('demo', [file]);
    // Another mirror, whose answers are in no cache, and has a row for the same bytes.
    const index = await app.index({ type: 'mirror', mirror_url: second.url });
    const other = await app.filePath(index, file.filename);
    await app.get(other);
    await rm(join(app.serverdir, 'files', 'sha256', sha256.slice(0, 2), sha256.slice(2)));
    await app.context.files.remove(sha256, Infinity);
    await app
      .index({ volatile: true })
      .then((any) => app.request('DELETE', any.path, { auth: any.user.auth }));

    const { status, bytes } = await app.get(path);

    expect([status, bytes.equals(file.bytes)]).toEqual([200, true]);
    expect(upstream.requests(there)).toBe(2);
  });

  describe('asked for by many at once', () => {
    test('has one page request upstream, and the same page for all', async () => {
      upstream.set('demo', [wheelFile(), sdistFile()]);
      upstream.misbehave('/simple/demo/', { delayMs: 50 });
      const index = await mirrorOf(app, upstream);
      const stages = await Promise.all([1, 2, 3].map(() => app.index({ bases: [index.full] })));
      const asked = [index, ...stages];

      const pages = await Promise.all(
        Array.from({ length: READERS }, (_, at) => app.filenames(asked[at % 4] as TestIndex)),
      );

      expect(new Set(pages.map(String))).toEqual(new Set(['demo-1.0-py3-none-any.whl,demo-1.0.tar.gz']));
      expect(upstream.requests('/simple/demo/')).toBe(1);
    });

    test.each([
      ['large', largeWheelFile(database === 'sqlite' ? 5 * MEGABYTE : MEGABYTE)],
      ['small', wheelFile()],
    ])('is fetched once, however %s, and given whole to each', async (_size, file) => {
      const { path, there } = await mirroredFile(app, upstream, file);
      const sidecars = Array.from({ length: READERS }, () => app.get(`${path}.metadata`));

      const answers = await Promise.all(Array.from({ length: READERS }, () => app.get(path)));

      for (const { status, bytes } of answers) {
        expect([status, bytes.equals(file.bytes)]).toEqual([200, true]);
      }
      for (const { text } of await Promise.all(sidecars)) expect(text).toBe(file.metadata);
      expect(upstream.requests(there)).toBe(1);
      expect(upstream.requests(`${there}.metadata`)).toBe(1);
    });

    test('is fetched once although each of them is the first to ask for its page', async () => {
      const file = largeWheelFile(MEGABYTE);
      const { path, there } = await mirroredFile(app, upstream, file);
      const index = await mirrorOf(app, upstream);
      const cold = `${index.path}/${path.split('/').slice(3).join('/')}`;
      upstream.forgetRequests();

      const answers = await Promise.all(Array.from({ length: READERS }, () => app.get(cold)));

      expect(answers.every(({ bytes }) => bytes.equals(file.bytes))).toBe(true);
      expect(upstream.requests(there)).toBe(1);
      expect(upstream.requests('/simple/demo/')).toBe(1);
    });

    test('fails for all of them alike when upstream does, once', async () => {
      const { path, there } = await mirroredFile(app, upstream, wheelFile());
      upstream.misbehave(there, { status: 500, delayMs: 500 });

      const answers = await Promise.all(Array.from({ length: READERS }, () => app.get(path)));

      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([502]));
      expect(upstream.requests(there)).toBe(1);
    });
  });
});
