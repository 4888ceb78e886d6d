import type { Db } from './db.ts';
import type { KernelTables } from './kernel-tables.ts';

/** What the database says of the installation that it belongs to. */
export async function readFacts(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await db.withTables<KernelTables>().selectFrom('installation').selectAll().execute();
  return new Map(rows.map(({ key, value }) => [key, value]));
}

/** Writes down facts that the database does not have yet; safe for two first starts at once. Returns what holds. */
export async function ensureFacts(
  db: Db,
  facts: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  await db
    .withTables<KernelTables>()
    .insertInto('installation')
    .values(Object.entries(facts).map(([key, value]) => ({ key, value })))
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  return await readFacts(db);
}

/** Forgets a fact, in the transaction after which it no longer holds. */
export async function removeFact(tx: Db, key: string): Promise<void> {
  await tx.withTables<KernelTables>().deleteFrom('installation').where('key', '=', key).execute();
}
