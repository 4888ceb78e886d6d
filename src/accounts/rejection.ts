import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { expiredLogin } from './define-policy.ts';
import { accountsErrors } from './errors.ts';

/**
 * What to tell whose credentials counted once and do not any more; undefined for everybody else. A 401 with a Location
 * lets devpi-client forget what it has stored (reference devpi.md 1.4).
 */
export function rejection({ rejected }: Identity): AppError | undefined {
  if (rejected === 'expired-login') return expiredLogin();
  if (rejected === 'expired-token') return endedToken('the API token has expired');
  if (rejected === 'revoked-token') return endedToken('the API token was revoked');
  if (rejected === 'paused') {
    return new AppError(
      accountsErrors.tooManyPasswords,
      'too many wrong passwords: wait before the next try',
    );
  }
  return undefined;
}

function endedToken(detail: string): AppError {
  return new AppError(accountsErrors.tokenEnded, detail, { headers: { location: '/+login' } });
}
