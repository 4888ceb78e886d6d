import type { Db } from '#kernel/db/db.ts';
import { findMirroredDigests } from './mirror/store.ts';
import { findOwnDigests } from './projects/store.ts';

/** Which of these digests a row of the part needs: own files and sidecars, and mirrored ones. */
export async function neededDigests(db: Db, digests: readonly string[]): Promise<Set<string>> {
  if (digests.length === 0) return new Set();
  return new Set([...(await findOwnDigests(db, digests)), ...(await findMirroredDigests(db, digests))]);
}
