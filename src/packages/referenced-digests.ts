import type { Db } from '#kernel/db/db.ts';
import { listMirroredDigests } from './mirror/store.ts';
import { listOwnDigests } from './projects/store.ts';

/** The digests of all stored bytes that a row needs: own files and sidecars, and mirrored ones. */
export async function listReferencedDigests(db: Db): Promise<Set<string>> {
  const own = await listOwnDigests(db);
  const mirrored = await listMirroredDigests(db);
  return new Set([...own, ...mirrored.map(({ sha256 }) => sha256)]);
}
