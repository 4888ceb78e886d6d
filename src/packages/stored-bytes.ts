import type { Db } from '#kernel/db/db.ts';
import type { ExpectedBytes } from '#kernel/files/expected-bytes.ts';
import { findMirroredDigests, listMirroredDigests } from './mirror/store.ts';
import { findOwnDigests, listFileDigests, listSidecarDigests } from './projects/store.ts';

/** Which of these digests a row of the part needs: own files and sidecars, and mirrored ones. */
export async function neededDigests(db: Db, digests: readonly string[]): Promise<Set<string>> {
  if (digests.length === 0) return new Set();
  return new Set([...(await findOwnDigests(db, digests)), ...(await findMirroredDigests(db, digests))]);
}

const PAGE = 500;

/** The bytes of all files, metadata files and mirrored files that rows name, in pages. */
export async function* listStoredBytes(db: Db): AsyncGenerator<ExpectedBytes> {
  for (const list of [listFileDigests, listSidecarDigests, listMirroredDigests]) {
    for (let after = ''; ;) {
      const page = await list(db, after, PAGE);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last.sha256;
    }
  }
}
