import type { Db } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { filePath } from '../model/file-path.ts';
import { fullName, type Index } from '../model/index.ts';
import { findFile, isRemoved, type VersionedFile } from './store.ts';

/**
 * The row behind an address below an index; throws 404, or 410 where there once was a file (devpi.md 1.10). `relpath` is
 * what follows `+f/`, decoded.
 */
export async function getFileAt(
  db: Db,
  index: Pick<Index, 'user' | 'name'> & { readonly id?: number },
  relpath: string,
): Promise<VersionedFile> {
  const [start = '', rest = '', filename = '', ...more] = relpath.split('/');
  const file =
    index.id !== undefined && more.length === 0 ? await findFile(db, index.id, filename) : undefined;
  if (
    file !== undefined &&
    file.sha256.startsWith(start + rest) &&
    start.length === 3 &&
    rest.length === 13
  ) {
    return file;
  }
  const path = `${fullName(index)}/+f/${relpath}`;
  if (await isRemoved(db, path)) {
    throw new AppError(packagesErrors.fileRemoved, 'file existed, deleted in later serial');
  }
  throw new AppError(packagesErrors.fileNotFound, 'no such file', { hint: `there is nothing at ${path}` });
}

/** The address of a file, to remember it as removed. */
export function addressOf(
  index: { readonly user: string; readonly name: string },
  file: VersionedFile,
): string {
  return filePath(index, file.sha256, file.filename);
}
