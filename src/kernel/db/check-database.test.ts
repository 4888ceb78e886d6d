import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { damagePostgresIndex, damagePostgresTable, damageSqliteIndex } from '#test/damage.ts';
import { databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import { checkDatabase } from './check-database.ts';
import type { Database } from './db.ts';
import { ensureFacts } from './facts.ts';

const DAMAGED = { kind: { code: 'kernel.database-damaged' } };

let home: TestDatabase;
let database: Database;
afterEach(async () => {
  await database.close();
  await home.remove();
});

test.each(databases)('a sound database on %s passes its check', async (kind) => {
  home = await testDatabase(kind);
  database = home.open();
  await ensureFacts(database.db, { colour: 'blue' });

  await expect(checkDatabase(database)).resolves.toBeUndefined();
});

describe('SQLite', () => {
  test('with an index that does not fit its table fails', async () => {
    home = await testDatabase('sqlite');
    database = home.open();
    await ensureFacts(database.db, { 'a key that is easily found': 'x' });
    await database.close();
    damageSqliteIndex(database.path ?? '', 'sqlite_autoindex_installation_1', 'easily found');
    database = home.open();

    await expect(checkDatabase(database)).rejects.toMatchObject({
      ...DAMAGED,
      message: expect.stringContaining('missing from index sqlite_autoindex_installation_1'),
    });
  });
});

describe.runIf(databases.includes('postgres'))('PostgreSQL', () => {
  beforeEach(async () => {
    home = await testDatabase('postgres');
    database = home.open();
  });

  test('with a table that cannot be read fails', async () => {
    await damagePostgresTable(database, 'event');
    await database.close();
    database = home.open();

    await expect(checkDatabase(database)).rejects.toMatchObject({
      ...DAMAGED,
      message: expect.stringMatching(/^the database is damaged: event: could not open file/),
    });
  });

  test('with an index that misses rows fails where amcheck is installed', async () => {
    await damagePostgresIndex(database, 'installation_pkey', async () => {
      await sql`insert into installation (key, value) values ('unseen', 'x')`.execute(database.db);
    });
    await expect(checkDatabase(database)).resolves.toBeUndefined();

    await sql`create extension amcheck`.execute(database.db);

    await expect(checkDatabase(database)).rejects.toMatchObject({
      ...DAMAGED,
      message: expect.stringContaining('installation_pkey: heap tuple'),
    });
  });
});
