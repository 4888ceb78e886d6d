import type { Db } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { filePath, fileRelpath } from '../model/file-path.ts';
import { fullName, type Index } from '../model/index.ts';
import { findFile, isRemoved, type VersionedFile } from './store.ts';

/** An index that there is, or was. */
type Place = Pick<Index, 'user' | 'name'> & { readonly id?: number };

/**
 * The row behind an address below an index; throws 404, or 410 where there once was a file (devpi.md 1.10). `relpath` is
 * what follows `+f/`, decoded.
 */
export async function getFileAt(db: Db, index: Place, relpath: string): Promise<VersionedFile> {
  const file = await findFileAt(db, index, relpath);
  if (file === undefined) throw await noFileAt(db, index, relpath);
  return file;
}

/** The same, undefined where no file is. */
export async function findFileAt(db: Db, index: Place, relpath: string): Promise<VersionedFile | undefined> {
  const filename = relpath.split('/').at(-1) ?? '';
  const file = index.id === undefined ? undefined : await findFile(db, index.id, filename);
  return file !== undefined && isAddress(relpath, file) ? file : undefined;
}

/** Whether something is asked for where it is, and not only by its name. */
export function isAddress(
  relpath: string,
  { sha256, filename }: { readonly sha256: string; readonly filename: string },
): boolean {
  return `+f/${relpath}` === fileRelpath(sha256, filename);
}

/** Why nothing is at an address: 404, or 410 where something was. */
export async function noFileAt(db: Db, index: Place, relpath: string): Promise<AppError> {
  const path = `${fullName(index)}/+f/${relpath}`;
  if (await isRemoved(db, path)) {
    return new AppError(packagesErrors.fileRemoved, 'file existed, deleted in later serial');
  }
  return new AppError(packagesErrors.fileNotFound, 'no such file', { hint: `there is nothing at ${path}` });
}

/** The address of a file, to remember it as removed. */
export function addressOf(
  index: { readonly user: string; readonly name: string },
  file: VersionedFile,
): string {
  return filePath(index, file.sha256, file.filename);
}
