import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { accountsErrors } from '../errors.ts';
import { rejection } from '../rejection.ts';
import type { AccountsConfig } from '../settings.ts';
import { showUser } from './user-config.ts';
import type { UserAccount } from './store.ts';

type Readers = AccountsConfig['accounts.user-list-readers'];

/** Throws unless the settings let this identity list all users: 401 for who could log in, else 403. */
export function authorizeUserList(config: AccountsConfig, identity: Identity): void {
  const readers = config['accounts.user-list-readers'];
  if (isReader(readers, identity)) return;
  if (identity.user === undefined) {
    throw rejection(identity) ?? new AppError(accountsErrors.loginNeeded, `only ${readers} may list users`);
  }
  throw new AppError(
    accountsErrors.notAllowed,
    `only ${readers} may list users (accounts.user-list-readers)`,
  );
}

/** A user as this identity may see it: the e-mail and `custom_data` are for those whom the settings name, and the user. */
export function showUserTo(
  config: AccountsConfig,
  identity: Identity,
  user: UserAccount,
): Record<string, unknown> {
  const seesAll =
    (identity.user === user.name && identity.token === undefined) ||
    isReader(config['accounts.user-detail-readers'], identity);
  return showUser(seesAll ? user : { ...user, email: null, customData: undefined });
}

function isReader(readers: Readers, { user, token }: Identity): boolean {
  if (readers === 'anyone') return true;
  if (token !== undefined) return false;
  return readers === 'users' ? user !== undefined : user === 'root';
}
