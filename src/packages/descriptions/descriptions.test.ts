import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testApp, type TestApp } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';
import { JobRunner } from '#kernel/jobs/job-runner.ts';
import type { PackagesContext } from '../context.ts';
import type { PackagesTables } from '../tables.ts';
import { Descriptions } from './descriptions.ts';
import { RenderingThread } from './rendering-thread.ts';
import { renderUploaded } from './render-uploaded.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const MARKDOWN = 'text/markdown';

describe.each(databases)('descriptions on %s', (database) => {
  let app: TestApp;
  let clock: TestClock;
  let descriptions: Descriptions;
  beforeEach(async () => {
    clock = new TestClock();
    app = await testApp({ database, clock, settings: { 'packages.description-bytes': 1000 } });
    descriptions = new Descriptions(app.context);
  });
  afterEach(async () => {
    await descriptions.close();
    await app.close();
  });

  const kept = async () =>
    await app.context.db
      .withTables<PackagesTables>()
      .selectFrom('rendered_description')
      .select(['key', 'used_at'])
      .execute();

  test('are rendered once and kept', async () => {
    const source = { text: '# Größe 🍰', contentType: MARKDOWN };

    const html = await descriptions.make(source);
    await descriptions.close();
    const again = new Descriptions(app.context);
    const shown = await again.show(source);
    await again.close();

    expect(html).toBe('<h3 id="readme-größe-">Größe 🍰</h3>\n');
    expect(shown).toEqual({ html, isReady: true });
    expect(await kept()).toHaveLength(1);
  });

  test('differ by type', async () => {
    const html = await Promise.all(
      [MARKDOWN, 'text/plain'].map((contentType) => descriptions.make({ text: '*a*', contentType })),
    );

    expect(html).toEqual(['<p><em>a</em></p>\n', '<pre class="readme-text" tabindex="0">*a*</pre>\n']);
  });

  test('that are empty are nothing', async () => {
    expect(await descriptions.show({ text: ' \n', contentType: '' })).toEqual({ html: '', isReady: true });
    expect(await kept()).toEqual([]);
  });

  test('that are too long are shown as text, cut', async () => {
    const html = await descriptions.make({ text: '<b>'.repeat(1000), contentType: MARKDOWN });

    expect(html).toMatch(
      /^<p class="readme-note">Shown as text: it is too long to be rendered, and only its beginning/,
    );
    expect(html.match(/&#60;b&#62;/g)).toHaveLength(333);
  });

  test('that take too long are shown as text, at once, and later for good', async () => {
    const source = { text: '=\n='.repeat(60_000), contentType: 'text/x-rst' };
    const config = { ...app.context.config, 'packages.description-bytes': 1_000_000 };
    const slow = new Descriptions({ ...app.context, config }, new RenderingThread({ renderMs: 500 }));

    const before = performance.now();
    const shown = await slow.show(source);
    const waited = performance.now() - before;
    const made = await slow.make(source);
    await slow.close();

    expect(waited).toBeLessThan(1500);
    expect(shown).toMatchObject({
      html: expect.stringContaining('Shown as text: it is being rendered'),
      isReady: false,
    });
    expect(made).toContain('Shown as text: it takes too much to render');
  });

  test('are forgotten when nobody has looked at them for a month', async () => {
    await descriptions.make({ text: 'a', contentType: MARKDOWN });
    await descriptions.make({ text: 'b', contentType: MARKDOWN });
    clock.advance(20 * DAY_MS);
    await descriptions.show({ text: 'b', contentType: MARKDOWN });
    clock.advance(20 * DAY_MS);

    await descriptions.forgetUnused();

    expect(await kept()).toEqual([{ key: expect.any(String), used_at: clock.now() - 20 * DAY_MS }]);
  });

  test('of uploads are rendered by a job, once for all files of a release', async () => {
    const index = await app.index();
    const metadata = { 'Description-Content-Type': MARKDOWN };
    for (const tag of ['py2-none-any', 'py3-none-any']) {
      await app.fill(index, wheelUpload({ description: '# demo', metadata, tag }));
    }
    await app.fill(index, wheelUpload({ name: 'silent' }));
    const context = { ...app.context, packages: { descriptions } } as unknown as PackagesContext;

    const ran = await new JobRunner(
      { db: app.context.db, dialect: database } as never,
      clock,
      app.context.log,
      [renderUploaded(context)],
    ).runDue();

    expect(ran).toBe(1);
    expect(await kept()).toHaveLength(1);
  });
});
