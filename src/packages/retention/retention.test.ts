import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';
import type { PackagesContext } from '../context.ts';
import { findIndex } from '../indexes/store.ts';
import type { Index } from '../model/index.ts';
import { retain } from './retain.ts';
import { retainDaily } from './retain-daily.ts';

const DAY_MS = 86_400_000;

describe.each(databases)('retention on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database, clock });
  });
  afterAll(() => app.close());

  /** A project with a release of each version, a day apart, the oldest first. */
  async function filled(
    versions: readonly string[],
    options: Record<string, unknown> = {},
  ): Promise<TestIndex> {
    const index = await app.index(options);
    for (const version of versions) {
      await app.fill(index, wheelUpload({ name: 'demo', version }));
      clock.advance(DAY_MS);
    }
    return index;
  }

  const ask = (index: TestIndex, json: object, auth = index.user.auth) =>
    app.request('POST', `${index.path}/+retention`, { json, auth });
  const leaving = async (index: TestIndex, json: object) => {
    const { releases } = (await ask(index, json)).json() as { releases: { version: string }[] };
    return releases.map(({ version }) => version);
  };
  const kept = async (index: TestIndex) => {
    const page = await app.get(`${index.path}/+simple/demo/`, {
      accept: 'application/vnd.pypi.simple.v1+json',
    });
    return (page.json() as { versions: string[] }).versions.toSorted();
  };
  const VERSIONS = ['0.9', '1.0.dev1', '1.0.dev2', '1.0rc1', '1.0', '1.1.dev1', '1.1.dev2'];

  test('lists development releases by count and by age, and never the newest', async () => {
    const index = await filled(VERSIONS);

    expect(await leaving(index, { keep: 0 })).toEqual(['1.1.dev1', '1.0rc1', '1.0.dev2', '1.0.dev1']);
    expect(await leaving(index, { keep: 2 })).toEqual(['1.0rc1', '1.0.dev2', '1.0.dev1']);
    // The last came a day ago, 1.0rc1 four days, the two before it five and six.
    expect(await leaving(index, { days: 4 })).toEqual(['1.0.dev2', '1.0.dev1']);
    expect(await leaving(index, { keep: 4, days: 4 })).toEqual(['1.0.dev1']);
    expect(await leaving(index, { keep: 0, finals: true })).toEqual([
      '1.1.dev1',
      '1.0rc1',
      '1.0.dev2',
      '1.0.dev1',
      '0.9',
    ]);
    expect(await kept(index)).toHaveLength(VERSIONS.length);
    expect(await app.events()).toEqual([]);
  });

  test('keeps what is yanked, and the only release', async () => {
    const index = await filled(['1.0.dev1', '1.0.dev2', '1.0.dev3']);
    await app.request('PUT', `${index.path}/demo/1.0.dev1/+yank`, { auth: index.user.auth });
    const single = await filled(['1.0.dev1']);

    expect(await leaving(index, { keep: 0 })).toEqual(['1.0.dev2']);
    expect(await leaving(single, { keep: 0, finals: true })).toEqual([]);
  });

  test('removes when it is told, with the events of removals', async () => {
    const index = await filled(VERSIONS);
    await app.events();

    const answer = await ask(index, { keep: 1, apply: true });

    expect(answer.json()).toMatchObject({ isApplied: true });
    expect(await kept(index)).toEqual(['0.9', '1.0', '1.1.dev2']);
    expect(await app.events()).toEqual(Array.from({ length: 4 }, () => 'packages.release-removed'));
    expect(await leaving(index, { keep: 1 })).toEqual([]);
  });

  test('spares what is yanked, uploaded to or kept by its index by the time that it would go', async () => {
    const index = await filled(['1.0.dev1', '1.0.dev2', '1.0.dev3', '1.0.dev4', '1.0.dev5'], {
      retention_keep: 1,
    });
    const { auth } = index.user;
    const meanwhile = [
      () => app.request('PUT', `${index.path}/demo/1.0.dev4/+yank`, { auth }),
      () => app.fill(index, sdistUpload({ name: 'demo', version: '1.0.dev3' })),
      () => app.request('DELETE', `${index.path}/demo/1.0.dev2`, { auth }),
      () => app.request('PATCH', index.path, { json: ['retention_keep-='], auth }),
    ];
    const context = {
      ...(app.context as PackagesContext),
      events: {
        change: async (run: never) => {
          await meanwhile.shift()?.();
          return await app.context.events.change(run);
        },
      },
    } as unknown as PackagesContext;
    const found = await findIndex(app.context.db, index.user.name, index.name);

    const removed = await retain(context, {
      identity: undefined,
      index: found as Index,
      rules: ({ options: { retention_keep: keep } }) =>
        typeof keep === 'number' ? { keep, days: 1, finals: false } : undefined,
      apply: true,
      force: false,
    });

    expect(removed).toEqual([]);
    expect(await kept(index)).toEqual(['1.0.dev1', '1.0.dev3', '1.0.dev4', '1.0.dev5']);
  });

  test('respects an index that is not volatile, and who may not remove', async () => {
    const index = await filled(VERSIONS, { volatile: false });
    const stranger = await app.user();

    expect((await ask(index, { keep: 0, apply: true })).status).toBe(403);
    expect((await ask(index, { keep: 0 }, stranger.auth)).status).toBe(403);
    expect(await kept(index)).toHaveLength(VERSIONS.length);
    expect((await ask(index, { keep: 0, apply: true, force: true })).status).toBe(200);
    expect(await kept(index)).toEqual(['0.9', '1.0', '1.1.dev2']);
  });

  test.each([
    [{}, 'neither keep nor days is given'],
    [{ keep: -1 }, 'keep'],
    [{ days: 'ten' }, 'days'],
    [{ keep: 1, all: true }, 'all'],
  ])('refuses %j', async (json, named) => {
    const index = await filled(['1.0']);
    const answer = await ask(index, json);

    expect(answer.status).toBe(400);
    expect(answer.text).toContain(named);
  });

  test('refuses a mirror', async () => {
    const index = await app.index({ type: 'mirror' });

    expect((await ask(index, { keep: 1 })).status).toBe(400);
  });

  test('is done each day where an index says so', async () => {
    const daily = await filled(VERSIONS, { retention_keep: 1 });
    const locked = await filled(VERSIONS, { retention_keep: 1, volatile: false });
    const other = await filled(VERSIONS);
    await app.events();

    const job = retainDaily(app.context as PackagesContext);
    await job.run({}, { signal: new AbortController().signal, fence: async () => undefined });

    expect(job.everyMs).toBe(DAY_MS);
    expect(await kept(daily)).toEqual(['0.9', '1.0', '1.1.dev2']);
    const removals = await app.eventsWithData();
    expect(removals.map(({ actor }) => actor)).toEqual(Array.from({ length: 4 }, () => null));
    for (const index of [locked, other]) expect(await kept(index)).toHaveLength(VERSIONS.length);
    expect(app.logged).toContain('removed old releases');
  });
});
