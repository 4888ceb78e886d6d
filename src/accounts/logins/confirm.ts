import type { Db } from '#kernel/db/db.ts';
import type { Identity } from '#kernel/identity.ts';
import { accountsErrors } from '../errors.ts';
import { listGroupsOf } from '../groups/store.ts';
import { ended, rejection } from '../rejection.ts';
import { findSession } from '../sessions/store.ts';
import { findToken } from '../tokens/store.ts';
import { findUser } from '../users/store.ts';
import { fingerprintOf } from '../passwords/fingerprint.ts';

/**
 * Throws 401 unless the user behind an identity, and the password, login, session or token that was shown, are still what they were when
 * the request began; returns the identity with the groups of now. Time alone ends nothing here: what began in time may finish.
 */
export async function confirm(secret: Buffer, db: Db, identity: Identity): Promise<Identity> {
  const { user, token, loginId, fingerprint, isSession } = identity;
  if (user === undefined) return identity;
  const account = await findUser(db, user);
  if (account === undefined) throw ended(accountsErrors.loginExpired, `user '${user}' has been deleted`);
  if (token !== undefined) {
    const stored = await findToken(db, token.id);
    if (stored === undefined || stored.revokedAt !== null) {
      throw rejection({ ...identity, rejected: 'revoked-token' });
    }
  } else {
    const isCurrent =
      fingerprint === fingerprintOf(secret, account.passwordHash) ||
      (loginId !== undefined && loginId === account.keptLogin);
    const hasEnded = isSession === true && (await findSession(db, loginId ?? '')) === undefined;
    if (!isCurrent || hasEnded) throw rejection({ ...identity, rejected: 'expired-login' });
  }
  return { ...identity, groups: await listGroupsOf(db, user) };
}
