import { AppError, type ErrorKind } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { challenge } from './challenge.ts';
import { accountsErrors } from './errors.ts';

/**
 * What to tell whose credentials counted once and do not any more; undefined for everybody else. A 401 with a Location
 * lets devpi-client forget what it has stored (reference devpi.md 1.4).
 */
export function rejection({ rejected }: Identity): AppError | undefined {
  if (rejected === 'expired-login') return ended(accountsErrors.loginExpired, 'the login has expired');
  if (rejected === 'expired-token') return ended(accountsErrors.tokenEnded, 'the API token has expired');
  if (rejected === 'revoked-token') return ended(accountsErrors.tokenEnded, 'the API token was revoked');
  if (rejected === 'paused') {
    return new AppError(
      accountsErrors.tooManyPasswords,
      'too many wrong passwords: wait before the next try',
    );
  }
  return undefined;
}

/** 401 for somebody who has to log in again. */
export function ended(kind: ErrorKind, detail: string): AppError {
  return new AppError(kind, detail, { headers: { ...challenge, location: '/+login' } });
}
