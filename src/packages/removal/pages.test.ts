import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestApp, TestIndex } from '#test/app.ts';
import { see, submit } from '#test/browser-request.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex } from '#test/fixture-index.ts';
import { mirrorApp, mirroredFile } from '#test/mirrors.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';

describe.each(databases)('taking things away in a browser, on %s', (database) => {
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

  async function newIndex(options: Record<string, unknown> = {}): Promise<TestIndex> {
    const index = await app.index(options);
    await app.fill(index, wheelUpload(), sdistUpload(), wheelUpload({ version: '0.9' }));
    return index;
  }

  test('yanks for a reason and takes it back', async () => {
    const index = await newIndex();
    const { auth } = index.user;
    const path = `${index.path}/demo/1.0`;

    const asked = await see(app, `${path}/+yank`, { auth });
    expect(asked.text).toContain('2 files');
    expect(asked.text).toContain('Who names no version then gets 0.9.');
    const reason = '<script>alert(1)</script>';
    const done = await submit(app, `${path}/+yank`, { reason }, { auth });
    expect([done.status, done.headers['location']]).toEqual([303, path]);
    expect(await app.events()).toEqual(['packages.release-yanked']);
    const yanked = (await app.page(index)).files.map(({ yanked: each }: { yanked: unknown }) => each);
    expect(yanked.filter((each: unknown) => each === reason)).toHaveLength(2);

    const back = await see(app, `${path}/+unyank`, { auth });
    expect(back.text).toContain('&lt;script&gt;');
    expect(back.text).not.toContain('<script>alert');
    expect((await submit(app, `${path}/+unyank`, {}, { auth })).status).toBe(303);
    expect(await app.events()).toEqual(['packages.release-unyanked']);
  });

  test.each([true, false])(
    'removes a release once it is typed, also where volatile is %s',
    async (volatile) => {
      const index = await newIndex({ volatile });
      const { auth } = index.user;
      const path = `${index.path}/demo/1.0/+remove`;

      const asked = await see(app, path, { auth });
      expect(asked.text).toContain('Remove 2 files');
      expect(asked.text).toContain(`href="${index.path}/demo/1.0/+yank"`);
      expect(asked.text.includes('This index is not volatile')).toBe(!volatile);
      const wrong = await submit(app, path, { typed: 'demo' }, { auth });
      expect(wrong.status).toBe(422);
      expect(await app.events()).toEqual([]);

      const done = await submit(app, path, { typed: 'demo 1.0' }, { auth });
      expect([done.status, done.headers['location']]).toEqual([303, `${index.path}/demo`]);
      expect(await app.events()).toEqual(['packages.release-removed']);
      expect(await app.filenames(index)).toEqual(['demo-0.9-py3-none-any.whl']);
    },
  );

  test('removes one file', async () => {
    const index = await newIndex();
    const { auth } = index.user;
    const path = `${index.path}/demo/1.0/+remove?file=demo-1.0.tar.gz`;

    expect((await see(app, path, { auth })).text).toContain('Remove demo-1.0.tar.gz');
    const done = await submit(app, path, { typed: 'demo 1.0' }, { auth });
    expect([done.status, done.headers['location']]).toEqual([303, `${index.path}/demo/1.0`]);
    expect(await app.events()).toEqual(['packages.file-removed']);
    expect((await see(app, path, { auth })).status).toBe(404);
  });

  test('removes a project', async () => {
    const index = await newIndex();
    const { auth } = index.user;
    const path = `${index.path}/demo/+remove`;

    expect((await see(app, path, { auth })).text).toContain('2 releases, 3 files');
    const done = await submit(app, path, { typed: 'demo' }, { auth });
    expect([done.status, done.headers['location']]).toEqual([303, index.path]);
    expect(await app.events()).toEqual(['packages.project-removed']);
  });

  test('lets a mirror forget what comes back, and asks upstream anew', async () => {
    const { index, path: file } = await mirroredFile(app, upstream, {
      filename: 'demo-1.0.tar.gz',
      bytes: Buffer.from('x'),
    });
    await app.get(file);
    const { auth } = index.user;
    const path = `${index.path}/demo/+remove`;

    const asked = await see(app, path, { auth });
    expect(asked.text).toContain('Forget 1 file');
    expect(asked.text).not.toContain('name="typed"');
    expect((await submit(app, path, {}, { auth })).status).toBe(303);
    expect(await app.events()).toEqual(['packages.project-removed']);

    const before = upstream.requests();
    expect((await see(app, `${index.path}/demo/+refresh`)).text).toContain('Ask upstream');
    const done = await submit(app, `${index.path}/demo/+refresh`, {});
    expect([done.status, done.headers['location']]).toEqual([303, `${index.path}/demo`]);
    expect(upstream.requests()).toBe(before + 1);
    await app.events();
  });

  test('asks about nothing that is inherited or not there', async () => {
    const base = await newIndex();
    const index = await app.index({ bases: [base.full] });
    const { auth } = index.user;

    for (const way of ['demo/+remove', 'demo/1.0/+remove', 'demo/1.0/+yank', 'none/1.0/+unyank']) {
      expect((await see(app, `${index.path}/${way}`, { auth })).status).toBe(404);
      expect((await submit(app, `${index.path}/${way}`, { typed: 'demo 1.0' }, { auth })).status).toBe(404);
    }
    expect(await app.events()).toEqual([]);
  });

  test.each(['demo/+remove', 'demo/1.0/+remove', 'demo/1.0/+yank', 'demo/1.0/+unyank', 'demo/+refresh'])(
    'takes no form of another site for %s, and none of who may not',
    async (way) => {
      const index = await newIndex();
      const stranger = await app.user();
      const before = await app.contents();
      const fields = { typed: way.includes('1.0') ? 'demo 1.0' : 'demo' };
      const path = `${index.path}/${way}`;

      for (const site of ['cross-site', 'same-site', 'none']) {
        expect((await submit(app, path, fields, { auth: index.user.auth, site })).status).toBe(403);
      }
      if (!way.includes('refresh')) {
        expect((await submit(app, path, fields, { auth: stranger.auth })).status).toBe(403);
        expect((await submit(app, path, fields)).status).toBe(403);
        expect((await see(app, path, { auth: stranger.auth })).status).toBe(403);
      }
      expect(await app.contents()).toEqual(before);
    },
  );
});
