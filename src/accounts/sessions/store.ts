import type { Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { AccountsTables } from '../tables.ts';

/** A session as stored; times are epoch milliseconds. */
export interface Session {
  /** Names it in lists and forms; tells nothing of the cookie. */
  readonly id: string;
  readonly user: string;
  /** Of the stored password hash at the time of the login. */
  readonly fingerprint: string;
  readonly createdAt: number;
  /** To the minute. */
  readonly seenAt: number;
  readonly endsAt: number;
  readonly address: string;
  readonly agent: string;
}

export async function insertSession(db: Db, session: Session, hash: string): Promise<void> {
  const { id, user, fingerprint, address, agent } = session;
  const times = { created_at: session.createdAt, seen_at: session.seenAt, ends_at: session.endsAt };
  await sessions(db)
    .insertInto('user_session')
    .values({ id, user, hash, fingerprint, address, agent, ...times })
    .execute();
}

export async function findSessionByHash(db: Db, hash: string): Promise<Session | undefined> {
  const row = await sessions(db)
    .selectFrom('user_session')
    .selectAll()
    .where('hash', '=', hash)
    .executeTakeFirst();
  return row && fromRow(row);
}

export async function findSession(db: Db, id: string): Promise<Session | undefined> {
  const row = await sessions(db)
    .selectFrom('user_session')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row && fromRow(row);
}

/** All rows of a user, those that have ended by themselves among them, newest login first. */
export async function listSessionsOf(db: Db, user: string): Promise<Session[]> {
  const rows = await sessions(db)
    .selectFrom('user_session')
    .selectAll()
    .where('user', '=', user)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
  return rows.map(fromRow);
}

/** Returns how many of these there were. */
export async function deleteSessions(db: Db, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const deleted = await sessions(db)
    .deleteFrom('user_session')
    .where('id', 'in', ids)
    .returning('id')
    .execute();
  return deleted.length;
}

export async function writeSessionUse(db: Db, id: string, at: number): Promise<void> {
  await sessions(db).updateTable('user_session').set({ seen_at: at }).where('id', '=', id).execute();
}

function sessions(db: Db) {
  return db.withTables<AccountsTables>();
}

function fromRow(row: Selectable<AccountsTables['user_session']>): Session {
  return {
    id: row.id,
    user: row.user,
    fingerprint: row.fingerprint,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    endsAt: row.ends_at,
    address: row.address,
    agent: row.agent,
  };
}
