import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { accountsEvents } from '../events.ts';
import { policy } from '../policy.ts';
import { groupNotFound } from './change-group.ts';
import { deleteGroupRow } from './store.ts';

/** Deletes a group and emits `accounts.group-deleted`. Access lists keep its name, which then stands for nobody. */
export async function deleteGroup(
  context: AccountsContext,
  { identity, name }: { readonly identity: Identity; readonly name: string },
): Promise<void> {
  policy.authorize(context, identity, 'accounts.manage-groups', {});
  const { events, accounts } = context;
  await events.change(async (tx, emit) => {
    await accounts.confirm(tx, identity);
    if (!(await deleteGroupRow(tx, name))) throw groupNotFound(name);
    const data = { group: name };
    emit(accountsEvents.groupDeleted, { actor: identity.user ?? null, data });
  });
}
