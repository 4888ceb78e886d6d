import type { Db } from '../db/db.ts';
import type { Changes } from './changes.ts';
import type { ReplicatedTable } from './replicated.ts';
import { dropOtherRows, putRow, storeEvents } from './store.ts';

/**
 * Takes a page of changes over, whole or not at all: the rows as the primary has them, and the events under their numbers. Throws if
 * the page does not follow on what is here.
 */
export async function applyChanges(
  db: Db,
  tables: ReadonlyMap<string, ReplicatedTable>,
  { events, rows }: Pick<Changes, 'events' | 'rows'>,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (!(await storeEvents(tx, events))) throw new Error('the changes do not follow on what is here');
    for (const set of rows) await dropOtherRows(tx, tableOf(tables, set.table), set);
    for (const set of rows) {
      const table = tableOf(tables, set.table);
      // Two sets of a page may name the same rows.
      if (table.key.length === 0) await dropOtherRows(tx, table, set);
      for (const row of set.rows) await putRow(tx, set.table, table, row);
    }
  });
}

/** The sha256 of all bytes that these rows name. */
export function digestsIn(
  tables: ReadonlyMap<string, ReplicatedTable>,
  { rows }: Pick<Changes, 'rows'>,
): string[] {
  return rows.flatMap((set) =>
    (tableOf(tables, set.table).digests ?? []).flatMap((column) =>
      set.rows.flatMap((row) => (typeof row[column] === 'string' ? [row[column]] : [])),
    ),
  );
}

function tableOf(tables: ReadonlyMap<string, ReplicatedTable>, name: string): ReplicatedTable {
  const table = tables.get(name);
  if (table === undefined) throw new Error(`the primary sends rows of ${name}, which is not replicated`);
  return table;
}
