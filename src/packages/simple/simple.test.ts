import { createHash } from 'node:crypto';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { TestClock } from '#test/clock.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';
import { isInstaller } from '#kernel/http/audience.ts';
import { choosePageType } from './negotiate.ts';

const V1_JSON = 'application/vnd.pypi.simple.v1+json';
const V1_HTML = 'application/vnd.pypi.simple.v1+html';
const HTML = 'text/html';
const PIP = `${V1_JSON}, ${V1_HTML}; q=0.1, text/html; q=0.01`;
const UV = `${V1_JSON}, ${V1_HTML};q=0.2, text/html;q=0.01`;
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

test.each([
  [undefined, HTML],
  ['', undefined],
  ['*/*', HTML],
  [PIP, V1_JSON],
  [UV, V1_JSON],
  [`${V1_JSON}, */*;q=0.1`, V1_JSON],
  [BROWSER, HTML],
  ['text/html', HTML],
  ['text/*', HTML],
  [V1_HTML, V1_HTML],
  [V1_JSON, V1_JSON],
  [V1_JSON.toUpperCase(), V1_JSON],
  ['application/vnd.pypi.simple.latest+json', V1_JSON],
  ['application/vnd.pypi.simple.latest+html', V1_HTML],
  [`${V1_JSON};q=0.5, ${V1_HTML};q=0.6`, V1_HTML],
  [`${V1_JSON};q=0.5, text/html;q=0.5`, V1_JSON],
  [`${V1_JSON};q=0, */*`, HTML],
  [`${V1_JSON};q=0`, undefined],
  ['application/json', 'application/json'],
  ['application/json, */*;q=0.1', 'application/json'],
  ['application/json;q=0.5, text/html', HTML],
  [`application/json, ${V1_JSON}`, V1_JSON],
  ['application/vnd.pypi.simple.v2+json', undefined],
  ['application/*', V1_JSON],
  ['image/png', undefined],
  [`${V1_JSON};q=x`, undefined],
  ['text/html;q=0.001', HTML],
])('Accept: %s is answered with %s', (accept, type) => {
  expect(choosePageType(accept)).toBe(type);
});

test.each([
  ['pip/24.0 {"ci":null}', true],
  ['uv/0.9.1', true],
  ['Python-urllib/3.9 setuptools/65', true],
  ['a b c distribute/0.6', true],
  ['PIP/24', false],
  ['poetry/2.1', false],
  ['python-requests/2 (pip/24)', false],
  [undefined, false],
])('User-Agent: %s is an installer: %s', (agent, is) => {
  expect(isInstaller(agent)).toBe(is);
});

