import { describe, expect, test } from 'vitest';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { administer, databases, testDatabase } from '#test/databases.ts';
import { PostgresRelay } from '#test/postgres-relay.ts';
import { wheelUpload, type Upload } from '#test/uploads.ts';

const CLIENTS = 4;
const UPLOADS = 40;

function makeUploads(): Upload[] {
  return Array.from({ length: UPLOADS }, (_, number) => wheelUpload({ name: `lost-${number}` }));
}

/** Uploads everything, again where the answer is 503, of which it tells. */
async function uploadAll(
  app: TestApp,
  index: TestIndex,
  uploads: readonly Upload[],
  whenRefused = () => {},
): Promise<void> {
  const waiting = [...uploads];
  const uploadOneByOne = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { status, text } = await app.upload(index, next);
      expect([200, 503], text).toContain(status);
      if (status === 200) continue;
      whenRefused();
      waiting.push(next);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, uploadOneByOne));
}

async function expectAll(app: TestApp, index: TestIndex): Promise<void> {
  for (let number = 0; number < UPLOADS; number += 1) {
    const name = `lost-${number}`;
    await expect.poll(() => app.filenames(index, name), { timeout: 10_000 }).toHaveLength(1);
    const [filename = ''] = await app.filenames(index, name);
    expect((await app.get(await app.filePath(index, filename, name))).status).toBe(200);
  }
}

describe.runIf(databases.includes('postgres'))('a server whose PostgreSQL breaks connections off', () => {
  test('goes on, answers 503, and loses no upload that it has answered', async () => {
    const database = await testDatabase('postgres');
    const app = await testApp({ database: 'postgres', on: database });
    const index = await app.index();
    const name = new URL(database.setting).pathname.slice(1);
    const done = new AbortController();
    let refused = 0;
    // Without an end a slow machine would never get an upload through.
    const terminating = (async () => {
      while (!done.signal.aborted) {
        await administer(
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and state <> 'idle'`,
        );
      }
    })();

    await uploadAll(app, index, makeUploads(), () => {
      refused += 1;
      if (refused === UPLOADS) done.abort();
    });
    done.abort();
    await terminating;

    expect(refused).toBeGreaterThan(0);
    await expectAll(app, index);
    await app.close();
    await database.remove();
  });

  test('answers 503 while PostgreSQL is down, and works again when it is up', async () => {
    const database = await testDatabase('postgres');
    const relay = new PostgresRelay(database.setting);
    await relay.start();
    const on = { ...database, setting: relay.setting };
    const app = await testApp({ database: 'postgres', on });
    const index = await app.index();
    const uploads = makeUploads();

    const uploading = uploadAll(app, index, uploads);
    await expect.poll(() => app.storedSerial(), { timeout: 20_000 }).toBeGreaterThan(10);
    await relay.stop();
    const answer = await app.get(index.path, { accept: 'application/json' });
    expect([answer.status, answer.json().code]).toEqual([503, 'kernel.database-unavailable']);
    await relay.start();
    await uploading;

    await expectAll(app, index);
    await app.close();
    await relay.remove();
    await database.remove();
  });
});
