import { sql, type ExpressionBuilder, type SqlBool } from 'kysely';
import type { Db, Tx } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';
import type { StoredEvent } from '../events/event-type.ts';
import type { ReplicatedTable, Row, RowSet } from './replicated.ts';

/** Which tables there are is what the parts declare. */
type AnyTables = Record<string, Record<string, string | number | null>>;

/** The rows of a table that have these values, as a set that knows no others. */
export async function readRowSet(
  db: Db,
  table: string,
  where: Row,
  matching?: RowSet['matching'],
): Promise<RowSet> {
  const set: RowSet = { table, where, rows: [], ...(matching && { matching }) };
  const rows = await tables(db)
    .selectFrom(table)
    .selectAll()
    .where((eb) => within(eb, set))
    .execute();
  return { ...set, rows };
}

/** Some rows of a table that have these values, behind an id, in the order of the ids. */
export async function readRowsAfter(
  db: Db,
  table: string,
  { where, after, limit }: { readonly where: Row; readonly after: number; readonly limit: number },
): Promise<Row[]> {
  return await tables(db)
    .selectFrom(table)
    .selectAll()
    .where((eb) => hasValues(eb, where))
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Rows of a table that have one of these values, among others. */
export async function readRows(
  db: Db,
  table: string,
  column: string,
  values: readonly (string | number)[],
): Promise<RowSet> {
  if (values.length === 0) return { table, rows: [] };
  return {
    table,
    rows: await tables(db).selectFrom(table).selectAll().where(column, 'in', values).execute(),
  };
}

/** Takes away what is in the place of the rows of a set and not among them. */
export async function dropOtherRows(tx: Tx, { key }: ReplicatedTable, set: RowSet): Promise<void> {
  if (set.where === undefined) return;
  const own = tables(tx);
  if (set.rows.length === 0 || key.length === 0) {
    await own
      .deleteFrom(set.table)
      .where((eb) => within(eb, set))
      .execute();
    return;
  }
  const there = await own
    .selectFrom(set.table)
    .select(key)
    .where((eb) => within(eb, set))
    .execute();
  const wanted = new Set(set.rows.map((row) => keyOf(row, key)));
  for (const row of there) {
    if (wanted.has(keyOf(row, key))) continue;
    await own
      .deleteFrom(set.table)
      .where((eb) => hasValues(eb, pick(row, key)))
      .execute();
  }
}

/** Puts the row into its table. A row that stands in its way is older than what the primary says of it now, and goes. */
export async function putRow(
  tx: Tx,
  table: string,
  { key, unique = [] }: ReplicatedTable,
  row: Row,
): Promise<void> {
  const own = tables(tx);
  for (const columns of unique) {
    await own
      .deleteFrom(table)
      .where((eb) => eb.and([hasValues(eb, pick(row, columns)), eb.not(hasValues(eb, pick(row, key)))]))
      .execute();
  }
  const rest = Object.fromEntries(Object.entries(row).filter(([column]) => !key.includes(column)));
  const insert = own.insertInto(table).values(row);
  if (key.length === 0) {
    await insert.execute();
    return;
  }
  await insert
    .onConflict((conflict) => {
      const same = conflict.columns([...key]);
      return Object.keys(rest).length === 0 ? same.doNothing() : same.doUpdateSet(rest);
    })
    .execute();
}

/** Stores events under the numbers that they have; false if the next one that is missing here is another. */
export async function storeEvents(tx: Tx, events: readonly StoredEvent[]): Promise<boolean> {
  const own = tx.withTables<KernelTables>();
  const [first] = events;
  const last = events.at(-1);
  if (first === undefined || last === undefined) return true;
  const moved = await own
    .updateTable('serial')
    .set({ value: last.serial })
    .where('value', '=', first.serial - 1)
    .returning('value')
    .execute();
  if (moved.length === 0) return false;
  for (const event of events) {
    await own
      .insertInto('event')
      .values({ ...event, data: JSON.stringify(event.data) })
      .execute();
  }
  return true;
}

/** Writes down what this server is to another one. */
export async function putFact(db: Db, key: string, value: string): Promise<void> {
  await db
    .withTables<KernelTables>()
    .insertInto('installation')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}

/** The names of the migrations that the database has had. */
export async function listMigrations(db: Db): Promise<string[]> {
  const rows = await tables(db).selectFrom('migration').select('name').orderBy('name').execute();
  return rows.map(({ name }) => String(name));
}

function tables(db: Db) {
  return db.withTables<AnyTables>();
}

type Builder = ExpressionBuilder<AnyTables, string>;

function within(eb: Builder, { where = {}, matching }: RowSet) {
  if (matching === undefined) return hasValues(eb, where);
  const { column, at, text } = matching;
  const part =
    at === 'start'
      ? sql`substr(${sql.ref(column)}, 1, ${sql.lit(text.length)})`
      : sql`substr(${sql.ref(column)}, length(${sql.ref(column)}) - ${sql.lit(text.length - 1)})`;
  return eb.and([hasValues(eb, where), sql<SqlBool>`${part} = ${text}`]);
}

function hasValues(eb: Builder, values: Row) {
  return eb.and(
    Object.entries(values).map(([column, value]) =>
      value === null ? eb(column, 'is', null) : eb(column, '=', value),
    ),
  );
}

function pick(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
}

function keyOf(row: Row, key: readonly string[]): string {
  return JSON.stringify(key.map((column) => row[column]));
}
