import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { accountsEvents } from '../events.ts';
import { checkName } from '../names.ts';
import { policy } from '../policy.ts';
import { addMembers } from './change-group.ts';
import { insertGroup, listMembers, type Group } from './store.ts';

export interface CreateGroup {
  readonly identity: Identity;
  readonly name: string;
  readonly members: readonly string[];
}

/** Makes a group, which access lists name as `:NAME`, and emits `accounts.group-created`. */
export async function createGroup(
  context: AccountsContext,
  { identity, name, members }: CreateGroup,
): Promise<Group> {
  policy.authorize(context, identity, 'accounts.manage-groups', {});
  const { events, accounts, clock } = context;
  checkName(accountsErrors.invalidGroup, 'groupname', name);
  return await events.change(async (tx, emit) => {
    await accounts.confirm(tx, identity);
    if (!(await insertGroup(tx, name, clock.now()))) {
      throw new AppError(accountsErrors.groupExists, `group '${name}' already exists`);
    }
    await addMembers(tx, name, members);
    const group = { name, members: await listMembers(tx, name) };
    const data = { group: name, members: group.members };
    emit(accountsEvents.groupCreated, { actor: identity.user ?? null, data });
    return group;
  });
}
