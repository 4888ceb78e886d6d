import { createReadStream } from 'node:fs';
import { createZstdDecompress } from 'node:zlib';
import { sql } from 'kysely';
import type { Database, Tx } from './db.ts';
import type { DumpedTable } from './dump-postgres.ts';

const BATCH_ROWS = 500;
const BATCH_CHARACTERS = 4 * 1024 ** 2;

/**
 * Fills a migrated database with what `dumpPostgres` wrote at the same step of the migrations, in one transaction: all of
 * it is there, or nothing has changed. What migrations put into tables gives way.
 */
export async function restorePostgres({ db }: Pick<Database, 'db'>, from: string): Promise<void> {
  const compressed = createReadStream(from);
  const plain = createZstdDecompress();
  compressed.on('error', (error) => plain.destroy(error));
  compressed.pipe(plain);
  try {
    await db.transaction().execute(async (tx) => {
      await emptyTables(tx);
      await readInto(tx, linesOf(plain));
    });
  } finally {
    compressed.destroy();
    plain.destroy();
  }
}

async function emptyTables(tx: Tx): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = current_schema()`.execute(tx);
  if (rows.length > 0) await sql`truncate ${sql.join(rows.map(({ name }) => sql.table(name)))}`.execute(tx);
}

async function readInto(tx: Tx, lines: AsyncIterable<string>): Promise<void> {
  let table: DumpedTable | undefined;
  let rows: string[] = [];
  let characters = 0;
  let isWhole = false;

  async function flush(): Promise<void> {
    if (table !== undefined && rows.length > 0) await insertRows(tx, table, rows);
    rows = [];
    characters = 0;
  }

  async function endTable(): Promise<void> {
    await flush();
    if (table === undefined) return;
    await setSequences(tx, table);
    await sql`alter table ${sql.table(table.table)} enable trigger user`.execute(tx);
  }

  for await (const line of lines) {
    if (line.startsWith('R')) {
      rows.push(line.slice(1));
      characters += line.length;
      if (rows.length >= BATCH_ROWS || characters >= BATCH_CHARACTERS) await flush();
      continue;
    }
    await endTable();
    isWhole = line === 'E';
    if (isWhole) break;
    table = JSON.parse(line.slice(1)) as DumpedTable;
    // What triggers wrote is among the rows.
    await sql`alter table ${sql.table(table.table)} disable trigger user`.execute(tx);
  }
  if (!isWhole) throw new Error('the dump ends too early');
}

/** Ended by line feeds only: readline breaks texts at U+2028, too. */
async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

async function insertRows(tx: Tx, { table, columns }: DumpedTable, rows: readonly string[]): Promise<void> {
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const json = `[${rows.join(',')}]`;
  await sql`insert into ${sql.table(table)} (${names})
    select ${names} from json_populate_recordset(null::${sql.table(table)}, ${json}::json)`.execute(tx);
}

async function setSequences(tx: Tx, { table, sequences }: DumpedTable): Promise<void> {
  for (const [column, last] of Object.entries(sequences)) {
    if (last === 0) continue;
    await sql`select setval(pg_get_serial_sequence(quote_ident(${table}), ${column}), ${last}::bigint)`.execute(
      tx,
    );
  }
}
