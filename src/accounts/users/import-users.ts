import type { Tx } from '#kernel/db/db.ts';
import type { Emit } from '#kernel/events/events.ts';
import { accountsEvents } from '../events.ts';
import type { DumpedUser } from './dumped-user.ts';
import { deleteUserRow, findUser, insertUser, listUsersAfter, updateUser } from './store.ts';

/**
 * Stores the users of a dump in a server that has none but root, who keeps the password where the dump has none for
 * root. Call `announceImportedUsers` when all else of the dump is there.
 */
export async function importUsers(tx: Tx, users: readonly DumpedUser[]): Promise<void> {
  for (const { user, needsPassword } of users) {
    if (await insertUser(tx, user)) continue;
    const known = await findUser(tx, user.name);
    await updateUser(tx, {
      ...user,
      passwordHash: needsPassword ? (known?.passwordHash ?? user.passwordHash) : user.passwordHash,
    });
  }
}

/** Emits what `importUsers` did: `accounts.user-created` for each user, and that root changed. */
export function announceImportedUsers(emit: Emit, users: readonly DumpedUser[]): void {
  for (const { user } of users) {
    if (user.name === 'root')
      emit(accountsEvents.userModified, { actor: null, data: { user: 'root', changed: ['pwhash'] } });
    else emit(accountsEvents.userCreated, { actor: null, data: { user: user.name } });
  }
}

/** Takes back what an import left that did not end. */
export async function removeImportedUsers(tx: Tx): Promise<void> {
  for (const { name } of await listUsersAfter(tx, '', Number.MAX_SAFE_INTEGER))
    if (name !== 'root') await deleteUserRow(tx, name);
}
