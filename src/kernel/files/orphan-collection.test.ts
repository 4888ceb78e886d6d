import { pino } from 'pino';
import { expect, test } from 'vitest';
import { TestClock } from '#test/clock.ts';
import { damagePostgresTable, damageSqliteIndex } from '#test/damage.ts';
import { databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import type { Database, DialectName } from '../db/db.ts';
import { ensureFacts } from '../db/facts.ts';
import { openLocalFiles } from './local-files.ts';
import { orphanCollection } from './orphan-collection.ts';

const DAY_MS = 86_400_000;

async function damage(kind: DialectName, home: TestDatabase, database: Database): Promise<Database> {
  if (kind === 'postgres') await damagePostgresTable(database, 'event');
  else await ensureFacts(database.db, { 'a key that is easily found': 'x' });
  await database.close();
  if (kind === 'sqlite')
    damageSqliteIndex(database.path ?? '', 'sqlite_autoindex_installation_1', 'easily found');
  return home.open();
}

test.each(databases)('nothing is removed while the database on %s fails its own check', async (kind) => {
  const home = await testDatabase(kind);
  let database = home.open();
  const files = await openLocalFiles(home.directory);
  const clock = new TestClock(new Date(Date.now() + DAY_MS).toISOString());
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  const collect = () =>
    orphanCollection({ database, files, clock, log, findNeeded: async () => new Set() }).run(null, {
      signal: AbortSignal.any([]),
      fence: async () => undefined,
    });
  const store = async (text: string) => {
    const file = await files.receive();
    await file.write(Buffer.from(text));
    await file.finish();
    await file.keep();
  };
  const count = async () => (await Array.fromAsync(files.list())).length;

  await store('one');
  await collect();
  expect([await count(), lines]).toEqual([0, []]);

  await store('two');
  database = await damage(kind, home, database);
  await collect();

  expect(await count()).toBe(1);
  expect(lines.join()).toContain('no stored bytes are removed');
  await files.close();
  await database.close();
  await home.remove();
});
