import { listUsersAfter, type UserAccount } from '#accounts';
import type { Db } from '#kernel/db/db.ts';
import { listIndexesAfter } from '../indexes/store.ts';
import type { Index } from '../model/index.ts';

const USERS = 50;
/** With the largest options that are allowed this is some megabytes. */
const INDEXES = 25;

/** The indexes of these users, by user and name, in the memory of a few however many there are. */
export async function* listIndexesOf(db: Db, users: readonly string[]): AsyncGenerator<Index> {
  for (let last: Index | undefined; ;) {
    const page = await listIndexesAfter(db, users, last, INDEXES);
    yield* page;
    last = page.at(-1);
    if (page.length < INDEXES) return;
  }
}

/** Every user, by name, in the memory of some however many there are. The indexes are read before the next user is taken. */
export async function* listUsersWithIndexes(
  db: Db,
): AsyncGenerator<{ readonly user: UserAccount; readonly indexes: AsyncIterable<Index> }> {
  for (let last = ''; ;) {
    const users = await listUsersAfter(db, last, USERS);
    if (users.length === 0) return;
    const names = users.map(({ name }) => name);
    const all = listIndexesOf(db, names);
    let next = await all.next();
    async function* indexesOf(name: string): AsyncGenerator<Index> {
      for (; next.done !== true && next.value.user === name; next = await all.next()) yield next.value;
    }
    for (const user of users) yield { user, indexes: indexesOf(user.name) };
    last = names.at(-1) ?? last;
  }
}
