import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';
import type { PackagesContext } from '../context.ts';
import { getIndex } from '../indexes/find.ts';
import type { Options } from '../model/index.ts';
import { previewChange } from './preview-change.ts';

describe.each(databases)('what would change on an index, on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(() => app.close());

  async function preview({ user, name }: TestIndex, change: Options) {
    const context = app.context as PackagesContext;
    const index = await getIndex(context.db, user.name, name);
    const before = await app.contents();
    const found = await previewChange(context, index, { ...index.options, ...change });
    expect(await app.contents()).toEqual(before);
    return { changed: found.changed, facts: found.facts.map(({ text }) => text) };
  }

  test('counts what other bases hide, show and move', async () => {
    const [near, far] = [await app.index(), await app.index()];
    await app.fill(near, wheelUpload({ name: 'one' }), wheelUpload({ name: 'two' }));
    await app.fill(far, wheelUpload({ name: 'two' }), wheelUpload({ name: 'three' }));
    const index = await app.index({ bases: [near.full] });
    await app.fill(index, wheelUpload({ name: 'own' }));

    expect(await preview(index, { bases: [far.full] })).toEqual({
      changed: ['bases'],
      facts: [
        '1 project becomes hidden',
        '1 project is taken from other indexes than now',
        '1 project becomes visible',
      ],
    });
    expect((await preview(index, { bases: [] })).facts).toEqual(['2 projects become hidden']);
    expect((await preview(index, { bases: [near.full, near.full] })).facts).toEqual([
      'Every project that is known stays where it is',
    ]);
  });

  test('says who may read, and what becomes of files', async () => {
    const index = await app.index();

    expect((await preview(index, { acl_read: [] })).facts).toEqual(['Installers need a token from now on']);
    expect((await preview(index, { volatile: false })).facts).toEqual([
      'Files keep their bytes; removing needs to be forced, and the index cannot be deleted',
    ]);
    expect(await preview(index, {})).toEqual({ changed: [], facts: [] });
  });
});
