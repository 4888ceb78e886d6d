import type { Replicated, RowSet, Subject } from '#kernel/replication/replicated.ts';
import { readRows, readRowSet } from '#kernel/replication/store.ts';
import type { Db } from '#kernel/db/db.ts';

const USER = 'accounts.user';
const GROUP = 'accounts.group';

/** The user of this name, with what belongs to no other part. */
export function userSubject(name: string): Subject {
  return [USER, name];
}

/** Users with their tokens, and groups. Sessions of browsers are of the server that gave them out. */
export const replicatedAccounts: Replicated = {
  tables: {
    user_account: { key: ['name'] },
    api_token: { key: ['id'], unique: [['hash']] },
    user_group: { key: ['name'] },
    group_member: { key: ['group_name', 'user_name'] },
  },
  local: ['user_session'],
  subjectsOf({ data: { user, group } }) {
    return [
      ...(typeof user === 'string' ? [userSubject(user)] : []),
      ...(typeof group === 'string' ? [[GROUP, group] as const] : []),
    ];
  },
  read: async (db, [kind, name = '']) =>
    kind === GROUP ? await readGroup(db, name) : await readUser(db, name),
};

async function readUser(db: Db, name: string): Promise<readonly RowSet[]> {
  const user = await readRowSet(db, 'user_account', { name });
  return user.rows.length === 0 ? [user] : [user, await readRowSet(db, 'api_token', { user: name })];
}

/** Members may be users of whom no event has told yet: they come along. */
async function readGroup(db: Db, name: string): Promise<readonly RowSet[]> {
  const group = await readRowSet(db, 'user_group', { name });
  if (group.rows.length === 0) return [group];
  const members = await readRowSet(db, 'group_member', { group_name: name });
  const names = members.rows.map(({ user_name: member }) => String(member));
  return [group, await readRows(db, 'user_account', 'name', names), members];
}
