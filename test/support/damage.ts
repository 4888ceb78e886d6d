import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import type { Database } from '#kernel/db/db.ts';

const PAGE_BYTES = 4096;

/**
 * Alters one character of a text in a page of an index, so that the row cannot be found by it any more. Everything else of
 * the file stays as it should be. No process may have the file open, but for reading.
 */
export function damageSqliteIndex(path: string, index: string, text: string): void {
  const database = new DatabaseSync(path);
  database.exec('pragma wal_checkpoint(truncate)');
  const row = database.prepare('select rootpage from sqlite_schema where name = ?').get(index);
  database.close();
  const page = (Number(row?.['rootpage']) - 1) * PAGE_BYTES;
  const file = readFileSync(path);
  const at = file.indexOf(text, page);
  if (at < page || at >= page + PAGE_BYTES) throw new Error(`${text} is not in the first page of ${index}`);
  file[at + text.length - 1]! ^= 1;
  writeFileSync(path, file);
}

/** Takes the file of a table away, as a failing disk does. `database` is of a server that runs on this machine. */
export async function damagePostgresTable({ db }: Database, table: string): Promise<void> {
  await sql`checkpoint`.execute(db);
  const { rows } = await sql<{ path: string }>`
    select current_setting('data_directory') || '/' || pg_relation_filepath(${table}::regclass) as path`.execute(
    db,
  );
  rmSync(join(rows[0]?.path ?? ''));
}

/** Lets an index miss the rows that are inserted by `work`; amcheck must see it, reading the table does not. */
export async function damagePostgresIndex(
  { db }: Database,
  index: string,
  work: () => Promise<void>,
): Promise<void> {
  const setReady = (isReady: boolean) =>
    sql`update pg_index set indisready = ${isReady} where indexrelid = ${index}::regclass`.execute(db);
  await setReady(false);
  await work();
  await setReady(true);
}
