import { sql } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { ExpectedBytes } from '#kernel/files/expected-bytes.ts';
import { METADATA_SUFFIX } from '../model/metadata-file.ts';

/** A column of digests, with those that tell of its bytes. Each has an index in the database. */
interface DigestColumn {
  readonly table: string;
  readonly sha256: string;
  readonly size: string;
  readonly name: string;
  /** What follows the name. */
  readonly suffix?: string;
}

/** Every column of the part that names stored bytes: what is not here is removed as an orphan. */
const COLUMNS: readonly DigestColumn[] = [
  { table: 'release_file', sha256: 'sha256', size: 'size', name: 'filename' },
  {
    table: 'release_file',
    sha256: 'metadata_sha256',
    size: 'metadata_size',
    name: 'filename',
    suffix: METADATA_SUFFIX,
  },
  { table: 'mirror_file', sha256: 'sha256', size: 'size', name: 'relpath' },
  { table: 'documentation', sha256: 'sha256', size: 'size', name: 'filename' },
  { table: 'tox_result', sha256: 'sha256', size: 'size', name: 'filename' },
];

/** Which of these digests a row of the part needs. */
export async function neededDigests(db: Db, digests: readonly string[]): Promise<Set<string>> {
  if (digests.length === 0) return new Set();
  const needed = new Set<string>();
  for (const { table, sha256 } of COLUMNS) {
    const column = sql.ref(sha256);
    const found = sql<{ sha256: string }>`
      select distinct ${column} as sha256 from ${sql.table(table)} where ${column} in (${sql.join(digests)})`;
    for (const row of (await found.execute(db)).rows) needed.add(row.sha256);
  }
  return needed;
}

const PAGE = 500;

/** The bytes of everything stored that rows name, in pages. */
export async function* listStoredBytes(db: Db): AsyncGenerator<ExpectedBytes> {
  for (const column of COLUMNS) {
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
