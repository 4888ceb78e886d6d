import { sql } from 'kysely';
import type { Db, DialectName } from './db.ts';

/** How the database is: how long one small question took, and its size on the disk. */
export interface DatabaseMeasure {
  readonly kind: DialectName;
  readonly milliseconds: number;
  readonly bytes: number;
}

export async function measureDatabase(db: Db, kind: DialectName): Promise<DatabaseMeasure> {
  const start = performance.now();
  await sql`select value from serial`.execute(db);
  const milliseconds = Math.round((performance.now() - start) * 100) / 100;
  const { rows } = await (
    kind === 'sqlite'
      ? sql<{
          bytes: number;
        }>`select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()`
      : sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`
  ).execute(db);
  return { kind, milliseconds, bytes: Number(rows[0]?.bytes ?? 0) };
}
