import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import { parts } from '../../parts.ts';
import { migrationsOf } from '../../wiring.ts';
import type { Database } from './db.ts';
import { migrate, type Migration } from './migrate.ts';

const migrations = migrationsOf(await Promise.all(parts.map((part) => part.load())));

describe.each(databases)('migrations on %s', (kind) => {
  let home: TestDatabase;
  let database: Database;
  beforeEach(async () => {
    home = await testDatabase(kind);
    database = home.open();
  });
  afterEach(async () => {
    await database.close();
    await home.remove();
  });

  const counting = (name: string, runs: string[]): Migration => ({
    name,
    async up({ tx }) {
      runs.push(name);
      await tx.schema.createTable(`t_${name}`).addColumn('id', 'integer').execute();
    },
  });

  test('that are applied already are not applied again', async () => {
    expect(await migrate(database, migrations)).toEqual([]);
  });

  test('that are missing are applied in order, once', async () => {
    const runs: string[] = [];
    const list = [counting('a', runs), counting('b', runs)];

    expect(await migrate(database, list)).toEqual(['a', 'b']);
    expect(await migrate(database, [...list, counting('c', runs)])).toEqual(['c']);
    expect(runs).toEqual(['a', 'b', 'c']);
  });

  test('run once when two servers start at once', async () => {
    const runs: string[] = [];
    const second = kind === 'postgres' ? home.open() : database;

    const applied = await Promise.all(
      [database, second].map((each) => migrate(each, [counting('a', runs), counting('b', runs)])),
    );

    expect(applied.flat()).toEqual(['a', 'b']);
    expect(runs).toEqual(['a', 'b']);
    if (second !== database) await second.close();
  });

  test('of which one fails leave the database as it was', async () => {
    const runs: string[] = [];
    const broken: Migration = {
      name: 'broken',
      up: async ({ tx }) => void (await sql`nonsense`.execute(tx)),
    };

    await expect(migrate(database, [counting('a', runs), broken])).rejects.toThrow(/syntax/i);

    expect(await migrate(database, [counting('a', runs)])).toEqual(['a']);
  });
});
