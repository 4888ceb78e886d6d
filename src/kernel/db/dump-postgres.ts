import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { sql } from 'kysely';
import type { Database, Tx } from './db.ts';

const FETCH_ROWS = 1000;

/** A table as a dump tells it, before its rows. */
export interface DumpedTable {
  readonly table: string;
  readonly columns: readonly string[];
  /** The last number of each column that numbers itself. */
  readonly sequences: Readonly<Record<string, number>>;
}

/**
 * Writes all tables of the schema, as they are at one moment, into a new file that `restorePostgres` reads: a line for each
 * table and each row, compressed with zstd. Rows are JSON that PostgreSQL writes and reads itself, so every value comes
 * back. `meanwhile` sees the same moment. The file is readable by its owner only, and on the disk when this resolves.
 */
export async function dumpPostgres(
  { db }: Pick<Database, 'db'>,
  to: string,
  meanwhile: (tx: Tx) => Promise<void>,
): Promise<void> {
  await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => {
      const target = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true });
      await pipeline(Readable.from(linesOf(tx)), createZstdCompress(), target);
      await meanwhile(tx);
    });
}

async function* linesOf(tx: Tx): AsyncGenerator<string> {
  for (const { table, columns, sequences } of await describeTables(tx)) {
    yield `T${JSON.stringify({ table, columns, sequences } satisfies DumpedTable)}\n`;
    const names = sql.join(columns.map((column) => sql.ref(column)));
    await sql`declare dumped no scroll cursor for
      select row_to_json(r)::text as line from (select ${names} from ${sql.table(table)}) r`.execute(tx);
    for (;;) {
      const { rows } = await sql<{ line: string }>`fetch ${sql.lit(FETCH_ROWS)} from dumped`.execute(tx);
      if (rows.length === 0) break;
      yield rows.map(({ line }) => `R${line}\n`).join('');
    }
    await sql`close dumped`.execute(tx);
  }
  yield 'E\n';
}

/** In an order in which each table comes after those that it refers to. */
async function describeTables(tx: Tx): Promise<DumpedTable[]> {
  const { rows: columns } = await sql<{ table: string; column: string; sequence: string | null }>`
    select c.relname as table, a.attname as column,
      pg_get_serial_sequence(quote_ident(c.relname), a.attname) as sequence
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by c.relname, a.attnum`.execute(tx);
  const { rows: references } = await sql<{ table: string; other: string }>`
    select c.relname as table, o.relname as other
    from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_class o on o.oid = f.confrelid
    where f.contype = 'f' and c.relnamespace = current_schema()::regnamespace and c.oid <> o.oid`.execute(tx);
  const tables = inOrder([...new Set(columns.map(({ table }) => table))], references);
  return await Promise.all(
    tables.map(async (table) => {
      const own = columns.filter((column) => column.table === table);
      const sequences: Record<string, number> = {};
      for (const { column, sequence } of own) {
        if (sequence === null) continue;
        const { rows } = await sql<{ last: number }>`
          select case when is_called then last_value else 0 end as last from ${sql.raw(sequence)}`.execute(
          tx,
        );
        sequences[column] = Number(rows[0]?.last ?? 0);
      }
      return { table, columns: own.map(({ column }) => column), sequences };
    }),
  );
}

function inOrder(
  tables: readonly string[],
  references: readonly { readonly table: string; readonly other: string }[],
): string[] {
  const ordered = new Set<string>();
  const visit = (table: string): void => {
    if (ordered.has(table)) return;
    for (const reference of references) if (reference.table === table) visit(reference.other);
    ordered.add(table);
  };
  for (const table of tables) visit(table);
  return [...ordered];
}
