import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { metadataText } from '#test/archives.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const HOSTILE = `<b onclick="x">\u202e"'&`;

describe.each(databases)('pages of projects and releases on %s', (database) => {
  let app: TestApp;
  let upstream: FixtureIndex;
  beforeAll(async () => {
    upstream = await FixtureIndex.start();
    app = await mirrorApp({ database });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  /** A page as its words, each run of spaces one. */
  async function show(path: string, auth?: Auth) {
    const response = await app.request('GET', path, { headers: BROWSER, auth });
    const main = /<main[^>]*>([\s\S]*)<\/main>/.exec(response.text)?.[1] ?? response.text;
    const words = main.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    return { ...response, main, words, status: response.status };
  }

  /** The same when the description is there, which a page does not wait for. */
  async function showRendered(path: string) {
    await expect
      .poll(async () => (await show(path)).main, { timeout: 20_000 })
      .not.toContain('it is being rendered');
    return await show(path);
  }

  async function yank(index: TestIndex, version: string, reason: string): Promise<void> {
    const path = `${index.path}/demo/${version}/+yank`;
    const response = await app.request('PUT', path, { json: { reason }, auth: index.user.auth });
    expect(response.status).toBe(200);
  }

  test('programs get what they got', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload());

    for (const accept of ['application/json', '*/*', undefined]) {
      for (const path of ['/demo', '/demo/1.0']) {
        const response = await app.get(`${index.path}${path}`, accept === undefined ? {} : { accept });
        expect(response.headers['content-type']).toBe('application/json');
      }
    }
    const why = await app.get(`${index.path}/+why/demo`, { accept: 'application/json' });
    expect(why.json()).toMatchObject({ isVisible: true });
    expect((await app.get(`${index.path}/demo/1.0/+files`, { accept: 'application/json' })).status).toBe(404);
    const pip = { ...BROWSER, 'user-agent': 'pip/26.2' };
    expect((await app.get(`${index.path}/demo`, pip)).headers['location']).toContain('/+simple/demo/');
  });

  describe('a project', () => {
    test('shows versions over all bases, newest first, with what hides and what is yanked', async () => {
      upstream.set('demo', [{ filename: 'demo-9.0.tar.gz', bytes: Buffer.of(1) }]);
      const mirror = await mirrorOf(app, upstream);
      await app.page(mirror);
      const base = await app.index({ bases: [mirror.full] });
      const index = await app.index({ bases: [base.full] });
      await app.fill(base, wheelUpload({ version: '1.9' }), wheelUpload({ version: '1.10' }));
      await app.fill(
        index,
        sdistUpload({ version: '1.10', metadata: { Summary: 'Demonstrates' } }),
        wheelUpload({ version: '2.0rc1' }),
      );
      await yank(base, '1.9', HOSTILE);
      const asked = upstream.requests.length;

      const { main, words, status } = await show(`${index.path}/demo`);

      expect(status).toBe(200);
      expect(
        [...main.matchAll(/<th scope="row"[^>]*>\s*(?:<s>)?(?:<a [^>]*>)?<bdi>([^<]*)/g)].map(([, v]) => v),
      ).toEqual(['9.0', '2.0rc1', '1.10', '1.9']);
      expect(words).toContain(
        `Installers that ask ${index.full} see 3 versions from ${index.full} and ${base.full}.`,
      );
      expect(words).toContain(`hidden: private on ${index.full}`);
      expect(words).toMatch(/2\.0rc1 pre only with --pre/);
      expect(words).toMatch(/1\.10 what installers take/);
      expect(words).toContain('1.9 yanked &lt;b onclick=&quot;x&quot;&gt;\\u202e&quot;&#39;&amp;');
      expect(words).toContain('Demonstrates');
      expect(main).toContain(`aria-label="${base.full} has it too"`);
      expect(main).not.toContain(`href="${index.path}/demo/9.0"`);
      expect(upstream.requests.length).toBe(asked);
    });

    test('is shown page by page', async () => {
      const index = await app.index();
      const versions = Array.from({ length: 60 }, (_, minor) => `1.${minor}`);
      await Promise.all(versions.map((version) => app.upload(index, wheelUpload({ version }))));

      const [first, second] = [await show(`${index.path}/demo`), await show(`${index.path}/demo?page=2`)];

      expect(first.words).toContain('1 to 50 of 60 next');
      expect(first.main).toContain(`href="${index.path}/demo/1.10"`);
      expect(first.main).not.toContain(`href="${index.path}/demo/1.9"`);
      expect(second.main).toContain(`href="${index.path}/demo/1.9"`);
      expect((await show(`${index.path}/demo?page=3`)).words).toContain('There is no version on this page.');
    });

    test('has one address, and no page where nothing is', async () => {
      const index = await app.index();
      await app.fill(index, wheelUpload({ name: 'My.Demo' }));

      expect((await show(`${index.path}/My_Demo?page=2`)).headers['location']).toBe(
        `${index.path}/my-demo?page=2`,
      );
      expect((await show(`${index.path}/my-demo`)).words).toContain('My.Demo');
      expect((await show(`${index.path}/nothing`)).status).toBe(404);
      expect((await show(`${index.path}/my-demo/7`)).status).toBe(404);
      expect((await show(`${index.path}/my-demo/constructor`)).status).toBe(404);
    });

    test('says why it is seen, also where it is not', async () => {
      const base = await app.index();
      const index = await app.index({ bases: [base.full] });
      await app.fill(base, wheelUpload());

      expect((await show(`${index.path}/+why/demo`)).words).toMatch(
        new RegExp(`${index.full} has none has no such project ${base.full} counts has the project 1`),
      );
      expect((await show(`${index.path}/+why/nothing`)).words).toContain('has no such project');
    });

    test('has a history, of what the reader may read', async () => {
      const base = await app.index();
      const index = await app.index({ bases: [base.full] });
      await app.fill(base, wheelUpload());
      await app.fill(index, wheelUpload({ version: '2.0' }), wheelUpload({ name: 'other' }));
      await yank(base, '1.0', 'broken');

      const { words } = await show(`${index.path}/demo/+history`);
      expect(words).toMatch(
        new RegExp(`${base.user.name} yanked 1\\.0 : broken.*uploaded demo-2\\.0-py3.*uploaded demo-1\\.0`),
      );
      expect(words).not.toContain('other');

      await app.request('PATCH', base.path, { json: { acl_read: [] }, auth: base.user.auth });
      const hidden = (await show(`${index.path}/demo/+history`)).words;
      expect(hidden).toContain('uploaded demo-2.0');
      expect(hidden).not.toContain('broken');
      expect(hidden).not.toContain('demo-1.0');
    });
  });

  describe('a release', () => {
    const metadata = {
      'Metadata-Version': '2.4',
      Summary: 'Demonstrates',
      'Requires-Python': '>=3.10',
      'License-Expression': 'MIT',
      'Author-email': 'Ann Author <ann@x.example>',
      'Description-Content-Type': 'text/markdown',
      'Project-URL': ['Source, https://git.example/demo', 'Bad, javascript:alert(1)'],
      'Requires-Dist': [
        'click>=8.1',
        "tomli; python_version < '3.11'",
        "pytest; extra == 'test'",
        '<script>',
      ],
    };

    test('shows what it says of itself, how to install it, and its files in words', async () => {
      const base = await app.index();
      const index = await app.index({ bases: [base.full] });
      const description = '# Read me\n\n<script>alert(1)</script>';
      await app.fill(index, wheelUpload({ metadata, description }));
      await app.fill(base, wheelUpload({ metadata, tag: 'cp314-cp314-manylinux_2_28_aarch64' }));

      const { main, words } = await showRendered(`${index.path}/demo/1.0`);

      expect(main).toContain('<h3 id="readme-read-me">Read me</h3>');
      expect(main).not.toMatch(/<script|alert\(1\)|javascript:/);
      expect(words).toContain('newest release');
      expect(words).toContain(`pip install --index-url ${app.url}${index.path}/+simple/ demo==1.0`);
      expect(words).toMatch(/demo==1\.0 \\ --hash=sha256:[0-9a-f]{64} \\ --hash=sha256:[0-9a-f]{64}/);
      expect(words).toMatch(/Python 3\.10 or newer Licence MIT Author Ann Author/);
      expect(words).toContain('Source git.example');
      expect(words).not.toContain('Bad');
      expect(words).toMatch(/click\s+≥8\.1/);
      expect(words).toContain('tomli Python &lt; 3.11');
      expect(words).toContain('extras : test 1');
      expect(words).toContain('&lt;script&gt;');
      expect(words).toMatch(/demo-1\.0-py3-none-any\.whl any Python 3/);
      expect(words).toContain(`CPython 3.14, Linux arm64, glibc 2.28 or newer, from ${base.full}`);
      expect(main).toContain(`href="${index.path}/click"`);
      expect(words).toContain('Everybody may read it.');
    });

    test('has pages of its files, needs, metadata and history', async () => {
      const index = await app.index();
      await app.fill(index, wheelUpload({ metadata }), sdistUpload({ metadata }));
      const page = async (tab: string) => (await show(`${index.path}/demo/1.0/${tab}`)).words;

      expect(await page('+files')).toMatch(
        /demo-1\.0\.tar\.gz source.*sha256 [0-9a-f]{64}.*blake2b-256 [0-9a-f]{64}.*md5 [0-9a-f]{32}/,
      );
      expect(await page('+dependencies')).toMatch(
        /click ≥8\.1.*tomli any Python &lt; 3\.11.*With demo\[test\].*pytest/,
      );
      expect(await page('+metadata')).toMatch(
        /author email Ann Author &lt;ann@x\.example&gt;.*project urls Source, https/,
      );
      expect(await page('+history')).toContain('uploaded demo-1.0.tar.gz');
    });

    test('that is yanked says so first: who, why, and what to take instead', async () => {
      const index = await app.index();
      await app.fill(index, wheelUpload(), wheelUpload({ version: '2.0' }));
      await yank(index, '1.0', 'wrong port');

      const { main, words } = await show(`${index.path}/demo/1.0`);

      expect(words).toMatch(new RegExp(`Yanked [\\d-]+ by ${index.user.name} : wrong port`));
      expect(words).toMatch(/Take 2\.0 instead\./);
      expect(main.indexOf('Yanked')).toBeLessThan(main.indexOf('aria-label="Release"'));
    });

    test('of hostile metadata harms nobody', async () => {
      const index = await app.index();
      const fields = [
        'Summary',
        'Author',
        'License',
        'Keywords',
        'Classifier',
        'Provides-Extra',
        'Requires-Dist',
        'Home-Page',
      ];
      const hostile = Object.fromEntries(fields.map((field) => [field, HOSTILE]));
      await app.fill(index, wheelUpload({ metadata: hostile, description: HOSTILE }));

      for (const tab of ['', '/+files', '/+dependencies', '/+metadata', '/+history']) {
        const { main, status } = await show(`${index.path}/demo/1.0${tab}`);
        expect(status).toBe(200);
        expect(main).not.toMatch(/<b |\u202e/);
      }
    });

    test.each([
      ['latest', '2.0rc1'],
      ['stable', '1.10'],
    ])('is found as %s', async (name, version) => {
      const index = await app.index();
      for (const each of ['1.9', '1.10', '2.0rc1']) await app.fill(index, wheelUpload({ version: each }));

      const response = await show(`${index.path}/demo/${name}`);

      expect(response).toMatchObject({ status: 303 });
      expect(response.headers['location']).toBe(`${index.path}/demo/${version}`);
    });

    test('of a mirror has the metadata of upstream', async () => {
      upstream.set('far', [
        {
          filename: 'far-1.0-py3-none-any.whl',
          bytes: Buffer.from('wheel'),
          metadata: metadataText({
            name: 'far',
            version: '1.0',
            metadata: { Summary: 'From afar' },
            description: 'It is *far*.',
          }),
        },
        { filename: 'far-0.9.tar.gz', bytes: Buffer.from('sdist'), yanked: 'old' },
      ]);
      const mirror = await mirrorOf(app, upstream);
      const index = await app.index({ bases: [mirror.full] });

      const { main, words, headers } = await showRendered(`${index.path}/far/1.0`);

      expect(words).toContain('From afar');
      expect(main).toContain('<em>far</em>');
      // It changes without an event, so no cache may keep it.
      expect(headers['cache-control']).toContain('private');
      expect((await show(`${index.path}/far/0.9`)).words).toMatch(
        /Yanked : old.*The metadata are not known here/,
      );
    });
  });

  describe('who may', () => {
    test('is shown what to do, and nobody else', async () => {
      const index = await app.index();
      await app.fill(index, wheelUpload());
      const actions = async (auth?: Auth) => {
        const texts = [`${index.path}/demo/1.0`, `${index.path}/demo`].map(
          async (path) => (await show(path, auth)).words,
        );
        return (
          (await Promise.all(texts)).join(' ').match(/Yank…|Remove…|Remove project…|Upload(?=\s)(?!ed)/g) ??
          []
        );
      };

      expect(await actions()).toEqual([]);
      expect(await actions((await app.user()).auth)).toEqual([]);
      expect(await actions(index.user.auth)).toEqual(['Yank…', 'Remove…', 'Upload', 'Remove project…']);
      expect(await actions(ROOT)).toEqual(['Yank…', 'Remove…', 'Remove project…']);
    });

    test('not read an index sees nothing of it, here or through others', async () => {
      const secret = await app.index();
      const index = await app.index({ user: secret.user, bases: [secret.full] });
      await app.fill(secret, wheelUpload(), wheelUpload({ name: 'open' }));
      await app.fill(index, sdistUpload({ name: 'open', version: '2.0' }));
      await app.request('PATCH', secret.path, { json: { acl_read: [] }, auth: secret.user.auth });
      const paths = ['/demo', '/demo/1.0', '/demo/1.0/+files', '/demo/+history', '/demo/latest'];

      for (const path of paths) {
        expect((await show(`${secret.path}${path}`)).status).not.toBe(200);
        expect((await show(`${index.path}${path}`)).status).toBe(404);
      }
      for (const path of ['/open', '/+why/open', '/open/2.0']) {
        const { status, words } = await show(`${index.path}${path}`);
        expect(status).toBe(200);
        expect(words).not.toMatch(/1\.0|open-1/);
      }
      const seen = await show(`${index.path}/demo/1.0`, secret.user.auth);
      expect(seen.status).toBe(200);
      expect(seen.words).toContain(`Readers: ${secret.user.name}`);
      expect(seen.headers['cache-control']).toContain('private');
    });
  });
});
