import type { Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { PackagesTables } from '../tables.ts';
import { fullName, type Index, type IndexType, type Options } from '../model/index.ts';

export async function findIndex(db: Db, user: string, name: string): Promise<Index | undefined> {
  const row = await tables(db)
    .selectFrom('package_index')
    .selectAll()
    .where('user_name', '=', user)
    .where('name', '=', name)
    .executeTakeFirst();
  return row && fromRow(row);
}

export async function findIndexById(db: Db, id: number): Promise<Index | undefined> {
  const row = await tables(db)
    .selectFrom('package_index')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row && fromRow(row);
}

const NAMES_A_QUERY = 100;

/** Those of these indexes that exist, by `user/name`; what is not written so is left out. */
export async function findIndexes(db: Db, names: readonly string[]): Promise<Map<string, Index>> {
  const pairs = names.map((name) => name.split('/')).filter((parts) => parts.length === 2);
  const found = new Map<string, Index>();
  for (let start = 0; start < pairs.length; start += NAMES_A_QUERY) {
    const some = pairs.slice(start, start + NAMES_A_QUERY);
    const rows = await tables(db)
      .selectFrom('package_index')
      .selectAll()
      .where((eb) => eb.or(some.map(([user = '', name = '']) => eb.and({ user_name: user, name }))))
      .execute();
    for (const index of rows.map(fromRow)) found.set(fullName(index), index);
  }
  return found;
}

/** Reads an index for changing it: waits for other changes of the same index. */
export async function lockIndex(tx: Db, user: string, name: string): Promise<Index | undefined> {
  const row = await tables(tx)
    .updateTable('package_index')
    .set((eb) => ({ name: eb.ref('name') }))
    .where('user_name', '=', user)
    .where('name', '=', name)
    .returningAll()
    .executeTakeFirst();
  return row && fromRow(row);
}

/** All indexes, or those of one user, ordered by user and name. */
export async function listIndexes(db: Db, user?: string): Promise<Index[]> {
  let query = tables(db).selectFrom('package_index').selectAll().orderBy('user_name').orderBy('name');
  if (user !== undefined) query = query.where('user_name', '=', user);
  return (await query.execute()).map(fromRow);
}

/** Up to `limit` indexes of these users after this one, ordered by user and name; without one from the first. */
export async function listIndexesAfter(
  db: Db,
  users: readonly string[],
  after: Pick<Index, 'user' | 'name'> | undefined,
  limit: number,
): Promise<Index[]> {
  let query = tables(db)
    .selectFrom('package_index')
    .selectAll()
    .where('user_name', 'in', users)
    .orderBy('user_name')
    .orderBy('name')
    .limit(limit);
  if (after !== undefined) {
    query = query.where((eb) =>
      eb.or([
        eb('user_name', '>', after.user),
        eb.and([eb('user_name', '=', after.user), eb('name', '>', after.name)]),
      ]),
    );
  }
  return (await query.execute()).map(fromRow);
}

/** Returns undefined if the name is taken. */
export async function insertIndex(db: Db, index: Omit<Index, 'id'>, now: number): Promise<Index | undefined> {
  const { user, name, type, options, isTrusted } = index;
  // SQLite on its own would give the id of the newest index again after that has gone.
  const { id } = await tables(db)
    .updateTable('last_package_index')
    .set((eb) => ({ id: eb('id', '+', 1) }))
    .returning('id')
    .executeTakeFirstOrThrow();
  const row = await tables(db)
    .insertInto('package_index')
    .values({
      id,
      user_name: user,
      name,
      type,
      options: JSON.stringify(options),
      is_trusted: Number(isTrusted),
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['user_name', 'name']).doNothing())
    .returningAll()
    .executeTakeFirst();
  return row && fromRow(row);
}

export async function updateIndex(
  db: Db,
  { id, options, isTrusted }: Pick<Index, 'id' | 'options' | 'isTrusted'>,
): Promise<void> {
  await tables(db)
    .updateTable('package_index')
    .set({ options: JSON.stringify(options), is_trusted: Number(isTrusted) })
    .where('id', '=', id)
    .execute();
}

/** Removes the index with all its projects, releases and files. */
export async function deleteIndexRow(db: Db, id: number): Promise<void> {
  await tables(db).deleteFrom('package_index').where('id', '=', id).execute();
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}

function fromRow(row: Selectable<PackagesTables['package_index']>): Index {
  return {
    id: row.id,
    user: row.user_name,
    name: row.name,
    type: row.type as IndexType,
    options: JSON.parse(row.options) as Options,
    isTrusted: row.is_trusted === 1,
  };
}
