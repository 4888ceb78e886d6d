import { createLoginToken, LOGIN_SECONDS } from './login-token.ts';
import type { UserAccount } from '../users/store.ts';
import type { AccountsContext } from '../context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { accountsErrors } from '../errors.ts';
import { getUser } from '../users/find.ts';

/** What a client stores after a login; `password` is the token (reference devpi.md 1.4). */
export interface ProxyAuth {
  readonly password: string;
  /** Seconds. */
  readonly expiration: number;
}

/** Exchanges a password for a login token; throws 401 in devpi's words. */
export async function login(context: AccountsContext, user: string, password: string): Promise<ProxyAuth> {
  const identity = await context.accounts.authenticator.check({ user, secret: password });
  if (identity.user === undefined) {
    throw new AppError(accountsErrors.loginFailed, `user '${user}' could not be authenticated`);
  }
  return proxyAuth(context, await getUser(context.db, identity.user));
}

/** A fresh token, also given to who changes the password, because the old tokens end with it. */
export function proxyAuth(context: AccountsContext, user: UserAccount): ProxyAuth {
  const { secret } = context.accounts.authenticator;
  const password = createLoginToken(secret, user.name, user.passwordHash, context.clock.now());
  return { password, expiration: LOGIN_SECONDS };
}
