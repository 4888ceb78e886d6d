import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { accountsEvents } from '../events.ts';
import { policy } from '../policy.ts';
import { lockUser } from '../users/store.ts';
import { deleteMember, insertMember, listMembers, lockGroup, type Group } from './store.ts';

export interface ChangeGroup {
  readonly identity: Identity;
  readonly name: string;
  /** Users that are to be members, and that are not to be; who is already, or is not, counts for nothing. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Changes who is in a group and emits `accounts.group-changed`. */
export async function changeGroup(
  context: AccountsContext,
  { identity, name, add, remove }: ChangeGroup,
): Promise<Group> {
  policy.authorize(context, identity, 'accounts.manage-groups', {});
  const { events, accounts } = context;
  return await events.change(async (tx, emit) => {
    await accounts.confirm(tx, identity);
    if (!(await lockGroup(tx, name))) throw groupNotFound(name);
    await addMembers(tx, name, add);
    for (const user of remove) await deleteMember(tx, name, user);
    const members = await listMembers(tx, name);
    emit(accountsEvents.groupChanged, {
      actor: identity.user ?? null,
      data: { group: name, members },
    });
    return { name, members };
  });
}

/** Throws 400 for a user who is not there. */
export async function addMembers(tx: Tx, group: string, users: readonly string[]): Promise<void> {
  for (const user of [...new Set(users)].toSorted()) {
    if ((await lockUser(tx, user)) === undefined) {
      throw new AppError(accountsErrors.invalidGroup, `no user '${user.slice(0, 200)}'`);
    }
    await insertMember(tx, group, user);
  }
}

export function groupNotFound(name: string): AppError {
  return new AppError(accountsErrors.groupNotFound, `no group '${name}'`);
}
