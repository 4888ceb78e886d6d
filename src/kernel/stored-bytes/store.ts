import { sql } from 'kysely';
import type { Db } from '../db/db.ts';
import type { ExpectedBytes } from '../files/expected-bytes.ts';

/**
 * A column of digests that name stored bytes, with those that tell of them. Each must have an index in the database: orphans are
 * looked for in all of them.
 */
export interface DigestColumn {
  readonly table: string;
  readonly sha256: string;
  readonly size: string;
  readonly name: string;
  /** What follows the name. */
  readonly suffix?: string;
}

/** Which of these digests a row has in one of the columns. */
export async function neededDigests(
  columns: readonly DigestColumn[],
  db: Db,
  digests: readonly string[],
): Promise<Set<string>> {
  if (digests.length === 0) return new Set();
  const needed = new Set<string>();
  for (const { table, sha256 } of columns) {
    const column = sql.ref(sha256);
    const found = sql<{ sha256: string }>`
      select distinct ${column} as sha256 from ${sql.table(table)} where ${column} in (${sql.join(digests)})`;
    for (const row of (await found.execute(db)).rows) needed.add(row.sha256);
  }
  return needed;
}

const PAGE = 500;

/** The bytes that rows name in the columns, read in pages. */
export async function* listStoredBytes(
  columns: readonly DigestColumn[],
  db: Db,
): AsyncGenerator<ExpectedBytes> {
  for (const column of columns) {
    for (let after = ''; ;) {
      const page = await listDigests(db, column, after);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last.sha256;
    }
  }
}

/** What the rows say of the bytes that a column names, in order of the digests, from behind `after` on. */
async function listDigests(
  db: Db,
  { table, sha256, size, name, suffix = '' }: DigestColumn,
  after: string,
): Promise<ExpectedBytes[]> {
  const column = sql.ref(sha256);
  const query = sql<ExpectedBytes>`
    select ${column} as sha256, min(${sql.ref(name)}) || ${sql.lit(suffix)} as name,
      min(${sql.ref(size)}) as size, max(${sql.ref(size)}) as largest
    from ${sql.table(table)} where ${column} > ${after}
    group by ${column} order by ${column} limit ${PAGE}`;
  return (await query.execute(db)).rows;
}
