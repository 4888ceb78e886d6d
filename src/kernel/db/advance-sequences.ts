import { sql } from 'kysely';
import type { DialectName, Tx } from './db.ts';

/**
 * Has columns that number themselves go on behind the rows that are there, where rows came with numbers of their own. On SQLite
 * they do so by themselves.
 */
export async function advanceSequences(tx: Tx, dialect: DialectName): Promise<void> {
  if (dialect === 'sqlite') return;
  const { rows } = await sql<{ table: string; column: string; sequence: string }>`
    select * from (
      select c.relname as table, a.attname as column,
        pg_get_serial_sequence(quote_ident(c.relname), a.attname) as sequence
      from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
        and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    ) columns where sequence is not null`.execute(tx);
  for (const { table, column, sequence } of rows) {
    await sql`select setval(${sequence}, (
      select coalesce(max(${sql.ref(column)}), 0) + 1 from ${sql.table(table)}), false)`.execute(tx);
  }
}
