import { createLoginToken, LOGIN_SECONDS } from '#kernel/auth/login-token.ts';
import type { UserAccount } from '#kernel/auth/store.ts';
import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { getUser } from './find.ts';

/** What a client stores after a login; `password` is the token (reference devpi.md 1.4). */
export interface ProxyAuth {
  readonly password: string;
  /** Seconds. */
  readonly expiration: number;
}

/** Exchanges a password for a login token; throws 401 in devpi's words. */
export async function login(context: Context, user: string, password: string): Promise<ProxyAuth> {
  const identity = await context.authenticator.check({ user, secret: password });
  if (identity.user === undefined) {
    throw new AppError(packagesErrors.loginFailed, `user '${user}' could not be authenticated`);
  }
  return proxyAuth(context, await getUser(context.db, identity.user));
}

/** A fresh token, also given to who changes the password, because the old tokens end with it. */
export function proxyAuth(context: Context, user: UserAccount): ProxyAuth {
  const { secret } = context.authenticator;
  const password = createLoginToken(secret, user.name, user.passwordHash, context.clock.now());
  return { password, expiration: LOGIN_SECONDS };
}
