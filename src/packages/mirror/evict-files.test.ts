import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';
import { wheelUpload } from '#test/uploads.ts';
import type { TestApp, TestIndex } from '#test/app.ts';
import { evictMirrorFiles } from './evict-files.ts';
import { findIndex } from '../indexes/store.ts';
import { listLeastUsed, saveMirrorFile, touchMirrorFiles } from './store.ts';

const DAY_MS = 86_400_000;

describe.each(databases)('mirrored files on %s', (database) => {
  let upstream: FixtureIndex;
  let app: TestApp;
  let mirror: TestIndex;
  const clock = new TestClock();
  const files = ['1.0', '2.0', '3.0'].map((version) => wheelFile({ version }));

  beforeAll(async () => {
    upstream = await FixtureIndex.start();
    app = await mirrorApp({ database, clock });
    upstream.set('demo', files);
    mirror = await mirrorOf(app, upstream);
  });

  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  /** Fetches each file once, a second apart. */
  async function fetchAll(): Promise<void> {
    for (const { filename } of files) {
      await app.get(await app.filePath(mirror, filename));
      clock.advance(1000);
    }
  }

  function evict(settings: { readonly bytes?: number; readonly days?: number }) {
    const { db, config } = app.context;
    const limits = {
      'packages.mirror-cache-bytes': settings.bytes,
      'packages.mirror-cache-days': settings.days,
    };
    return evictMirrorFiles({ db, clock, config: { ...config, ...limits } });
  }

  test('all stay where no limit is set', async () => {
    await fetchAll();
    clock.advance(1000 * DAY_MS);

    expect(await evict({})).toEqual({ files: 0, bytes: 0 });
  });

  test('the ones used longest ago leave when all together are too many bytes', async () => {
    const [oldest, ...others] = files.map(({ bytes }) => bytes.byteLength) as [number, number, number];
    const allowed = others.reduce((sum, size) => sum + size, 0);

    expect(await evict({ bytes: allowed })).toEqual({ files: 1, bytes: oldest });
    expect(await evict({ bytes: allowed })).toEqual({ files: 0, bytes: 0 });
    expect((await listLeastUsed(app.context.db, 10)).map(({ relpath }) => relpath.split('/').at(-1))).toEqual(
      files.slice(1).map(({ filename }) => filename),
    );
  });

  test('those that nobody used for too many days leave, and files of stages never do', async () => {
    const stage = await app.index();
    await app.fill(stage, wheelUpload({ name: 'own' }));
    const path = await app.filePath(stage, 'own-1.0-py3-none-any.whl', 'own');
    clock.advance(8 * DAY_MS);

    expect(await evict({ days: 7 })).toMatchObject({ files: 2 });
    expect((await app.get(path)).status).toBe(200);
  });

  test('leave in the order of their use, however many there are', async () => {
    const { db } = app.context;
    const index = await findIndex(db, mirror.user.name, mirror.name);
    const file = { indexId: index?.id ?? 0, project: 'many', sha256: '0'.repeat(64), contentType: 'x/y' };
    await db.transaction().execute(async (tx) => {
      for (let number = 0; number < 1200; number += 1) {
        const relpath = `+f/many-${number}`;
        await saveMirrorFile(tx, { ...file, relpath, size: 1, storedAt: number });
      }
    });

    expect(await evict({ bytes: 100 })).toEqual({ files: 1100, bytes: 1100 });
    expect((await listLeastUsed(db, 1)).map(({ usedAt }) => usedAt)).toEqual([1100]);
    expect(await evict({ bytes: 1 })).toEqual({ files: 99, bytes: 99 });
  });

  test('have their uses written in one commit, all or none', async () => {
    const { db } = app.context;
    const [{ indexId, relpath, usedAt }] = (await listLeastUsed(db, 1)) as [
      Awaited<ReturnType<typeof listLeastUsed>>[number],
    ];
    const impossible = { indexId, relpath, at: null as unknown as number };

    await expect(touchMirrorFiles(db, [{ indexId, relpath, at: 7 }, impossible])).rejects.toThrow();
    expect(await listLeastUsed(db, 1)).toMatchObject([{ usedAt }]);
    await touchMirrorFiles(db, [{ indexId, relpath, at: 7 }]);
    expect(await listLeastUsed(db, 1)).toMatchObject([{ usedAt: 7 }]);
  });
});
