import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gzipSync } from 'node:zlib';
import type { TestApp, TestIndex } from '#test/app.ts';
import { digest, FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';
import { readUpstreamPage } from './upstream/upstream-page.ts';

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
const good = wheelFile();
const sha256 = digest('sha256', good.bytes);

/** Entries that must not be shown. */
const badEntries: [string, Record<string, unknown>][] = [
  ['javascript: URL', { url: 'javascript:alert(1)//demo-2.0-py3-none-any.whl' }],
  ['data: URL', { url: 'data:text/html,<script>alert(1)</script>' }],
  ['file: URL', { url: 'file:///etc/passwd' }],
  ['ftp: URL', { url: 'ftp://host/demo-2.0-py3-none-any.whl' }],
  ['no URL', { url: undefined }],
  ['empty URL', { url: '' }],
  ['URL that is an object', { url: { href: 'x' } }],
  ['URL of a megabyte', { url: `http://host/${'a'.repeat(1024 ** 2)}` }],
  ['URL that cannot be read', { url: 'http://[::bad/' }],
  ['URL without a file name', { url: 'http://host/files/' }],
  ['URL that ends in dots', { url: 'http://host/files/%2e%2e' }],
  ['name with a slash', { filename: '../demo-2.0.tar.gz' }],
  ['name with a backslash', { filename: '..\\demo-2.0.tar.gz' }],
  ['name that is an absolute path', { filename: '/etc/passwd' }],
  ['name with a newline', { filename: 'demo-2.0.tar.gz\nSet-Cookie: a=b' }],
  ['name with a null byte', { filename: 'demo-2.0.tar.gz\0.whl' }],
  ['name with markup', { filename: '<img src=x onerror=alert(1)>.whl' }],
  ['name with a quote', { filename: 'demo-2.0"onclick="x.whl' }],
  ['name that is hidden', { filename: '.htaccess' }],
  ['name that is an option', { filename: '--index-url' }],
  ['name of two dots', { filename: '..' }],
  ['empty name', { filename: '' }],
  ['name of a megabyte', { filename: `demo-${'1'.repeat(1024 ** 2)}.tar.gz` }],
  ['name that is a number', { filename: 7 }],
  ['name that is null', { filename: null }],
  ['name of another project', { filename: 'other-2.0-py3-none-any.whl' }],
  ['hash that is no hash', { hashes: { sha256: '"><script>' } }],
  ['hash that is too long', { hashes: { sha256: 'a'.repeat(129) } }],
  ['hash that is a number', { hashes: { sha256: 7 } }],
  ['hashes that are a list', { hashes: ['sha256'] }],
  ['hashes that are text', { hashes: sha256 }],
  ['requires-python of a megabyte', { 'requires-python': '>'.repeat(1024 ** 2) }],
  ['requires-python with a newline', { 'requires-python': '>=3\n<4' }],
  ['requires-python that is a number', { 'requires-python': 3 }],
];

/** Fields that must not be shown, of entries that must. */
const badFields: [string, Record<string, unknown>, Record<string, unknown>][] = [
  ['size below nothing', { size: -1 }, { size: undefined }],
  ['size in text', { size: '5' }, { size: undefined }],
  ['size with a fraction', { size: 1.5 }, { size: undefined }],
  ['size beyond counting', { size: 1e300 }, { size: undefined }],
  ['time that is no time', { 'upload-time': '<b>yesterday' }, { 'upload-time': undefined }],
  ['time without a zone', { 'upload-time': '2024-01-01T00:00:00' }, { 'upload-time': undefined }],
  ['time that is a number', { 'upload-time': 1_700_000_000 }, { 'upload-time': undefined }],
  ['provenance that is a script', { provenance: 'javascript:alert(1)' }, { provenance: undefined }],
  ['provenance that is an object', { provenance: {} }, { provenance: undefined }],
  ['yanked with control characters', { yanked: 'a\r\nb\u0000c' }, { yanked: 'a b c' }],
  ['yanked that is an object', { yanked: {} }, { yanked: false }],
  ['metadata with another hash', { 'core-metadata': { md5: 'x' } }, { 'core-metadata': true }],
  ['metadata that is text', { 'core-metadata': 'yes' }, { 'core-metadata': false }],
  ['hash of an unknown kind', { hashes: { sha256, crc32: 'zz', __proto__: 'x' } }, { hashes: { sha256 } }],
  ['a credential in the URL', { url: 'http://me:secret@127.0.0.1/demo-2.0-py3-none-any.whl' }, {}],
  ['keys of its own', { evil: '<script>', constructor: 'x' }, { evil: undefined }],
];

describe('of a hostile upstream page', () => {
  let app: TestApp;
  let upstream: FixtureIndex;
  let index: TestIndex;
  let names = 0;

  beforeAll(async () => {
    app = await mirrorApp({ database: 'sqlite' });
    upstream = await FixtureIndex.start();
    index = await mirrorOf(app, upstream);
  });

  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  async function show(text: string, type = JSON_TYPE, accept = JSON_TYPE) {
    const name = `demo${(names += 1)}`;
    upstream.set(name, { files: [], body: { text: text.replaceAll('NAME', name), type } });
    const response = await app.get(`${index.path}/+simple/${name}/`, { accept });
    return { ...response, text: response.text, name };
  }

  function pageOf(entry: unknown): string {
    const files = [
      entry,
      { filename: 'NAME-1.0-py3-none-any.whl', url: 'NAME-1.0-py3-none-any.whl', hashes: { sha256 } },
    ];
    return JSON.stringify({ meta: { 'api-version': '1.1' }, name: 'NAME', versions: ['1.0'], files });
  }

  const entry = {
    filename: 'NAME-2.0-py3-none-any.whl',
    url: 'NAME-2.0-py3-none-any.whl',
    hashes: { sha256 },
    yanked: false,
  };

  test.each(badEntries)('an entry with a %s is left out and counted, the others stay', async (_what, bad) => {
    app.errors();
    const { text, name } = await show(pageOf({ ...entry, ...bad }));

    expect(JSON.parse(text).files).toMatchObject([{ filename: `${name}-1.0-py3-none-any.whl` }]);
    expect(app.logged).toContain('"droppedCount":1');
    expect(app.logged.length).toBeLessThan(20_000);
  });

  test.each([[null], ['text'], [7], [[]], [{}]])('an entry that is %j is left out', async (bad) => {
    const { text } = await show(pageOf(bad));

    expect(JSON.parse(text).files).toHaveLength(1);
  });

  test.each(badFields)('a %s is left out of its entry', async (_what, bad, shown) => {
    const { text } = await show(pageOf({ ...entry, ...bad }));

    const file = JSON.parse(text).files.at(-1);
    expect(file.filename).toContain('-2.0-');
    for (const [key, value] of Object.entries(shown)) expect(file[key]).toEqual(value);
    expect(text).not.toContain('secret');
  });

  test.each([
    ['half of it', '{"files": ['],
    ['no files', '{"meta": {"api-version": "1.0"}}'],
    ['files that are an object', '{"files": {}}'],
    ['another API', '{"meta": {"api-version": "2.0"}, "files": []}'],
    ['an API that is an object', '{"meta": {"api-version": {"toString": 1, "valueOf": 2}}, "files": []}'],
    [
      'an API that is a list of lists',
      `{"meta": {"api-version": ${'['.repeat(50)}${']'.repeat(50)}}, "files": []}`,
    ],
    ['a deep nest', `{"files": ${'['.repeat(200_000)}`],
    ['text', 'Sorry, we are down for maintenance.'],
    ['HTML of another API', '<meta name="pypi:repository-version" content="2.0"><a href="x.whl">x</a>'],
    ['binary', '\u0000\u0001\u0002{'],
  ])('a whole that is %s is 502, and no page', async (_what, text) => {
    const { status, text: said } = await show(text);

    expect(status).toBe(502);
    expect(said).toContain('cannot be read');
    app.errors();
  });

  test('a deep nest is an entry like any other', async () => {
    const { status, text } = await show(`{"files": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`);

    expect([status, JSON.parse(text).files]).toEqual([200, []]);
  });

  test('nothing at all is a project without files, as devpi has it', async () => {
    expect(JSON.parse((await show('')).text).files).toEqual([]);
  });

  test('versions are names of versions, and no more than can be', async () => {
    const versions = ['1.0', '<script>', 7, null, '2.0\n', 'x'.repeat(1000), '1!2.0+local'];

    const { text } = await show(JSON.stringify({ files: [], versions }));

    expect(JSON.parse(text).versions.sort()).toEqual(['1!2.0+local', '1.0']);
  });

  test('a status is one that is known', async () => {
    const shown = async (status: unknown) =>
      JSON.parse((await show(JSON.stringify({ files: [], 'project-status': status }))).text)[
        'project-status'
      ];

    expect(await shown({ status: '<script>' })).toBeUndefined();
    expect(await shown({ status: 'archived', reason: 'x'.repeat(10_000) })).toEqual({ status: 'archived' });
    expect(await shown('archived')).toBeUndefined();
  });

  test('nothing of the markup arrives', async () => {
    const html = `<!DOCTYPE html><html><head><base href="/elsewhere/"><script>alert('stored')</script>
      <meta http-equiv="refresh" content="0;url=http://evil.example/"></head>
      <body onload="alert(1)"><style>*{}</style><iframe src="//evil.example"></iframe>
      <a href="../../parent/">..</a> <a href="javascript:alert(1)">NAME-3.0.tar.gz</a>
      <a href="?C=M;O=A">sort</a> <a href="mailto:x@example.org">mail</a> <a href="//[bad">bad</a>
      <a href="NAME-1.0.tar.gz#sha256=${sha256}" onclick="alert(2)" data-yanked="<script>alert(3)</script>"
         data-requires-python="&gt;=3.8&quot;&gt;&lt;script&gt;" data-provenance="javascript:alert(4)"><b>NAME-1.0.tar.gz</b></a>
      <a href="/../../etc/%2e%2e/passwd.tar.gz">x</a> <a href="%zz.whl">x</a> <a href="a%2fb.whl">x</a> <a href="a%0ab.whl">x</a>
      <A HREF='NAME-2.0.tar.gz#md5=0123456789abcdef0123456789abcdef&egg=NAME'>x</A>
      ${'<div>'.repeat(20_000)}<a title="${'t'.repeat(1024 ** 2)}" href="NAME-4.0.tar.gz">x</a>`;

    const { text, name, headers } = await show(html, 'text/html', 'text/html');

    expect(text).not.toMatch(
      /alert\(1\)|alert\(2\)|alert\(4\)|<script|iframe|onload|onclick|refresh|style|evil|etc/,
    );
    expect(text.match(/<a /g)).toHaveLength(4);
    expect(text).toContain(`>${name}-1.0.tar.gz</a>`);
    expect(text).toContain('data-yanked="&#60;script&#62;alert(3)&#60;/script&#62;"');
    expect(text).toContain('data-requires-python="&#62;=3.8&#34;&#62;&#60;script&#62;"');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).toContain(`>passwd.tar.gz</a>`);
  });

  test('relative URLs count from where the page was found, or from its base', async () => {
    const html = `<base href="http://files.example/deep/"><a href="../NAME-1.0.tar.gz">x</a>`;
    const { name } = await show(html, 'text/html');
    const patch = { json: ['mirror_use_external_urls=true'], auth: index.user.auth };
    await app.request('PATCH', index.path, patch);

    const { headers } = await app.get(await app.filePath(index, `${name}-1.0.tar.gz`, name));

    expect(headers['location']).toBe(`http://files.example/${name}-1.0.tar.gz`);
    await app.request('PATCH', index.path, {
      json: ['mirror_use_external_urls=false'],
      auth: index.user.auth,
    });
  });

  test('a bomb does not go off', async () => {
    const member = gzipSync(Buffer.alloc(200 * 1024 ** 2, ' '), { level: 9 });
    const bomb = Buffer.concat(Array.from({ length: 20 }, () => member));
    const small = await mirrorApp({
      database: 'sqlite',
      settings: { 'packages.mirror-page-bytes': 1024 ** 2 },
    });
    try {
      upstream.set('bomb', []);
      const body = { body: bomb, headers: { 'content-encoding': 'gzip' } };
      upstream.misbehave('/simple/bomb/', body);
      const before = process.memoryUsage().rss;

      expect(await small.page(await mirrorOf(small, upstream), 'bomb')).toBe(502);

      // A quarter of what it holds; other tests share the process.
      expect(process.memoryUsage().rss - before).toBeLessThan(1024 ** 3);
      small.errors();
    } finally {
      await small.close();
    }
  });

  test('as many files are read as are allowed, more are counted', async () => {
    const few = await mirrorApp({ database: 'sqlite', settings: { 'packages.mirror-page-files': 20 } });
    try {
      const file = (at: number) => ({ filename: `demo-${at}.tar.gz`, url: `x-${at}.tar.gz`, hashes: {} });
      const text = JSON.stringify({ files: Array.from({ length: 25 }, (_, at) => file(at)) });
      upstream.set('demo', { files: [], body: { text, type: JSON_TYPE } });

      expect(await few.filenames(await mirrorOf(few, upstream))).toHaveLength(20);
      expect(few.logged).toContain('"droppedCount":5');
    } finally {
      await few.close();
    }
  });

  test.each([
    ['+simple/..%2f..%2fadmin/'],
    ['+simple/demo%00/'],
    ['+simple/demo%0d%0aHost:%20evil/'],
    ['+simple/%3Cscript%3E/'],
    ['+simple/a%20b/'],
    ['+simple/demo%3Fx=y/'],
    ['+simple/-demo/'],
  ])('%s is no project, and nothing that upstream hears of', async (path) => {
    upstream.forgetRequests();

    const { status, text } = await app.get(`${index.path}/${path}`, { accept: 'text/html' });

    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(text).not.toContain('<script>');
    expect(upstream.requests()).toBe(0);
  });
});

test.each([
  ['empty objects', `{"files":[${'{},'.repeat(5000)}{}]}`],
  ['numbers', `{"files":[${'0,'.repeat(5000)}0]}`],
  ['lists within lists', `{"files":[],"versions":[${'['.repeat(5000)}${']'.repeat(5000)}]}`],
  ['links', `<html>${'<a href=x>'.repeat(5000)}</html>`],
])('a page of far too many %s is refused before it fills the memory', (_what, body) => {
  const page = { url: 'http://host/simple/demo/', project: 'demo', maxFiles: 100 };

  expect(() => readUpstreamPage(body, page)).toThrow(SyntaxError);
});
