import type { Files } from './files.ts';
import { findOrphans, type FindNeeded } from './find-orphans.ts';

/**
 * Removes stored files that no row refers to, and unfinished ones, where they are older than `storedBefore` (epoch
 * milliseconds). Returns how many files and bytes without a row that freed. Throws the reason of `signal` when it is
 * aborted; what was removed until then stays so.
 */
export async function collectOrphans(
  files: Files,
  findNeeded: FindNeeded,
  storedBefore: number,
  signal?: AbortSignal,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const freed = { files: 0, bytes: 0 };
  await files.removeUnfinished(storedBefore);
  for await (const orphans of findOrphans(files, findNeeded, storedBefore)) {
    signal?.throwIfAborted();
    for (const { sha256, size } of orphans) {
      if (!(await files.remove(sha256, storedBefore))) continue;
      freed.files += 1;
      freed.bytes += size;
    }
  }
  return freed;
}
