import type { Db } from '#kernel/db/db.ts';
import type { AccountsTables } from '../tables.ts';

/** A group as stored, with the names of its users. */
export interface Group {
  readonly name: string;
  readonly members: readonly string[];
}

/** Returns false if the name is taken. */
export async function insertGroup(db: Db, name: string, createdAt: number): Promise<boolean> {
  const inserted = await groups(db)
    .insertInto('user_group')
    .values({ name, created_at: createdAt })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('name')
    .execute();
  return inserted.length > 0;
}

/** Returns false if there is none; for changing it: waits for other changes of the same group. */
export async function lockGroup(tx: Db, name: string): Promise<boolean> {
  const found = await groups(tx)
    .updateTable('user_group')
    .set((eb) => ({ name: eb.ref('name') }))
    .where('name', '=', name)
    .returning('name')
    .execute();
  return found.length > 0;
}

/** Returns false if there is none. */
export async function deleteGroupRow(db: Db, name: string): Promise<boolean> {
  const deleted = await groups(db)
    .deleteFrom('user_group')
    .where('name', '=', name)
    .returning('name')
    .execute();
  return deleted.length > 0;
}

/** Every group, by name. */
export async function listGroups(db: Db): Promise<Group[]> {
  const rows = await groups(db)
    .selectFrom('user_group')
    .leftJoin('group_member', 'group_name', 'name')
    .select(['name', 'user_name'])
    .orderBy('name')
    .orderBy('user_name')
    .execute();
  return Array.from(
    Map.groupBy(rows, ({ name }) => name),
    ([name, members]) => ({
      name,
      members: members.flatMap(({ user_name }) => user_name ?? []),
    }),
  );
}

export async function listMembers(db: Db, group: string): Promise<string[]> {
  const rows = await groups(db)
    .selectFrom('group_member')
    .select('user_name')
    .where('group_name', '=', group)
    .orderBy('user_name')
    .execute();
  return rows.map(({ user_name }) => user_name);
}

/** Names of the groups that a user is in. */
export async function listGroupsOf(db: Db, user: string): Promise<string[]> {
  const rows = await groups(db)
    .selectFrom('group_member')
    .select('group_name')
    .where('user_name', '=', user)
    .orderBy('group_name')
    .execute();
  return rows.map(({ group_name }) => group_name);
}

export async function insertMember(db: Db, group: string, user: string): Promise<void> {
  await groups(db)
    .insertInto('group_member')
    .values({ group_name: group, user_name: user })
    .onConflict((conflict) => conflict.columns(['group_name', 'user_name']).doNothing())
    .execute();
}

export async function deleteMember(db: Db, group: string, user: string): Promise<void> {
  await groups(db)
    .deleteFrom('group_member')
    .where('group_name', '=', group)
    .where('user_name', '=', user)
    .execute();
}

function groups(db: Db) {
  return db.withTables<AccountsTables>();
}
