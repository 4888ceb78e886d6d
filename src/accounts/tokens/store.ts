import type { Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { AccountsTables } from '../tables.ts';

/** An API token as stored; times are epoch milliseconds. */
export interface ApiToken {
  /** Names it in lists and addresses; tells nothing of the secret. */
  readonly id: string;
  readonly user: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** `user/index`; undefined for all indexes. */
  readonly on: readonly string[] | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
}

export async function insertToken(db: Db, token: ApiToken, hash: string): Promise<void> {
  const { id, user, name } = token;
  const times = {
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    revoked_at: token.revokedAt,
    last_used_at: token.lastUsedAt,
  };
  const scopes = JSON.stringify(token.scopes);
  const indexes = token.on === undefined ? null : JSON.stringify(token.on);
  await tokens(db)
    .insertInto('api_token')
    .values({ id, user, name, hash, scopes, indexes, ...times })
    .execute();
}

export async function findTokenByHash(db: Db, hash: string): Promise<ApiToken | undefined> {
  const row = await tokens(db)
    .selectFrom('api_token')
    .selectAll()
    .where('hash', '=', hash)
    .executeTakeFirst();
  return row && fromRow(row);
}

export async function findToken(db: Db, id: string): Promise<ApiToken | undefined> {
  const row = await tokens(db).selectFrom('api_token').selectAll().where('id', '=', id).executeTakeFirst();
  return row && fromRow(row);
}

/** All tokens of a user, those that have ended among them, oldest first. */
export async function listTokensOf(db: Db, user: string): Promise<ApiToken[]> {
  const rows = await tokens(db)
    .selectFrom('api_token')
    .selectAll()
    .where('user', '=', user)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(fromRow);
}

/** Returns false if it was revoked before, or is not there. */
export async function markRevoked(db: Db, id: string, at: number): Promise<boolean> {
  const revoked = await tokens(db)
    .updateTable('api_token')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute();
  return revoked.length > 0;
}

/** Forgets the tokens of a user that ended before the given time. */
export async function deleteEndedTokens(db: Db, user: string, before: number): Promise<void> {
  await tokens(db)
    .deleteFrom('api_token')
    .where('user', '=', user)
    .where((or) => or.or([or('expires_at', '<', before), or('revoked_at', '<', before)]))
    .execute();
}

export async function writeLastUse(db: Db, id: string, at: number): Promise<void> {
  await tokens(db).updateTable('api_token').set({ last_used_at: at }).where('id', '=', id).execute();
}

function tokens(db: Db) {
  return db.withTables<AccountsTables>();
}

function fromRow(row: Selectable<AccountsTables['api_token']>): ApiToken {
  return {
    id: row.id,
    user: row.user,
    name: row.name,
    scopes: JSON.parse(row.scopes) as string[],
    on: row.indexes === null ? undefined : (JSON.parse(row.indexes) as string[]),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
