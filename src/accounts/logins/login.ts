import { createLoginToken, LOGIN_SECONDS } from './login-token.ts';
import type { UserAccount } from '../users/store.ts';
import type { AccountsContext } from '../context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { accountsErrors } from '../errors.ts';
import { rejection } from '../rejection.ts';
import { confirm } from './confirm.ts';
import { getUser } from '../users/find.ts';

/** What a client stores after a login; `password` is the token (reference devpi.md 1.4). */
export interface ProxyAuth {
  readonly password: string;
  /** Seconds. */
  readonly expiration: number;
}

export interface LoginInput {
  readonly user: string;
  readonly password: string;
  /** Where the request comes from. */
  readonly address: string;
}

/**
 * Exchanges a password, or a login token, for a fresh login token; throws 401 in devpi's words. An API token is answered with
 * itself and what it has left, so that nobody gets more out of it than was put in.
 */
export async function login(
  context: AccountsContext,
  { user, password, address }: LoginInput,
): Promise<ProxyAuth> {
  const { authenticator } = context.accounts;
  const { identity, expiresAt } = await authenticator.check({ user, secret: password }, address);
  if (identity.user === undefined) {
    if (identity.rejected === 'paused') throw rejection(identity);
    throw new AppError(accountsErrors.loginFailed, `user '${user}' could not be authenticated`);
  }
  if (identity.token !== undefined && expiresAt !== undefined) {
    return { password, expiration: Math.floor((expiresAt - context.clock.now()) / 1000) };
  }
  const account = await getUser(context.db, identity.user);
  // What another server process has just changed may not be heard yet: an old password must not become a fresh login.
  await confirm(context.secret, context.db, identity);
  return proxyAuth(context, account);
}

/** A fresh token, also given to who changes the password, because the old tokens end with it. */
export function proxyAuth({ secret, clock }: AccountsContext, user: UserAccount): ProxyAuth {
  const password = createLoginToken(secret, user.name, user.passwordHash, clock.now());
  return { password, expiration: LOGIN_SECONDS };
}
