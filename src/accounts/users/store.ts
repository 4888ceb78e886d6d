import { sql, type Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { KernelTables } from '#kernel/db/kernel-tables.ts';

/** A user account as stored; times are epoch milliseconds. */
export interface UserAccount {
  readonly name: string;
  readonly passwordHash: string;
  /** The login that changed the password last and so outlives the change. */
  readonly keptLogin: string | null;
  readonly email: string | null;
  readonly title: string | null;
  readonly description: string | null;
  /** Any JSON value; undefined when not set. */
  readonly customData: unknown;
  readonly createdAt: number;
  readonly modifiedAt: number | null;
}

/** A user with nothing but a password. */
export function newUser(name: string, passwordHash: string, createdAt: number): UserAccount {
  return {
    name,
    passwordHash,
    keptLogin: null,
    email: null,
    title: null,
    description: null,
    customData: undefined,
    createdAt,
    modifiedAt: null,
  };
}

export async function findUser(db: Db, name: string): Promise<UserAccount | undefined> {
  const row = await users(db)
    .selectFrom('user_account')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst();
  return row && fromRow(row);
}

/** Reads a user for changing it: waits for other changes of the same user. */
export async function lockUser(tx: Db, name: string): Promise<UserAccount | undefined> {
  const row = await users(tx)
    .updateTable('user_account')
    .set((eb) => ({ name: eb.ref('name') }))
    .where('name', '=', name)
    .returningAll()
    .executeTakeFirst();
  return row && fromRow(row);
}

/** Up to `limit` users after this name, by name; the empty one is before all. */
export async function listUsersAfter(db: Db, name: string, limit: number): Promise<UserAccount[]> {
  const rows = await users(db)
    .selectFrom('user_account')
    .selectAll()
    .where('name', '>', name)
    .orderBy('name')
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

/** Some of the users whose name has this text in it, in any case, by name, and how many there are; an empty text is in all. */
export async function searchUsers(
  db: Db,
  { text, offset, limit }: { readonly text: string; readonly offset: number; readonly limit: number },
): Promise<{ readonly users: readonly UserAccount[]; readonly total: number }> {
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
  const found = users(db)
    .selectFrom('user_account')
    .where(sql<boolean>`lower(name) like ${pattern} escape '\\'`);
  const rows = await found.selectAll().orderBy('name').offset(offset).limit(limit).execute();
  const { total } = await found.select((eb) => eb.fn.countAll().as('total')).executeTakeFirstOrThrow();
  return { users: rows.map(fromRow), total: Number(total) };
}

/** Returns false if the name is taken. */
export async function insertUser(db: Db, user: UserAccount): Promise<boolean> {
  const inserted = await users(db)
    .insertInto('user_account')
    .values(toRow(user))
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('name')
    .execute();
  return inserted.length > 0;
}

export async function updateUser(db: Db, user: UserAccount): Promise<void> {
  await users(db).updateTable('user_account').set(toRow(user)).where('name', '=', user.name).execute();
}

export async function deleteUserRow(db: Db, name: string): Promise<void> {
  await users(db).deleteFrom('user_account').where('name', '=', name).execute();
}

function users(db: Db) {
  return db.withTables<KernelTables>();
}

function fromRow(row: Selectable<KernelTables['user_account']>): UserAccount {
  return {
    name: row.name,
    passwordHash: row.password_hash,
    keptLogin: row.kept_login,
    email: row.email,
    title: row.title,
    description: row.description,
    customData: row.custom_data === null ? undefined : JSON.parse(row.custom_data),
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

function toRow(user: UserAccount): Selectable<KernelTables['user_account']> {
  return {
    name: user.name,
    password_hash: user.passwordHash,
    kept_login: user.keptLogin,
    email: user.email,
    title: user.title,
    description: user.description,
    custom_data: user.customData === undefined ? null : JSON.stringify(user.customData),
    created_at: user.createdAt,
    modified_at: user.modifiedAt,
  };
}
