import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { throwStorageError } from '../files/storage-error.ts';
import { syncDirectory } from '../files/sync-directory.ts';

/**
 * Has a file written beside its path and puts it there when `write` has put all of it on the disk: what is found at the
 * path is whole, also after kill -9. An older file stays until then.
 */
export async function writeWhole(path: string, write: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await rm(partial, { force: true });
    await write(partial);
    await rename(partial, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(partial, { force: true });
    throwStorageError(error);
  }
}
