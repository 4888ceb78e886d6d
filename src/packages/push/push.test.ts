import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type Auth, type TestApp, type TestIndex, type TestUser } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { sdistUpload, uploadForm, wheelUpload } from '#test/uploads.ts';
import { zip } from '#test/zip-writer.ts';

const WHEEL = 'demo-1.0-py3-none-any.whl';
const SDIST = 'demo-1.0.tar.gz';

interface Link {
  readonly rel: string;
  readonly href: string;
  readonly hash_spec: string;
  readonly log: readonly { readonly what: string; readonly [key: string]: unknown }[];
}

describe.each(databases)('a push between indexes on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => await app.close());

  interface Pair {
    readonly user: TestUser;
    readonly dev: TestIndex;
    readonly prod: TestIndex;
  }

  /** Two indexes of one user, the first with a release of two files. */
  async function pair(prodOptions: Record<string, unknown> = {}): Promise<Pair> {
    const user = await app.user();
    const dev = await app.index({ user });
    const prod = await app.index({ user, ...prodOptions });
    await app.fill(dev, wheelUpload(), sdistUpload());
    return { user, dev, prod };
  }

  const send = (
    source: TestIndex,
    json: Record<string, unknown>,
    auth: Auth | undefined = source.user.auth,
  ) => app.request('PUSH', source.path, { json, auth, headers: { accept: 'application/json' } });

  const push = ({ dev, prod }: Pick<Pair, 'dev' | 'prod'>, json: Record<string, unknown> = {}, auth?: Auth) =>
    send(dev, { name: 'demo', version: '1.0', targetindex: prod.full, ...json }, auth);

  async function release(index: TestIndex, version = '1.0') {
    const answer = await app.get(`${index.path}/demo/${version}`, { accept: 'application/json' });
    return answer.status === 200 ? answer.json().result : answer.status;
  }

  async function links(index: TestIndex, rel: string): Promise<Link[]> {
    return (await release(index))['+links'].filter((link: Link) => link.rel === rel);
  }

  async function addDocumentation(index: TestIndex, page = '<h1>demo</h1>'): Promise<Buffer> {
    const content = zip([{ name: 'index.html', data: page }]);
    const form = uploadForm({
      name: 'demo',
      version: '1.0',
      filename: 'demo.doc.zip',
      content,
      fields: { ':action': 'doc_upload' },
    });
    const answer = await app.request('POST', `${index.path}/`, { form, auth: index.user.auth });
    expect(answer.status, answer.text).toBe(200);
    await app.events();
    return content;
  }

  async function addResult(index: TestIndex, filename = WHEEL, report = '{"testenvs": {}}'): Promise<void> {
    const answer = await app.request('POST', await app.filePath(index, filename), { body: report });
    expect(answer.status, answer.text).toBe(200);
    await app.events();
  }

  const pathOf = ({ href }: Link) => new URL(href).pathname;

  test('copies files, results, documentation and metadata, and tells what it did', async () => {
    const { user, dev, prod } = await pair();
    await addResult(dev);
    await addResult(dev);
    const zipped = await addDocumentation(dev);
    const before = await release(dev);

    const answer = await push({ dev, prod });

    expect(answer.status, answer.text).toBe(200);
    const { type, result } = answer.json();
    expect(type).toBe('actionlog');
    const place = (link: Link) => decodeURIComponent(pathOf(link)).slice(1);
    const [wheel, sdist] = (await links(prod, 'releasefile')) as [Link, Link];
    const [one, two] = (await links(prod, 'toxresult')) as [Link, Link];
    expect(result).toEqual([
      [200, 'register', 'demo', '1.0', '->', prod.full],
      [200, 'store_releasefile', place(wheel)],
      [200, 'store_toxresult', place(one)],
      [200, 'store_toxresult', place(two)],
      [200, 'store_releasefile', place(sdist)],
      [200, 'store_doczip', 'demo', '1.0', '->', prod.full],
    ]);
    const after = await release(prod);
    const plain = ({ '+links': _links, ...metadata }: Record<string, unknown>) => metadata;
    expect(plain(after)).toEqual(plain(before));
    for (const rel of ['releasefile', 'toxresult', 'doczip']) {
      const there = await links(dev, rel);
      const here = await links(prod, rel);
      expect(here.map(({ hash_spec }) => hash_spec)).toEqual(there.map(({ hash_spec }) => hash_spec));
      for (const { log } of here) {
        expect(log).toMatchObject([
          { what: 'upload', who: rel === 'toxresult' ? null : user.name, dst: dev.full },
          { what: 'push', who: user.name, src: dev.full, dst: prod.full },
        ]);
      }
      for (const [at, link] of here.entries()) {
        const copy = await app.get(pathOf(link));
        const original = await app.get(pathOf(there[at] as Link));
        expect(copy.status).toBe(200);
        expect(copy.bytes.equals(original.bytes)).toBe(true);
        expect(copy.headers['last-modified']).toBe(original.headers['last-modified']);
      }
    }
    const [doczip] = await links(prod, 'doczip');
    expect((await app.get(pathOf(doczip as Link))).bytes.equals(zipped)).toBe(true);
    expect(await release(dev)).toEqual(before);
    expect(await app.events()).toEqual([
      'packages.project-created',
      'packages.file-uploaded',
      'packages.test-result-added',
      'packages.test-result-added',
      'packages.file-uploaded',
      'packages.documentation-uploaded',
      'packages.release-pushed',
    ]);
    const page = await app.page(prod);
    expect(page.files).toMatchObject(
      (await app.page(dev)).files.map(({ hashes, size }: Record<string, unknown>) => ({ hashes, size })),
    );
  });

  test('comes as a POST of JSON, too', async () => {
    const { dev, prod } = await pair();
    const json = { name: 'Demo', version: '1.0', targetindex: prod.full };

    const answer = await app.request('POST', dev.path, { json, auth: dev.user.auth });

    expect(answer.status, answer.text).toBe(200);
    expect(await app.filenames(prod)).toEqual([WHEEL, SDIST]);
  });

  test('is done once: again, it says the same and changes nothing', async () => {
    const both = await pair({ volatile: false });
    await addResult(both.dev);
    await addDocumentation(both.dev);
    const first = await push(both);
    const before = await app.contents();

    const again = await push(both);

    expect(first.status, first.text).toBe(200);
    expect(again.status, again.text).toBe(200);
    expect(again.json()).toEqual(first.json());
    expect(await app.contents()).toEqual(before);
  });

  test('brings later what has come since', async () => {
    const both = await pair({ volatile: false });
    await push(both);
    await app.fill(both.dev, wheelUpload({ build: '2' }));
    await addResult(both.dev, SDIST);
    await app.events();

    expect((await push(both)).status).toBe(200);

    expect(await links(both.prod, 'toxresult')).toHaveLength(1);
    expect(await app.events()).toContain('packages.release-pushed');
  });

  test('keeps the yank, and search follows', async () => {
    const { dev, prod, user } = await pair();
    await app.request('PUT', `${dev.path}/demo/1.0/+yank`, {
      json: { reason: 'broken', filenames: [WHEEL] },
      auth: user.auth,
    });

    await push({ dev, prod });

    const { files } = await app.page(prod);
    expect(files.map(({ yanked }: { yanked?: unknown }) => yanked)).toEqual(['broken', false]);
    const { results } = (await app.get(`/+search?q=demo&index=${prod.full}`)).json();
    expect(results).toMatchObject([{ project: 'demo', version: '1.0' }]);
  });

  test('replaces other files of a volatile index, and says so in their log', async () => {
    const { dev, prod } = await pair();
    await app.fill(prod, wheelUpload({ description: 'another' }));
    await addResult(prod);
    const [replaced] = await links(prod, 'releasefile');
    const [result] = await links(prod, 'toxresult');

    expect((await push({ dev, prod })).status).toBe(200);

    const [wheel] = await links(prod, 'releasefile');
    expect(wheel?.log.map(({ what }) => what)).toEqual(['overwrite', 'upload', 'push']);
    expect(wheel?.log[0]).toMatchObject({ count: 1, who: null });
    expect((await app.get(pathOf(replaced as Link))).status).toBe(410);
    expect((await app.get(pathOf(result as Link))).status).toBe(410);
    expect(await app.filenames(prod)).toEqual([WHEEL, SDIST]);
  });

  test('takes what was overwritten at the source out of the log', async () => {
    const { dev, prod } = await pair();
    await app.fill(dev, wheelUpload({ description: 'another' }));
    expect((await links(dev, 'releasefile')).some(({ log }) => log.length === 2)).toBe(true);

    await push({ dev, prod });

    for (const { log } of await links(prod, 'releasefile')) {
      expect(log.map(({ what }) => what)).toEqual(['upload', 'push']);
    }
  });

  test('leaves an index that is not volatile as it was, with every reason', async () => {
    const { dev, prod } = await pair({ volatile: false });
    await app.fill(prod, wheelUpload({ description: 'another' }), sdistUpload({ description: 'another' }));
    await addDocumentation(prod, 'another');
    await addDocumentation(dev);
    await app.fill(dev, wheelUpload({ build: '7' }));
    const before = await app.contents();

    const refused = await push({ dev, prod });

    expect(refused.status).toBe(409);
    for (const name of [WHEEL, 'demo-1.0.doc.zip']) {
      expect(refused.json().message).toContain(`${name} already exists in non-volatile index`);
    }
    expect(await app.contents()).toEqual(before);
  });

  test('brings everything but documentation, or documentation alone', async () => {
    const { dev, prod } = await pair();
    const docs = await app.index({ user: dev.user });
    await addDocumentation(dev);
    await addResult(dev);

    expect((await push({ dev, prod }, { no_docs: true })).status).toBe(200);
    expect((await push({ dev, prod: docs }, { only_docs: true })).status).toBe(200);

    const rels = async (index: TestIndex) => (await release(index))['+links'].map(({ rel }: Link) => rel);
    expect(await rels(prod)).toEqual(['releasefile', 'releasefile', 'toxresult']);
    expect(await rels(docs)).toEqual(['doczip']);
    expect((await push({ dev, prod: docs }, { no_docs: true, only_docs: true })).json().message).toBe(
      "can't use 'no_docs' and 'only_docs' together",
    );
  });

  test.each([
    [{ name: undefined }, 400, 'field name: '],
    [{ version: 7 }, 400, 'field version: must be text'],
    [{ version: '' }, 400, 'field version: must not be empty'],
    [{ name: 'a b' }, 400, 'field name: '],
    [{ no_docs: 'yes' }, 400, 'field no_docs: must be true or false'],
    [{ targetindex: undefined }, 400, 'field targetindex: '],
    [{ targetindex: 'prod' }, 400, 'targetindex not in format user/index'],
    [{ targetindex: 'a/b/c' }, 400, 'targetindex not in format user/index'],
    [{ foo: 1, bar: 2 }, 400, 'unknown additional options: bar, foo'],
    [{ posturl: 'http://example.com/' }, 400, 'unknown additional options: posturl'],
    [{ targetindex: 'nobody/prod' }, 404, 'nobody/prod'],
    [{ name: 'absent' }, 400, 'there are no files for absent 1.0 on stage '],
    [{ version: '2.0' }, 400, 'there are no files for demo 2.0 on stage '],
    [{ only_docs: true }, 404, 'no release/files found for demo 1.0'],
  ])('with %j is refused with %i', async (change, status, words) => {
    const both = await pair();
    const before = await app.contents();

    const refused = await push(both, change);

    expect(refused.status).toBe(status);
    expect(refused.json().message).toContain(words);
    expect(await app.contents()).toEqual(before);
  });

  test('with several faults is refused with all of them', async () => {
    const { dev } = await pair();

    const refused = await send(dev, { name: 'demo', version: '9', targetindex: 'nobody/prod' });

    expect(refused.status).toBe(400);
    expect(refused.json().message).toMatch(/^there are no files for demo 9 on stage .*; .*nobody\/prod/);
    expect(refused.text).toContain('1.0');
  });

  test('needs the right to upload to the target', async () => {
    const { dev, prod } = await pair();
    const stranger = await app.user();
    const before = await app.contents();

    const refused = await push({ dev, prod }, {}, stranger.auth);

    expect(refused.status).toBe(401);
    expect(refused.headers['location']).toBeUndefined();
    expect(refused.json().message).toBe(`user '${stranger.name}' cannot upload to '${prod.full}'`);
    const anonymous = await app.request('PUSH', dev.path, {
      json: { name: 'demo', version: '1.0', targetindex: prod.full },
    });
    expect(anonymous.status).toBe(401);
    expect(await app.contents()).toEqual(before);
  });

  test('needs the right to read the source', async () => {
    const { dev } = await pair();
    const stranger = await app.user();
    const own = await app.index({ user: stranger });
    await app.request('PATCH', dev.path, { json: { acl_read: [dev.user.name] }, auth: dev.user.auth });

    expect((await push({ dev, prod: own }, {}, stranger.auth)).status).toBe(403);
    expect(await release(own)).toBe(404);
  });

  test('says from where what is inherited can be pushed, unless that is private', async () => {
    const base = await app.index();
    await app.fill(base, wheelUpload());
    const user = await app.user();
    const dev = await app.index({ user, bases: [base.full] });
    const prod = await app.index({ user });

    const refused = await push({ dev, prod });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain(`push it from ${base.full}`);

    await app.request('PATCH', base.path, { json: { acl_read: [base.user.name] }, auth: base.user.auth });
    expect((await push({ dev, prod })).text).not.toContain(base.full);
  });

  test('into two directions at once ends', async () => {
    const { dev, prod } = await pair();
    await app.fill(prod, wheelUpload({ name: 'other' }));

    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        n % 2 === 0
          ? push({ dev, prod })
          : send(prod, { name: 'other', version: '1.0', targetindex: dev.full }),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(await app.filenames(dev, 'other')).toEqual(await app.filenames(prod, 'other'));
  });

  test('of a file that goes away meanwhile leaves no row without bytes', async () => {
    const { dev, prod, user } = await pair();

    const [pushed] = await Promise.all([
      push({ dev, prod }),
      app.request('DELETE', `${dev.path}/demo`, { auth: user.auth }),
    ]);

    expect([200, 400]).toContain(pushed.status);
    for (const filename of await app.filenames(prod)) {
      const { bytes, headers } = await app.get(await app.filePath(prod, filename));
      expect(`"${createHash('sha256').update(bytes).digest('hex')}"`).toBe(headers['etag']);
    }
  });
});
