import type { Identity } from '#kernel/identity.ts';
import type { AccountsConfig } from '../settings.ts';
import { showUser } from './user-config.ts';
import type { UserAccount } from './store.ts';

type Readers = AccountsConfig['accounts.user-list-readers'];

/** A user as this identity may see it, in the form of every answer. */
export function showUserTo(
  config: AccountsConfig,
  identity: Identity,
  user: UserAccount,
): Record<string, unknown> {
  return showUser(seenUser(config, identity, user));
}

/** A user as this identity may see it: the e-mail and `custom_data` are for those whom the settings name, and the user. */
export function seenUser(config: AccountsConfig, identity: Identity, user: UserAccount): UserAccount {
  const seesAll =
    (identity.user === user.name && identity.token === undefined) ||
    isReader(config['accounts.user-detail-readers'], identity);
  return seesAll ? user : { ...user, email: null, customData: undefined };
}

function isReader(readers: Readers, { user, token }: Identity): boolean {
  if (readers === 'anyone') return true;
  if (token !== undefined) return false;
  return readers === 'users' ? user !== undefined : user === 'root';
}
