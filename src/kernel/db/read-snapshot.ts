import { openSqlite, type Database, type Db } from './db.ts';

/**
 * Reads the database as it is at one moment, while other processes go on to write. On SQLite that is a connection of its
 * own, which holds up nobody; what is written meanwhile stays in the write-ahead log until the reading ends.
 */
export async function readSnapshot<Result>(
  database: Database,
  read: (db: Db) => Promise<Result>,
): Promise<Result> {
  if (database.path === undefined) {
    return await database.db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(read);
  }
  const own = openSqlite(database.path, { readOnly: true });
  try {
    return await own.db.transaction().execute(read);
  } finally {
    await own.close();
  }
}
