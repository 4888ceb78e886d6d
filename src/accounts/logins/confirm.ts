import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { accountsErrors } from '../errors.ts';
import { rejection } from '../rejection.ts';
import { findToken } from '../tokens/store.ts';
import { findUser } from '../users/store.ts';
import { fingerprintOf } from './login-token.ts';

/**
 * Throws 401 unless the user behind an identity, and the password, login or token that was shown, are still what they were when
 * the request began. Time alone ends nothing here: what began in time may finish.
 */
export async function confirm(secret: Buffer, tx: Tx, identity: Identity): Promise<void> {
  const { user, token, loginId, fingerprint } = identity;
  if (user === undefined) return;
  const account = await findUser(tx, user);
  if (account === undefined) {
    throw new AppError(accountsErrors.loginExpired, `user '${user}' has been deleted`, {
      headers: { location: '/+login' },
    });
  }
  if (token !== undefined) {
    const stored = await findToken(tx, token.id);
    if (stored === undefined || stored.revokedAt !== null)
      throw rejection({ ...identity, rejected: 'revoked-token' });
    return;
  }
  const isCurrent =
    fingerprint === fingerprintOf(secret, account.passwordHash) ||
    (loginId !== undefined && loginId === account.keptLogin);
  if (!isCurrent) throw rejection({ ...identity, rejected: 'expired-login' });
}
