import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { accountsEvents } from '../events.ts';
import { policy } from '../policy.ts';
import { deleteUserRow, lockUser } from './store.ts';

/**
 * Deletes a user and emits `accounts.user-deleted`, after the other parts have removed what they keep of the user; one
 * of them may refuse.
 */
export async function deleteUser(
  context: AccountsContext,
  { identity, name }: { readonly identity: Identity; readonly name: string },
): Promise<void> {
  policy.authorize(context, identity, 'accounts.delete-user', { user: name });
  const { events, accounts } = context;
  const actor = identity.user ?? null;
  await events.change(async (tx, emit) => {
    if ((await lockUser(tx, name)) === undefined) {
      throw new AppError(accountsErrors.userNotFound, `required user '${name}' does not exist`);
    }
    await accounts.confirm(tx, identity);
    for (const remove of accounts.userRemovalHooks) await remove({ tx, emit, actor }, name);
    await deleteUserRow(tx, name);
    emit(accountsEvents.userDeleted, { actor, data: { user: name } });
  });
}
