import type { Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { BuildsTables } from '../tables.ts';

export type BuilderState = 'active' | 'paused' | 'draining';

/** A program that builds. Times are epoch milliseconds. */
export interface Builder {
  readonly name: string;
  readonly version: string;
  /** Tells one start of the program from the next. */
  readonly session: string;
  readonly targets: readonly string[];
  readonly state: BuilderState;
  readonly registeredAt: number;
  readonly seenAt: number;
}

/** Registers it, or registers it anew; a pause outlives that. */
export async function saveBuilder(db: Db, builder: Builder): Promise<void> {
  const values = {
    version: builder.version,
    session: builder.session,
    targets: JSON.stringify(builder.targets),
    state: builder.state,
    registered_at: builder.registeredAt,
    seen_at: builder.seenAt,
  };
  await tables(db)
    .insertInto('builder')
    .values({ name: builder.name, ...values })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
    .execute();
}

export async function findBuilder(db: Db, name: string): Promise<Builder | undefined> {
  const row = await tables(db).selectFrom('builder').selectAll().where('name', '=', name).executeTakeFirst();
  return row && fromRow(row);
}

export async function listBuilders(db: Db): Promise<Builder[]> {
  const rows = await tables(db).selectFrom('builder').selectAll().orderBy('name').execute();
  return rows.map(fromRow);
}

export async function updateSeen(db: Db, name: string, seenAt: number): Promise<void> {
  await tables(db).updateTable('builder').set({ seen_at: seenAt }).where('name', '=', name).execute();
}

/** Returns false if there is none of this name. */
export async function updateState(db: Db, name: string, state: BuilderState): Promise<boolean> {
  const updated = await tables(db)
    .updateTable('builder')
    .set({ state })
    .where('name', '=', name)
    .returning('name')
    .execute();
  return updated.length > 0;
}

/** Forgets those that have not been heard of since; returns their names. */
export async function deleteSilent(db: Db, seenBefore: number): Promise<string[]> {
  const rows = await tables(db)
    .deleteFrom('builder')
    .where('seen_at', '<', seenBefore)
    .returning('name')
    .execute();
  return rows.map(({ name }) => name);
}

function tables(db: Db) {
  return db.withTables<BuildsTables>();
}

function fromRow(row: Selectable<BuildsTables['builder']>): Builder {
  return {
    name: row.name,
    version: row.version,
    session: row.session,
    targets: JSON.parse(row.targets) as string[],
    state: row.state as BuilderState,
    registeredAt: row.registered_at,
    seenAt: row.seen_at,
  };
}
