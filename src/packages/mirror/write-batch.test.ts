import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '#kernel/db/db.ts';
import { databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import type { PackagesTables } from '../tables.ts';
import { WriteBatch } from './write-batch.ts';

describe.each(databases)('a batch of writes on %s', (kind) => {
  let place: TestDatabase;
  let database: Database;
  let batch: WriteBatch;

  beforeEach(async () => {
    place = await testDatabase(kind);
    database = place.open();
    batch = new WriteBatch(database.db);
  });

  afterEach(async () => {
    await database.close();
    await place.remove();
  });

  const remove = (path: string, removedAt: number | null = 1) =>
    batch.add(async (db) => {
      await db
        .withTables<PackagesTables>()
        .insertInto('removed_file')
        .values({ path, removed_at: removedAt as number })
        .execute();
    });

  async function removed(): Promise<string[]> {
    const rows = await database.db
      .withTables<PackagesTables>()
      .selectFrom('removed_file')
      .select('path')
      .orderBy('path')
      .execute();
    return rows.map(({ path }) => path);
  }

  test('keeps every write, alone or together', async () => {
    await remove('a');
    await Promise.all(['b', 'c', 'd'].map((path) => remove(path)));

    expect(await removed()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('lets nobody pay for the failure of another', async () => {
    const results = await Promise.allSettled([remove('a'), remove('b', null), remove('a'), remove('c')]);

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(await removed()).toEqual(['a', 'c']);
  });

  test('goes on after a failure', async () => {
    await expect(remove('a', null)).rejects.toThrow();
    await remove('a');

    expect(await removed()).toEqual(['a']);
  });
});
