import type { Clock } from '#kernel/clock.ts';
import type { Db } from '#kernel/db/db.ts';
import type { Identity } from '#kernel/identity.ts';
import { findSession } from './store.ts';

const RECENT_MS = 900_000;

/**
 * True for a browser that was logged in more than a quarter of an hour ago: who sits there now may be somebody else, so pages ask for
 * the password again before what is hard to undo. Who sends a password with each request has just shown it.
 */
export async function hasOldLogin(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  { isSession, loginId = '' }: Identity,
): Promise<boolean> {
  if (isSession !== true) return false;
  const session = await findSession(db, loginId);
  return session === undefined || session.createdAt + RECENT_MS <= clock.now();
}
