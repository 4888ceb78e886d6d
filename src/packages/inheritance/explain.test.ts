import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestApp, TestIndex } from '#test/app.ts';
import { FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';
import { wheelUpload } from '#test/uploads.ts';

describe('why a project is seen or not', () => {
  let upstream: FixtureIndex;
  let app: TestApp;
  let mirror: TestIndex;
  let stage: TestIndex;

  beforeAll(async () => {
    upstream = await FixtureIndex.start();
    app = await mirrorApp({ database: 'sqlite' });
    upstream.set('demo', [wheelFile({ version: '9.0' })]);
    upstream.set('public', [wheelFile({ name: 'public' })]);
    mirror = await mirrorOf(app, upstream, { mirror_reserved_names: ['acme-*'] });
    stage = await app.index({ bases: [mirror.full] });
    await app.fill(stage, wheelUpload());
  });

  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  async function why(project: string, file?: string) {
    const query = file === undefined ? '' : `?file=${file}`;
    const answer = await app.get(`${stage.path}/+why/${project}${query}`);
    return answer.json() as {
      isVisible: boolean;
      indexes: { rule: string; isVisible: boolean; file?: string }[];
    };
  }

  test('names the index and the rule for a private project that upstream has, too', async () => {
    const { isVisible, indexes } = await why('Demo');

    expect(isVisible).toBe(true);
    expect(indexes).toMatchObject([
      { index: stage.full, isVisible: true, rule: 'has the project', files: 1 },
      {
        index: mirror.full,
        isVisible: false,
        rule: `hidden: private on ${stage.full}, and no mirror_whitelist names the project`,
      },
    ]);
  });

  test('tells of one file where it is served from', async () => {
    const own = await why('demo', 'demo-1.0-py3-none-any.whl');
    const hidden = await why('demo', 'demo-9.0-py3-none-any.whl');

    expect(own.indexes.map(({ file }) => file)).toEqual(['served', 'absent']);
    expect(hidden).toMatchObject({ isVisible: false });
  });

  test('tells what comes from upstream, and what upstream has not', async () => {
    expect(await why('public')).toMatchObject({
      isVisible: true,
      indexes: [{}, { isVisible: true, files: 1 }],
    });
    expect((await why('nothing')).indexes[1]).toMatchObject({
      isVisible: false,
      rule: 'upstream has no such project',
    });
  });

  test('tells that a reserved name is never asked for', async () => {
    const before = upstream.requests();

    expect((await why('acme-secret')).indexes[1]).toMatchObject({
      isVisible: false,
      rule: 'never asked: mirror_reserved_names has acme-*',
    });
    expect(upstream.requests()).toBe(before);
  });

  test('tells that upstream fails instead of failing', async () => {
    upstream.misbehave('*', { status: 500 }, 1);

    expect((await why('unknown')).indexes[1]?.rule).toMatch(/^not known: .* answered 500$/);
  });
});
