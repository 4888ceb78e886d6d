import { listUsersAfter, type UserAccount } from '#accounts';
import type { Db } from '#kernel/db/db.ts';
import { listIndexesOf } from '../indexes/store.ts';
import type { Index } from '../model/index.ts';

/** With the largest fields of users and options that are allowed this is some megabytes. */
const PAGE = 50;

/** Every user with the indexes, by name, in the memory of fifty however many there are. */
export async function* listUsersWithIndexes(
  db: Db,
): AsyncGenerator<{ readonly user: UserAccount; readonly indexes: readonly Index[] }> {
  let last = '';
  for (;;) {
    const users = await listUsersAfter(db, last, PAGE);
    if (users.length === 0) return;
    const names = users.map(({ name }) => name);
    const indexes = Map.groupBy(await listIndexesOf(db, names), (index) => index.user);
    for (const user of users) yield { user, indexes: indexes.get(user.name) ?? [] };
    last = names.at(-1) ?? last;
  }
}
