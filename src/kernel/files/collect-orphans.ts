import type { Files } from './files.ts';

/** Long enough for any upload between storing its bytes and writing its row. */
export const ORPHAN_GRACE_MS = 3_600_000;

/**
 * Removes stored files that no row refers to and that were stored before `storedBefore` (epoch milliseconds).
 * Returns how many files and bytes that freed.
 */
export async function collectOrphans(
  files: Files,
  isReferenced: (sha256: string) => boolean | Promise<boolean>,
  storedBefore: number,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const freed = { files: 0, bytes: 0 };
  for await (const { sha256, size, storedAt } of files.list()) {
    if (storedAt >= storedBefore || (await isReferenced(sha256))) continue;
    if (!(await files.remove(sha256, storedBefore))) continue;
    freed.files += 1;
    freed.bytes += size;
  }
  return freed;
}
