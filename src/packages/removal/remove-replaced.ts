import type { Tx } from '#kernel/db/db.ts';
import type { Index } from '../model/index.ts';
import {
  deleteFileRow,
  deleteReleaseRow,
  listFilesOfReleases,
  type VersionedFile,
} from '../projects/store.ts';
import { findDocumentation } from '../documentation/store.ts';
import { rememberFiles } from './remember-files.ts';

/** Takes a file out for another one of its name; its release goes too if the new file spells the version otherwise. */
export async function removeReplaced(
  tx: Tx,
  index: Index,
  existing: VersionedFile,
  { now, version }: { readonly now: number; readonly version: string },
): Promise<void> {
  await rememberFiles(tx, index, [existing], now);
  await deleteFileRow(tx, existing.id);
  if (existing.version === version) return;
  const isLeft =
    (await listFilesOfReleases(tx, [existing.releaseId])).length > 0 ||
    (await findDocumentation(tx, existing.releaseId)) !== undefined;
  if (!isLeft) await deleteReleaseRow(tx, existing.releaseId);
}
