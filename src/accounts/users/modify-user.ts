import type { Identity } from '#kernel/identity.ts';
import { lockUser, updateUser, type UserAccount } from './store.ts';
import type { AccountsContext } from '../context.ts';
import { accountsEvents } from '../events.ts';
import { policy } from '../policy.ts';
import { accountsConfig } from '../settings.ts';
import { storedHash } from './create-user.ts';
import { userNotFound } from './find.ts';
import { checkSize, givenPassword, knownKeys, withFields, type UserFields } from './user-config.ts';

export interface ModifyUser {
  readonly identity: Identity;
  readonly name: string;
  readonly fields: UserFields;
  /** Where the request comes from. */
  readonly address: string;
}

/** Changes a user and emits `accounts.user-modified`; a changed password ends all logins of the user. */
export async function modifyUser(
  context: AccountsContext,
  { identity, name, fields, address }: ModifyUser,
): Promise<UserAccount> {
  policy.authorize(context, identity, 'accounts.modify-user', { user: name });
  const maxBytes = accountsConfig(context.config)['accounts.max-user-bytes'];
  const password = givenPassword(fields, maxBytes);
  const hasNewHash = password !== undefined || (fields['pwhash'] !== undefined && fields['pwhash'] !== null);
  const passwordHash = hasNewHash
    ? await storedHash(context, { identity, address, password: password ?? '', pwhash: fields['pwhash'] })
    : undefined;
  return await context.events.change(async (tx, emit) => {
    const user = await lockUser(tx, name);
    if (user === undefined) throw userNotFound(name);
    await context.accounts.confirm(tx, identity);
    const changed: UserAccount = {
      ...withFields(user, fields),
      ...(passwordHash !== undefined && { passwordHash, keptLogin: keptLogin(identity, name) }),
      modifiedAt: context.clock.now(),
    };
    checkSize(changed, maxBytes);
    await updateUser(tx, changed);
    const data = {
      user: name,
      changed: knownKeys(fields).map((key) => (key === 'pwhash' ? 'password' : key)),
    };
    emit(accountsEvents.userModified, { actor: identity.user ?? null, data });
    return changed;
  });
}

/** Who changes the own password stays logged in there: devpi-client does not take up the new token. */
function keptLogin({ user, loginId }: Identity, changed: string): string | null {
  return user === changed ? (loginId ?? null) : null;
}
