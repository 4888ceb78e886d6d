import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { rejection } from '../rejection.ts';

export interface GivenPassword {
  readonly user: string;
  readonly password: string;
  /** Where the request comes from. */
  readonly address: string;
}

/**
 * Who a user name and a password belong to; throws `accounts.login-failed`, the same for unknown users, or
 * `accounts.too-many-passwords`. Tokens are no passwords here: who has found one must not get more for it.
 */
export async function checkPassword(
  { accounts }: AccountsContext,
  { user, password, address }: GivenPassword,
): Promise<Identity> {
  const { identity } = await accounts.authenticator.check({ user, secret: password }, address);
  const isPassword = identity.token === undefined && identity.loginId === undefined;
  if (identity.user !== undefined && isPassword) return identity;
  if (identity.rejected === 'paused') throw rejection(identity);
  throw new AppError(accountsErrors.loginFailed, `user '${user.slice(0, 200)}' could not be authenticated`);
}
