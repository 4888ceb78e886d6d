import { inBatches } from '../in-batches.ts';
import type { Files, StoredFile } from './files.ts';

/** Long enough for any upload between storing its bytes and writing its row. */
export const ORPHAN_GRACE_MS = 3_600_000;

const BATCH = 500;

/** Says which of some digests a row refers to. */
export type FindNeeded = (digests: readonly string[]) => Promise<ReadonlySet<string>>;

/**
 * Stored files that no row refers to, and that were stored before that time (epoch milliseconds), in batches. Memory does
 * not grow with the store.
 */
export async function* findOrphans(
  files: Pick<Files, 'list'>,
  findNeeded: FindNeeded,
  storedBefore: number,
): AsyncGenerator<StoredFile[]> {
  for await (const batch of inBatches(files.list(), BATCH)) {
    const old = batch.filter(({ storedAt }) => storedAt < storedBefore);
    if (old.length === 0) continue;
    const needed = await findNeeded(old.map(({ sha256 }) => sha256));
    const orphans = old.filter(({ sha256 }) => !needed.has(sha256));
    if (orphans.length > 0) yield orphans;
  }
}

/** How many there are, and their bytes together. */
export async function countOrphans(
  files: Pick<Files, 'list'>,
  findNeeded: FindNeeded,
  storedBefore: number,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const count = { files: 0, bytes: 0 };
  for await (const orphans of findOrphans(files, findNeeded, storedBefore)) {
    count.files += orphans.length;
    count.bytes += orphans.reduce((sum, { size }) => sum + size, 0);
  }
  return count;
}
