import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JobRunner } from '#kernel/jobs/job-runner.ts';
import { testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { documentationUpload, wheelUpload } from '#test/uploads.ts';
import type { PackagesContext } from '../context.ts';
import { DocumentationFiles } from '../documentation-pages/documentation-files.ts';
import { documentationLimits } from '../documentation/check-documentation.ts';
import { pageText } from './page-text.ts';
import { readTextsJobs } from './read-texts.ts';

describe.each(databases)('search in texts on %s', (database) => {
  let app: TestApp;
  let index: TestIndex;
  let closed: TestIndex;
  beforeAll(async () => {
    app = await testApp({ database });
    const user = await app.user();
    index = await app.index({ user });
    closed = await app.index({ user, acl_read: ['nobody-else'] });
    await app.fill(
      index,
      wheelUpload({ name: 'rain', description: 'Tells how **cumulonimbus** clouds form.' }),
      wheelUpload({ name: 'snow', metadata: { Keywords: 'weather,crystals' } }),
      wheelUpload({ name: 'cumulonimbus' }),
      documentationUpload(
        {
          'index.html':
            '<html><head><title>Rain</title></head><body><nav>menu stratus</nav><main>About <b>stratocumulus</b> &amp; Größe</main></body></html>',
          'api/clouds.html': '<title>Clouds</title><p>class Altocumulus</p>',
          'search.html': '<p>stratocumulus</p>',
          'x.js': 'var stratocumulus',
        },
        { name: 'rain' },
      ),
    );
    await app.fill(closed, wheelUpload({ name: 'secret', description: 'cumulonimbus of ours' }));
    await read();
  }, 120_000);
  afterAll(() => app.close());

  /** Runs what waits, as the jobs of a server do. */
  async function read(): Promise<void> {
    const documentation = new DocumentationFiles(app.context.files, {
      maxBytes: 2 ** 20,
      limits: documentationLimits(app.context),
    });
    const jobs = readTextsJobs({ ...(app.context as PackagesContext), documentation });
    await new JobRunner(
      { db: app.context.db, dialect: database } as never,
      app.context.clock,
      app.context.log,
      jobs,
    ).runDue();
  }
  async function search(query: string, auth?: Auth) {
    const response = await app.request('GET', `/+search?${query}`, { auth });
    expect(response.status, response.text).toBe(200);
    return response.json().results;
  }
  const found = async (query: string, auth?: Auth) =>
    (await search(query, auth)).map(({ project, match }: never) => [project, match]);

  test('finds names first, then what descriptions say, with the words around', async () => {
    const results = await search('q=cumulonimbus');

    expect(results.map(({ project, match }: never) => [project, match])).toEqual([
      ['cumulonimbus', 'exact'],
      ['rain', 'description'],
    ]);
    expect(results[1].texts).toEqual([
      { where: 'description', title: '', path: '', excerpt: 'Tells how **cumulonimbus** clouds form.' },
    ]);
  });

  test.each([
    ['stratocumulus', 'index.html', 'Rain', 'About stratocumulus & Größe'],
    ['ALTOCUM', 'api/clouds.html', 'Clouds', 'class Altocumulus'],
    ['größe about', 'index.html', 'Rain', 'About stratocumulus & Größe'],
  ])('finds %s on a page of documentation', async (words, path, title, excerpt) => {
    const [result, ...others] = await search(`q=${encodeURIComponent(words)}`);

    expect(others).toEqual([]);
    expect(result).toMatchObject({ project: 'rain', version: '1.0', match: 'documentation', moreTexts: 0 });
    expect(result.texts).toEqual([
      { where: 'documentation', title, path: `${index.path}/rain/1.0/+d/${path}`, excerpt },
    ]);
  });

  test('takes texts that a database cannot keep as they are', async () => {
    const on = await app.index();
    await app.fill(
      on,
      wheelUpload({ name: 'zero' }),
      documentationUpload({ 'index.html': '<title>Ze\0ro</title>nimbo\0stratus' }, { name: 'zero' }),
    );
    await read();

    expect(await found('q=stratus')).toEqual([['zero', 'documentation']]);
    await app.request('DELETE', `${on.path}/zero`, { auth: on.user.auth });
    await app.events();
  });

  test('finds keywords, and nothing in navigation or in the middle of words', async () => {
    expect(await found('q=crystals')).toEqual([['snow', 'keywords']]);
    expect(await found('q=stratus')).toEqual([]);
    expect(await found('q=tocumulus')).toEqual([]);
  });

  test('tells of what the reader may read', async () => {
    expect(await found('q=ours')).toEqual([]);
    expect(await found('q=ours', closed.user.auth)).toEqual([['secret', 'description']]);
  });

  test.each(['"', "'", ':*', 'a & | b', '\\', 'near(', 'größe" OR "'])(
    'takes %j for no language',
    async (text) => {
      const response = await app.get(`/+search?q=${encodeURIComponent(`${text} x`)}`);

      expect(response.status, response.text).toBe(200);
    },
  );

  test('forgets what is replaced and what is gone', async () => {
    const on = await app.index();
    await app.fill(on, wheelUpload({ name: 'old', description: 'zirrus' }));
    await read();
    expect(await found('q=zirrus')).toEqual([['old', 'description']]);

    await app.fill(on, wheelUpload({ name: 'old', version: '2.0', description: 'zephyr' }));
    await read();
    expect([await found('q=zirrus'), await found('q=zephyr')]).toEqual([[], [['old', 'description']]]);

    await app.request('DELETE', `${on.path}/old`, { auth: on.user.auth });
    expect(await found('q=zephyr')).toEqual([]);
    await app.events();
  });
});

describe('the text of a page', () => {
  test.each([
    ['<title>A &amp; B</title><p>x<p>y', { title: 'A & B', body: 'x y' }],
    ['<div role="main">in</div>out', { title: '', body: 'in' }],
    [
      '<h1>Head<a class="headerlink">¶</a></h1><script>no</script><style>no</style>',
      { title: '', body: 'Head' },
    ],
    ['<p>a\0b</p>', { title: '', body: 'a b' }],
    ['', { title: '', body: '' }],
  ])('of %j', (html, text) => {
    expect(pageText(html, 1000)).toEqual(text);
  });

  test('is cut', () => {
    expect(pageText(`<p>${'word '.repeat(1000)}`, 100).body.length).toBe(100);
  });

  // It took six minutes, in which the server answered nobody.
  test('is read in time, however deep its elements are nested', () => {
    const hostile = '<i>'.repeat(570_000) + '</b>'.repeat(570_000);

    expect(pageText(`<p>first</p>${hostile}`, 1000).body).toBe('first');
  });
});