describe.each(databases)('the simple API on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  let index: TestIndex;
  beforeAll(async () => {
    app = await testApp({ database, clock });
    index = await app.index();
    await app.fill(
      index,
      wheelUpload({ metadata: { 'Requires-Python': '>=3.9, <4 & "x"' } }),
      sdistUpload(),
      wheelUpload({ version: '1.10' }),
      wheelUpload({ version: '1.9' }),
    );
    await app.request('PUT', `${index.path}/demo/1.9/+yank`, {
      json: { reason: `"bad" & <worse>` },
      auth: index.user.auth,
    });
    await app.events();
  });
  afterAll(async () => await app.close());

  const page = () => `${index.path}/+simple/demo/`;
  const list = () => `${index.path}/+simple/`;

  test('a project page has every field of its files, sorted by version', async () => {
    const wheel = wheelUpload({ metadata: { 'Requires-Python': '>=3.9, <4 & "x"' } });
    const sha256 = createHash('sha256').update(wheel.content).digest('hex');

    const response = await app.get(page(), { accept: PIP });

    expect(response.headers['content-type']).toBe(V1_JSON);
    const body = response.json();
    expect(Object.keys(body)).toEqual(['meta', 'name', 'versions', 'files']);
    expect(body).toMatchObject({
      meta: { 'api-version': '1.4' },
      name: 'demo',
      versions: ['1.0', '1.9', '1.10'],
    });
    expect(body.files.map(({ filename }: { filename: string }) => filename)).toEqual([
      'demo-1.0-py3-none-any.whl',
      'demo-1.0.tar.gz',
      'demo-1.9-py3-none-any.whl',
      'demo-1.10-py3-none-any.whl',
    ]);
    expect(body.files[0]).toEqual({
      filename: wheel.filename,
      url: `../../+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/${wheel.filename}`,
      hashes: { sha256 },
      'requires-python': '>=3.9, <4 & "x"',
      size: wheel.content.length,
      'upload-time': '2026-11-20T10:00:00.123Z',
      yanked: false,
      'core-metadata': { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(body.files[1]).not.toHaveProperty('requires-python');
    expect(body.files[2].yanked).toBe(`"bad" & <worse>`);
    expect(JSON.stringify(body)).not.toContain('null');
  });

  test('the HTML says the same, escaped', async () => {
    const files = (await app.page(index)).files as Record<string, { sha256: string } & string>[];

    const response = await app.get(page(), { accept: HTML });

    expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
    const { text } = response;
    expect(text).toMatch(/^<!DOCTYPE html>\n<html/);
    expect(text).toContain('<meta name="pypi:repository-version" content="1.4">');
    expect(text).toContain(`<h1>${index.full}: links for demo</h1>`);
    const anchors = [...text.matchAll(/<a ([^>]*)>([^<]*)<\/a>/g)].map(([, attributes = '', name]) => ({
      name,
      attributes: Object.fromEntries(
        [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value = '']) => [
          key,
          value.replace(/&#(\d+);/g, (_entity, code: string) => String.fromCharCode(Number(code))),
        ]),
      ),
    }));
    expect(anchors).toEqual(
      files.map((file) => ({
        name: file['filename'],
        attributes: {
          href: `${file['url']}#sha256=${file['hashes']?.sha256}`,
          ...(file['requires-python'] !== undefined && { 'data-requires-python': file['requires-python'] }),
          ...(file['yanked'] && { 'data-yanked': file['yanked'] }),
          ...(file['core-metadata'] && {
            'data-core-metadata': `sha256=${file['core-metadata'].sha256}`,
            'data-dist-info-metadata': `sha256=${file['core-metadata'].sha256}`,
          }),
        },
      })),
    );
  });

  test('the list of projects is given in both forms', async () => {
    const json = await app.get(list(), { accept: V1_JSON });
    const html = await app.get(list(), { accept: V1_HTML });

    expect(json.json()).toEqual({ meta: { 'api-version': '1.4' }, projects: [{ name: 'demo' }] });
    expect(html.headers['content-type']).toBe(`${V1_HTML}; charset=utf-8`);
    expect(html.text).toContain('<a href="demo/">demo</a>');
  });

  describe.each(['page', 'list'] as const)('its %s', (kind) => {
    const path = () => (kind === 'page' ? page() : list());

    test.each([
      [PIP, V1_JSON],
      [V1_HTML, `${V1_HTML}; charset=utf-8`],
      [BROWSER, 'text/html; charset=utf-8'],
      ['*/*', 'text/html; charset=utf-8'],
    ])('answers Accept: %s with %s, first and from memory', async (accept, type) => {
      for (let time = 0; time < 2; time += 1) {
        const response = await app.get(path(), { accept });
        expect(response).toMatchObject({
          status: 200,
          headers: {
            'content-type': type,
            vary: 'Accept, Accept-Encoding',
            'cache-control': 'no-cache',
            'content-length': String(response.bytes.length),
          },
        });
      }
    });

    test('answers 406 where nothing matches', async () => {
      for (let time = 0; time < 2; time += 1) {
        const response = await app.get(path(), { accept: 'application/problem+json' });
        expect([response.status, response.json().code]).toEqual([406, 'kernel.not-acceptable']);
      }
    });

    test('obeys ?format before Accept', async () => {
      const quoted = encodeURIComponent(V1_JSON);

      expect((await app.get(`${path()}?format=${quoted}`, { accept: HTML })).headers['content-type']).toBe(
        V1_JSON,
      );
      expect((await app.get(`${path()}?format=text/html`, { accept: PIP })).headers['content-type']).toBe(
        'text/html; charset=utf-8',
      );
      expect((await app.get(`${path()}?format=nonsense`)).status).toBe(406);
      expect((await app.get(`${path()}?format=a&format=b`)).status).toBe(406);
    });

    test('decodes to the same bytes in every coding, each with its own ETag', async () => {
      const plain = await app.get(path(), { accept: V1_JSON });
      const gzip = await app.get(path(), { accept: V1_JSON, 'accept-encoding': 'gzip, deflate' });
      const zstd = await app.get(path(), { accept: V1_JSON, 'accept-encoding': 'gzip, deflate, zstd' });

      expect(plain.headers).not.toHaveProperty('content-encoding');
      expect([gzip, zstd].map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', 'zstd']);
      expect(gunzipSync(gzip.bytes).equals(plain.bytes)).toBe(true);
      expect(zstdDecompressSync(zstd.bytes).equals(plain.bytes)).toBe(true);
      const html = await app.get(path(), { accept: HTML });
      expect(new Set([plain, gzip, zstd, html].map(({ headers }) => headers['etag'])).size).toBe(4);
    });

    test.each([
      [undefined, undefined],
      ['br', undefined],
      ['gzip;q=0', undefined],
      ['*', 'zstd'],
      ['gzip, zstd;q=0', 'gzip'],
      ['gzip, zstd;q=0.5', 'gzip'],
      ['identity', undefined],
    ])('for Accept-Encoding: %s is encoded as %s', async (header, coding) => {
      const headers =
        header === undefined ? { accept: V1_JSON } : { accept: V1_JSON, 'accept-encoding': header };

      expect((await app.get(path(), headers)).headers['content-encoding']).toBe(coding);
    });

    test.each(['identity', 'gzip', 'zstd'])('answers 304 to the ETag of %s only', async (coding) => {
      const headers = { accept: V1_JSON, 'accept-encoding': coding };
      const { etag = '' } = (await app.get(path(), headers)).headers;
      expect(etag).toMatch(/^"[^"]+"$/);

      for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
        const response = await app.get(path(), { ...headers, 'if-none-match': tag });
        expect([response.status, response.bytes.length, response.headers['etag']]).toEqual([304, 0, etag]);
        expect(response.headers['vary']).toBe('Accept, Accept-Encoding');
        expect(response.headers).not.toHaveProperty('content-encoding');
      }
      const other = { ...headers, accept: HTML, 'if-none-match': etag };
      expect((await app.get(path(), other)).status).toBe(200);
      expect((await app.get(path(), { ...headers, 'if-none-match': '"x"' })).status).toBe(200);
    });

    test('answers HEAD like GET without a body', async () => {
      for (const coding of ['identity', 'zstd']) {
        const headers = { accept: PIP, 'accept-encoding': coding };
        const got = await app.get(path(), headers);
        const head = await app.request('HEAD', path(), { headers });
        expect([head.status, head.bytes.length]).toEqual([200, 0]);
        // undici asks to close the connection after HEAD.
        const { date: _a, connection: _b, 'keep-alive': _c, ...sent } = got.headers;
        expect(head.headers).toMatchObject(sent);
      }
    });

    test('is the same JSON for who asks for plain JSON', async () => {
      const expected = await app.get(path(), { accept: V1_JSON });

      const plain = await app.get(path(), { accept: 'application/json' });

      expect([plain.status, plain.headers['content-type']]).toEqual([200, 'application/json']);
      expect(plain.text).toBe(expected.text);
    });

    test('lets nothing run, load or frame it as HTML', async () => {
      for (const accept of [HTML, V1_HTML]) {
        for (let time = 0; time < 2; time += 1) {
          expect((await app.get(path(), { accept })).headers).toMatchObject({
            'content-security-policy':
              "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            'x-content-type-options': 'nosniff',
            'x-frame-options': 'DENY',
            'referrer-policy': 'same-origin',
          });
        }
      }
    });

    test('redirects the address without a slash', async () => {
      const response = await app.get(`${path().slice(0, -1)}?format=text/html`);

      expect([response.status, response.headers['location']]).toEqual([
        302,
        `${app.url}${path()}?format=text/html`,
      ]);
      const outside = await app.get(path().slice(0, -1), {
        'x-outside-url': 'https://pypi.example.com/sub/',
      });
      expect(outside.headers['location']).toBe(`https://pypi.example.com/sub${path()}`);
    });

    test('is found under %2B', async () => {
      const expected = await app.get(path(), { accept: PIP });

      for (const plus of ['%2B', '%2b']) {
        const response = await app.get(path().replace('+', plus), { accept: PIP });
        expect([response.status, response.text]).toEqual([200, expected.text]);
      }
    });
  });

  test('names are normalized silently', async () => {
    const expected = await app.get(page(), { accept: PIP });

    for (const name of ['Demo', 'DEMO']) {
      const response = await app.get(`${index.path}/+simple/${name}/`, { accept: PIP });
      expect([response.status, response.text]).toEqual([200, expected.text]);
    }
  });

  test.each(['nothing', '-demo-', 'd%C3%A9mo', 'demo%0A', '%2E%2E'])('%s answers 404', async (name) => {
    expect((await app.get(`${index.path}/+simple/${name}/`, { accept: PIP })).status).toBe(404);
  });

  test('an unknown index answers 404 in both', async () => {
    expect((await app.get('/root/nothing/+simple/')).status).toBe(404);
    expect((await app.get('/root/nothing/+simple/demo/')).status).toBe(404);
    expect((await app.get('/nobody/nothing/+simple/demo/')).status).toBe(404);
  });

  test('a page under a foreign path that looks like another index is not confused with it', async () => {
    const odd = await app.index({ user: index.user, name: 'a.b@c_d-e' });
    await app.fill(odd, wheelUpload({ version: '7.0' }));
    const umlaut = await app.index({ user: index.user, name: 'ü' });
    await app.fill(umlaut, wheelUpload({ version: '8.0' }));

    for (let time = 0; time < 2; time += 1) {
      expect(await app.filenames(odd)).toEqual(['demo-7.0-py3-none-any.whl']);
      expect(
        (await app.get(`/${index.user.name}/%C3%BC/+simple/demo/`, { accept: PIP })).json().versions,
      ).toEqual(['8.0']);
      expect(
        (await app.get(`/${index.user.name}/%c3%bc/+simple/demo/`, { accept: PIP })).json().versions,
      ).toEqual(['8.0']);
    }
  });
});

describe.each(databases)('pages in memory on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => await app.close());

  const listOf = async (index: TestIndex) =>
    (await app.get(`${index.path}/+simple/`, { accept: V1_JSON })).json().projects as { name: string }[];

  test('change at once with upload, replacement, yank, removal', async () => {
    const index = await app.index();
    expect([await app.page(index), await listOf(index)]).toEqual([404, []]);

    await app.fill(index, wheelUpload());
    expect(await listOf(index)).toEqual([{ name: 'demo' }]);
    const first = await app.page(index);
    await app.fill(index, wheelUpload({ description: 'other' }));
    const second = await app.page(index);
    expect(second.files[0].hashes).not.toEqual(first.files[0].hashes);
    await app.request('PUT', `${index.path}/demo/1.0/+yank`, { auth: index.user.auth });
    expect((await app.page(index)).files[0].yanked).toBe(true);
    await app.request('DELETE', `${index.path}/demo`, { auth: index.user.auth });
    expect([await app.page(index), await listOf(index)]).toEqual([404, []]);
    await app.events();
  });

  test('change at once when a whitelist or a user goes', async () => {
    const base = await app.index();
    const index = await app.index({ bases: base.full });
    await app.fill(base, wheelUpload());
    expect(await app.filenames(index)).toHaveLength(1);

    await app.request('DELETE', `/${base.user.name}`, { auth: base.user.auth });

    expect([await app.page(index), await listOf(index)]).toEqual([404, []]);
    await app.events();
  });

  test('are never older than an upload that was answered, however many read meanwhile', async () => {
    const base = await app.index();
    const index = await app.index({ bases: base.full });
    const versions = Array.from({ length: 25 }, (_, number) => `1.${number}`);
    const acknowledged = new Set<string>();
    let reads = 0;

    async function read(accept: string, coding: string): Promise<void> {
      while (acknowledged.size < versions.length) {
        const expected = [...acknowledged];
        const response = await app.get(`${index.path}/+simple/demo/`, { accept, 'accept-encoding': coding });
        const text =
          coding === 'zstd' && response.status === 200 ? zstdDecompressSync(response.bytes) : response.text;
        const missing = expected.filter((version) => !text.toString().includes(`demo-${version}-py3`));
        expect(missing, 'versions that were acknowledged before the read began').toEqual([]);
        reads += 1;
      }
    }

    const readers = [
      read(V1_JSON, 'identity'),
      read(V1_JSON, 'zstd'),
      read(HTML, 'identity'),
      read(HTML, 'identity'),
    ];
    for (const version of versions) {
      const target = Number(version.slice(2)) % 2 === 0 ? base : index;
      expect((await app.upload(target, wheelUpload({ version }))).status).toBe(200);
      acknowledged.add(version);
    }
    await Promise.all(readers);

    expect(reads).toBeGreaterThan(versions.length);
    await app.events();
  });
});

test('a small memory for pages still answers right', async () => {
  const app = await testApp({ database: 'sqlite', settings: { 'packages.page-cache-bytes': 1 } });
  const index = await app.index();
  await app.fill(index, wheelUpload({ name: 'a' }), wheelUpload({ name: 'b' }));

  for (const name of ['a', 'b', 'a', 'b']) {
    expect((await app.page(index, name)).name).toBe(name);
  }
  await app.close();
});
