import type { Db } from '#kernel/db/db.ts';
import type { PackagesTables } from '../tables.ts';

export interface KeptDescription {
  /** HTML, compressed. */
  readonly html: Uint8Array;
  readonly usedAt: number;
}

export async function findDescription(db: Db, key: string): Promise<KeptDescription | undefined> {
  const row = await tables(db)
    .selectFrom('rendered_description')
    .select(['html', 'used_at'])
    .where('key', '=', key)
    .executeTakeFirst();
  return row && { html: row.html, usedAt: row.used_at };
}

/** Keeps what was rendered; the same again changes nothing. */
export async function keepDescription(db: Db, key: string, { html, usedAt }: KeptDescription): Promise<void> {
  await tables(db)
    .insertInto('rendered_description')
    .values({ key, html, used_at: usedAt })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}

export async function markUsed(db: Db, key: string, now: number): Promise<void> {
  await tables(db).updateTable('rendered_description').set({ used_at: now }).where('key', '=', key).execute();
}

/** Forgets what nobody looked at since then. */
export async function forgetUnused(db: Db, since: number): Promise<void> {
  await tables(db).deleteFrom('rendered_description').where('used_at', '<', since).execute();
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}
