import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { multipart } from '#test/multipart.ts';
import { wheelUpload } from '#test/uploads.ts';
import { zip, type ZipMember } from '#test/zip-writer.ts';

const STYLE = 'body { color: red } '.repeat(50);
const PAGES: readonly ZipMember[] = [
  {
    name: 'index.html',
    data: '<!doctype html><html><head><title>Demo</title></head><body>Hello</body></html>',
  },
  { name: '_static/' },
  { name: '_static/style.css', data: STYLE },
  { name: 'api/index.html', data: '<p>API</p>' },
  { name: 'plain.txt', data: 'stored', method: 'stored' },
];

describe.each(databases)('documentation on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database, settings: { 'packages.documentation-files': 50 } });
  });
  afterAll(() => app.close());

  async function index(options: Record<string, unknown> = {}): Promise<TestIndex> {
    const made = await app.index(options);
    return made;
  }
  async function send(
    on: TestIndex,
    content: Buffer,
    {
      name = 'demo',
      version = '1.0',
      auth = on.user.auth,
    }: { name?: string; version?: string; auth?: Auth } = {},
  ) {
    const fields = { ':action': 'doc_upload', name, version };
    const form = multipart(fields, [{ name: 'content', filename: 'docs.zip', value: content }]);
    return await app.request('POST', `${on.path}/`, { form, auth });
  }
  async function links(on: TestIndex, version = '1.0') {
    const at = await app.context.db
      .withTables<{ documentation: { sha256: string; filename: string } }>()
      .selectFrom('documentation')
      .selectAll()
      .execute();
    return at
      .filter(({ filename }) => filename === `demo-${version}.doc.zip`)
      .map(
        ({ sha256, filename }) => `${on.path}/+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/${filename}`,
      );
  }

  test('is stored with its release, served as the file and page by page', async () => {
    const on = await index({ acl_upload: [':ANONYMOUS:'] });
    const content = zip(PAGES);
    await app.events();

    const sent = await send(on, content, { name: 'Demo' });

    expect([sent.status, sent.text]).toEqual([200, '']);
    expect(await app.events()).toEqual([
      'packages.project-created',
      'packages.release-registered',
      'packages.documentation-uploaded',
    ]);
    const [path = ''] = await links(on);
    const file = await app.get(path);
    expect(file.bytes.equals(content)).toBe(true);
    expect(file.headers).toMatchObject({
      'content-type': 'application/zip',
      'x-content-type-options': 'nosniff',
    });
    const base = `${on.path}/demo/1.0/+doc`;
    const page = await app.get(`${base}/index.html`);
    expect(page.text).toContain('Hello');
    expect(page.headers).toMatchObject({
      'content-type': 'text/html',
      'cache-control': 'max-age=60',
      'x-content-type-options': 'nosniff',
    });
    expect(page.headers['content-security-policy']).toMatch(/^sandbox (?!.*allow-same-origin)/);
    const style = await app.get(`${base}/_static/style.css`, { 'accept-encoding': 'gzip' });
    expect(style.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'text/css; charset=utf-8',
    });
    expect(gunzipSync(style.bytes).toString()).toBe(STYLE);
    expect((await app.get(`${base}/_static/style.css`)).text).toBe(STYLE);
    expect((await app.get(`${base}/plain.txt`, { 'accept-encoding': 'gzip' })).text).toBe('stored');
    const head = await app.request('HEAD', `${base}/_static/style.css`);
    expect([head.status, head.bytes.length, head.headers['content-length']]).toEqual([
      200,
      0,
      String(STYLE.length),
    ]);
  });

  test('answers what a browser has with 304, whichever form that is', async () => {
    const on = await index();
    await send(on, zip(PAGES));
    const path = `${on.path}/demo/1.0/+doc/_static/style.css`;
    const [plain, zipped] = [await app.get(path), await app.get(path, { 'accept-encoding': 'gzip' })];
    const etag = plain.headers['etag'] ?? '';

    const again = await app.get(path, { 'if-none-match': etag });

    expect(zipped.headers['etag']).not.toBe(etag);
    expect([again.status, again.bytes.length, again.headers['etag']]).toEqual([304, 0, etag]);
    await send(on, zip([...PAGES, { name: 'new.html', data: 'new' }]));
    expect((await app.get(path, { 'if-none-match': etag })).status).toBe(200);
  });

  test.each([
    ['+doc', '+doc/index.html'],
    ['+doc/', '+doc/index.html'],
    ['+doc/api', '+doc/api/index.html'],
    ['+doc/api/', '+doc/api/index.html'],
  ])('%s leads to %s', async (from, to) => {
    const on = await index();
    await send(on, zip(PAGES));

    const response = await app.get(`${on.path}/demo/1.0/${from}`);

    expect([response.status, response.headers['location']]).toEqual([
      302,
      `${app.url}${on.path}/demo/1.0/${to}`,
    ]);
  });

  test('is of the newest version as latest, of the newest final one as stable', async () => {
    const on = await index();
    for (const version of ['1.0', '1.10', '1.9', '2.0a1', '3.0']) {
      if (version === '3.0') await app.fill(on, wheelUpload({ name: 'demo', version }));
      else await send(on, zip([{ name: 'index.html', data: `of ${version}` }]), { version });
    }

    expect((await app.get(`${on.path}/demo/latest/+doc/index.html`)).text).toContain('of 2.0a1');
    expect((await app.get(`${on.path}/demo/stable/+doc/index.html`)).text).toContain('of 1.10');
    expect((await app.get(`${on.path}/demo/3.0/+doc/index.html`)).status).toBe(404);
  });

  test('goes to the newest release where the form names none, and is refused where there is none', async () => {
    const on = await index();
    const none = await send(on, zip(PAGES), { version: '' });
    await app.fill(on, wheelUpload({ version: '1.9' }), wheelUpload({ version: '1.10' }));

    const sent = await send(on, zip(PAGES), { version: '' });

    expect([none.status, none.reason]).toEqual([
      400,
      `the form names no version, and ${on.full} has no release of demo`,
    ]);
    expect(sent.status).toBe(200);
    expect((await app.get(`${on.path}/demo/1.10/+doc/index.html`)).status).toBe(200);
  });

  test('stays on an index that is not volatile, and is replaced on one that is', async () => {
    const [firm, soft] = [await index({ volatile: false }), await index()];
    const [first, second] = [zip(PAGES), zip([...PAGES, { name: 'more.html', data: 'more' }])];
    for (const on of [firm, soft]) expect((await send(on, first)).status).toBe(200);

    const [same, other] = [await send(firm, first), await send(firm, second)];
    const [old = ''] = (await links(soft)).slice(-1);
    const replaced = await send(soft, second);

    expect([same.status, same.text]).toEqual([200, '200 Upload of identical file to non volatile index.']);
    expect([other.status, other.reason]).toEqual([
      409,
      'demo-1.0.doc.zip already exists in non-volatile index',
    ]);
    expect(replaced.status).toBe(200);
    expect((await app.get(old)).status).toBe(410);
    expect((await app.get(`${soft.path}/demo/1.0/+doc/more.html`)).status).toBe(200);
  });

  test('of a base is shown, and of a base that is hidden is not', async () => {
    const user = await app.user();
    const [open, closed] = [await index(), await index({ user, acl_read: ['nobody-else'] })];
    await send(open, zip(PAGES), { name: 'demo' });
    await send(closed, zip(PAGES), { name: 'secret' });
    const on = await index({ user, bases: [open.full, closed.full] });

    const shown = await app.get(`${on.path}/demo/1.0/+doc/index.html`);

    expect([shown.status, shown.headers['cache-control']]).toEqual([200, 'private, no-cache']);
    expect((await app.get(`${on.path}/secret/1.0/+doc/index.html`)).status).toBe(404);
    const path = `${closed.path}/secret/1.0/+doc/index.html`;
    expect((await app.get(path)).status).toBe(401);
    const own = await app.request('GET', path, { auth: closed.user.auth });
    expect([own.status, own.headers['cache-control']]).toEqual([200, 'private, no-cache']);
    const etag = own.headers['etag'] ?? '';
    expect((await app.get(path, { 'if-none-match': etag })).status).toBe(401);
  });

  test('is refused with every reason, and nothing changes', async () => {
    const on = await index();
    const before = await app.contents();

    const sent = await send(
      on,
      zip([
        { name: '../above.html', data: 'x' },
        { name: '/etc/absolute', data: 'x' },
        { name: String.raw`back\slash`, data: 'x' },
        { name: 'link', data: '/etc/passwd', mode: 0o120777 },
        { name: 'twice', data: 'x' },
        { name: 'twice', data: 'y' },
      ]),
    );

    expect(sent.status).toBe(400);
    for (const reason of ['leaves the archive', 'absolute path', 'backslash', 'symbolic link', 'twice']) {
      expect(sent.text).toContain(reason);
    }
    expect(await app.contents()).toEqual(before);
  });

  test.each<[string, () => Buffer, RegExp]>([
    ['no zip', () => Buffer.from('hello'), /not a zip archive/],
    [
      'too many files',
      () => zip(Array.from({ length: 51 }, (_each, at) => ({ name: `${at}.html`, data: 'x' }))),
      /the archive has 51 entries/,
    ],
    [
      'a bomb that says so',
      () => zip([{ name: 'a', data: 'x', both: { bytes: 2 ** 32 - 2 } }]),
      /inflate to more than 50 times|stored member|two sizes/,
    ],
    [
      'a bomb that lies',
      () => zip([{ name: 'a.html', data: Buffer.alloc(300_000), both: { bytes: 10 } }]),
      /larger than declared/,
    ],
  ])('%s is refused', async (_what, content, reason) => {
    const on = await index();

    const sent = await send(on, content());

    expect([sent.status, sent.text]).toEqual([400, expect.stringMatching(reason)]);
  });

  test('is not uploaded by strangers or to a mirror, and says what is missing', async () => {
    const on = await index();
    const other = await app.user();

    expect((await send(on, zip(PAGES), { auth: other.auth })).status).toBe(403);
    const form = multipart({ ':action': 'doc_upload', name: 'demo', version: '1.0' });
    const none = await app.request('POST', `${on.path}/`, { form, auth: on.user.auth });
    expect([none.status, none.reason]).toEqual([400, 'content file field not found']);
  });

  test('has a page around it, which tells of a newer version and is linked where the release is shown', async () => {
    const on = await index();
    for (const version of ['1.0', '1.1']) {
      await app.fill(on, wheelUpload({ version }));
      await send(on, zip(PAGES), { version });
    }
    const browse = (path: string) => app.get(`${on.path}/demo/${path}`, { accept: 'text/html' });

    const page = await browse('1.0/+d/api/index.html');

    expect(page.status).toBe(200);
    expect(page.text).toContain(`src="${on.path}/demo/1.0/+doc/api/index.html"`);
    expect(page.text).toContain(`href="${on.path}/demo/1.1/+d/index.html"`);
    expect(page.text).toMatch(/href="[^"]*demo-1\.0\.doc\.zip"/);
    expect(page.headers['content-security-policy']).toContain("frame-src 'self'");
    expect((await browse('1.1/+d/index.html')).text).not.toContain('newer version');
    const start = await browse('latest/+d');
    expect([start.status, start.headers['location']]).toEqual([303, `${on.path}/demo/latest/+d/index.html`]);
    for (const path of ['', '1.0']) expect((await browse(path)).text).toContain('+d/index.html');
    expect((await browse('1.0')).headers['content-security-policy']).not.toContain('frame-src');
  });

  test('does not load into pages of the server itself', async () => {
    const on = await index();
    await send(on, zip([{ name: 'x.js', data: 'alert(1)' }]));
    const load = (site: string) =>
      app.get(`${on.path}/demo/1.0/+doc/x.js`, { 'sec-fetch-site': site, 'sec-fetch-dest': 'script' });

    expect((await load('same-origin')).status).toBe(404);
    expect((await load('cross-site')).status).toBe(200);
  });
});
