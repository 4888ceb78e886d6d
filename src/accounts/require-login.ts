import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { challenge } from './challenge.ts';
import { accountsErrors } from './errors.ts';
import { rejection } from './rejection.ts';

/**
 * The user behind a password or a login. Throws 401 for anybody else, and 403 for an API token: a token that leaks must not be
 * able to make itself a stronger or longer one.
 */
export function requireLogin(identity: Identity): string {
  if (identity.token !== undefined) {
    throw new AppError(accountsErrors.notAllowed, 'an API token cannot do this', {
      hint: 'log in with the password',
    });
  }
  if (identity.user !== undefined) return identity.user;
  throw (
    rejection(identity) ??
    new AppError(accountsErrors.loginNeeded, 'nobody is logged in', { headers: challenge })
  );
}
