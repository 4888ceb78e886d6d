import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';

const WHEEL = 'demo-1.0-py3-none-any.whl';
const NAME = /^demo-1\.0-py3-none-any\.whl\.toxresult-\d{14}-\d+$/;

/** Written by hand, with the white space that a parser would lose. */
const REPORT = `{ "reportversion": "1",  "toxversion": "4.67.13", "platform": "linux", "host": "box",
  "testenvs": { "py311": { "python": {"version": "3.11.2"}, "setup": [],
    "test": [ {"command": ["pytest"], "output": "1 passed", "retcode": 0} ] } } }\n`;

interface Link {
  readonly rel: string;
  readonly href: string;
  readonly for_href?: string;
  readonly hash_spec: string;
  readonly hashes: Record<string, string>;
  readonly log: readonly object[];
}

describe.each(databases)('results of tests on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({
      database,
      settings: { 'packages.max-test-result-bytes': 5000, 'packages.max-test-results': 4 },
    });
  });
  afterAll(async () => await app.close());

  async function filled(options: Record<string, unknown> = {}): Promise<{ index: TestIndex; path: string }> {
    const index = await app.index(options);
    await app.fill(index, wheelUpload());
    return { index, path: await app.filePath(index, WHEEL) };
  }

  const post = (path: string, body: string | Buffer = REPORT, auth?: Auth) =>
    app.request('POST', path, { body, auth });

  async function links(index: TestIndex, rel = 'toxresult', version = '1.0'): Promise<Link[]> {
    const { result } = (
      await app.get(`${index.path}/demo/${version}`, { accept: 'application/json' })
    ).json();
    return result['+links'].filter((link: Link) => link.rel === rel);
  }

  const pathOf = ({ href }: Link) => new URL(href).pathname;

  test('are kept as they came, beside the file, with their link', async () => {
    const { index, path } = await filled();

    const answer = await post(path, REPORT, index.user.auth);

    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    const sha256 = createHash('sha256').update(REPORT).digest('hex');
    const [link] = await links(index);
    expect(answer.json()).toEqual({
      type: 'toxresultpath',
      result: `${decodeURIComponent(pathOf(link as Link)).slice(1)}#sha256=${sha256}`,
    });
    expect(link).toMatchObject({
      for_href: `${app.url}${path}`,
      hash_spec: `sha256=${sha256}`,
      hashes: { sha256, md5: createHash('md5').update(REPORT).digest('hex') },
      log: [{ what: 'upload', who: index.user.name, dst: index.full }],
    });
    expect(
      pathOf(link as Link)
        .split('/')
        .at(-1),
    ).toMatch(NAME);
    const read = await app.get(pathOf(link as Link));
    expect(read.text).toBe(REPORT);
    expect(read.headers).toMatchObject({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
    });
    const [event] = await app.eventsWithData();
    expect(event).toMatchObject({
      type: 'packages.test-result-added',
      actor: index.user.name,
      data: { index: index.full, project: 'demo', version: '1.0', filename: WHEEL, sha256 },
    });
  });

  test('tell of themselves who asks for JSON', async () => {
    const { index, path } = await filled();
    await post(path);
    const [link] = await links(index);

    const { type, result } = (await app.get(pathOf(link as Link), { accept: 'application/json' })).json();

    expect(type).toBe('releasefilemeta');
    expect(result).toMatchObject({ project: 'demo', version: '1.0', hash_spec: link?.hash_spec });
  });

  test('are never replaced, whoever sends the same again in the same second', async () => {
    const { index, path } = await filled();

    await Promise.all([post(path), post(path), post(path)]);

    const found = await links(index);
    expect(found).toHaveLength(3);
    expect(new Set(found.map(({ href }) => href)).size).toBe(3);
  });

  test('are as many as a file may have, and no more', async () => {
    const { index, path } = await filled();
    for (let n = 0; n < 4; n += 1) expect((await post(path)).status).toBe(200);
    const before = await app.contents();

    const refused = await post(path, '{"testenvs": {}}');

    expect(refused.status).toBe(409);
    expect(await links(index)).toHaveLength(4);
    expect(await app.contents()).toEqual(before);
  });

  test('come from whom acl_toxresult_upload names', async () => {
    const { index, path } = await filled({ acl_toxresult_upload: [] });
    const tester = await app.user();
    const sentence = /^No permission to upload tox results\..*--no-upload/;
    const before = await app.contents();

    for (const auth of [undefined, index.user.auth, tester.auth]) {
      const refused = await app.request('POST', path, {
        auth,
        body: REPORT,
        headers: { accept: 'application/json' },
      });
      expect(refused.status).toBe(403);
      expect(refused.json().message).toMatch(sentence);
    }
    expect(await app.contents()).toEqual(before);

    const json = { acl_toxresult_upload: [tester.name] };
    await app.request('PATCH', index.path, { json, auth: index.user.auth });
    expect((await post(path, REPORT, index.user.auth)).status).toBe(403);
    expect((await post(path, REPORT, tester.auth)).status).toBe(200);
  });

  test('come from readers only, and are for readers only', async () => {
    const { index } = await filled();
    const reader = await app.user();
    const json = { acl_read: [reader.name] };
    const path = await app.filePath(index, WHEEL);
    await app.request('PATCH', index.path, { json, auth: index.user.auth });

    expect((await post(path)).status).toBe(401);
    expect((await post(path, REPORT, (await app.user()).auth)).status).toBe(403);
    const answer = await post(path, REPORT, reader.auth);
    expect(answer.status).toBe(200);
    const place = `/${(answer.json().result as string).split('#')[0]}`;
    expect((await app.get(place)).status).toBe(401);
    const read = await app.request('GET', place, { auth: reader.auth });
    expect(read.text).toBe(REPORT);
    expect(read.headers['cache-control']).toBe('private, no-cache');
    // Once more, from the cache of what was asked before.
    expect((await app.get(place)).status).toBe(401);
  });

  test.each([
    ['no JSON', '{', 'could not decode json'],
    ['no object', '[1]', 'the body: '],
    ['environments that are none', '{"testenvs": [1]}', 'field testenvs: '],
    ['commands that are none', '{"testenvs": {"py": {"test": {"a": 1}}}}', 'field testenvs.py.test: '],
    [
      'a return code that is none',
      '{"testenvs": {"py": {"test": [{"retcode": "x"}]}}}',
      'field testenvs.py.test.0.retcode: ',
    ],
    [
      'an output that is none',
      '{"testenvs": {"py": {"test": [{"output": {}}]}}}',
      'testenvs.py.test.0.output',
    ],
    ['a host that is none', '{"host": 1}', 'field host: '],
    ['a level too many', `{"a": ${'['.repeat(101)}${']'.repeat(101)}}`, 'nested deeper'],
    ['nothing', '', 'could not decode json'],
  ])('are refused as %s, and change nothing', async (_what, body, words) => {
    const { path } = await filled();
    const before = await app.contents();

    const refused = await app.request('POST', path, { body, headers: { accept: 'application/json' } });

    expect(refused.status).toBe(400);
    expect(refused.json().message).toContain(words);
    expect(await app.contents()).toEqual(before);
  });

  test('are refused when they are too large, also where nobody said how large', async () => {
    const { path } = await filled();
    const body = JSON.stringify({ output: 'x'.repeat(6000) });

    const refused = await post(path, body);
    const chunked = await app.raw(
      [
        `POST ${path} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
        `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      ],
      { silentMs: 1000 },
    );

    expect(refused.status).toBe(413);
    expect(refused.text).toContain('packages.max-test-result-bytes');
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('need a file at the address', async () => {
    const { index, path } = await filled();
    const other = path.replace('/+f/', '/+f/0').replace(/\+f\/0(..)./, '+f/0$1');
    const mirror = await app.index({ type: 'mirror', mirror_url: 'http://127.0.0.1:9/simple/' });
    await app.request('DELETE', path, { auth: index.user.auth });

    for (const [place, status] of [
      [other, 404],
      [path, 410],
      [path.replace(index.full, mirror.full), 404],
      [path.replace(index.full, 'nobody/dev'), 404],
    ] as const) {
      const refused = await app.request('POST', place, {
        body: REPORT,
        headers: { accept: 'application/json' },
      });
      expect(refused.status, place).toBe(status);
    }
  });

  test('are removed by whom may remove from the index, and answer 410 from then on', async () => {
    const { index, path } = await filled();
    await post(path);
    await post(path);
    const [first, second] = await links(index);
    expect((await app.get(pathOf(first as Link))).status).toBe(200);
    expect((await app.request('DELETE', pathOf(first as Link))).status).toBe(403);
    await app.events();

    const removed = await app.request('DELETE', pathOf(first as Link), { auth: index.user.auth });

    expect(removed.status).toBe(200);
    expect(await app.events()).toEqual(['packages.test-result-removed']);
    expect((await app.get(pathOf(first as Link))).status).toBe(410);
    const again = await app.request('DELETE', pathOf(first as Link), { auth: index.user.auth });
    expect(again.status).toBe(410);
    expect((await app.get(pathOf(second as Link))).text).toBe(REPORT);
    expect((await app.get(path)).status).toBe(200);
    expect(await links(index)).toEqual([second]);
  });

  test('stay on an index that is not volatile, unless forced', async () => {
    const { index, path } = await filled({ volatile: false });
    await post(path);
    const [link] = await links(index);
    const place = pathOf(link as Link);

    expect((await app.request('DELETE', place, { auth: index.user.auth })).status).toBe(403);
    expect((await app.request('DELETE', `${place}?force`, { auth: index.user.auth })).status).toBe(200);
  });

  test.each([
    [
      'file',
      async (index: TestIndex, path: string) => app.request('DELETE', path, { auth: index.user.auth }),
    ],
    [
      'release',
      async (index: TestIndex) => app.request('DELETE', `${index.path}/demo/1.0`, { auth: index.user.auth }),
    ],
    [
      'project',
      async (index: TestIndex) => app.request('DELETE', `${index.path}/demo`, { auth: index.user.auth }),
    ],
    ['index', async (index: TestIndex) => app.request('DELETE', index.path, { auth: index.user.auth })],
    ['user', async (index: TestIndex) => app.request('DELETE', `/${index.user.name}`, { auth: ROOT })],
    ['replaced file', async (index: TestIndex) => app.upload(index, wheelUpload({ description: 'another' }))],
  ])('go with their %s, and their addresses answer 410', async (_what, go) => {
    const { index, path } = await filled();
    await app.fill(index, sdistUpload());
    const others = (await app.contents()).rows['tox_result'];
    await post(path);
    const place = pathOf((await links(index))[0] as Link);
    expect((await app.get(place)).status).toBe(200);

    expect((await go(index, path)).status).toBeLessThan(300);

    expect((await app.get(place)).status).toBe(410);
    expect((await app.contents()).rows['tox_result']).toEqual(others);
  });
});
