import { AppError, type ErrorKind } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

const KINDS: Readonly<Record<string, readonly [kind: ErrorKind, detail: string]>> = {
  ENOSPC: [kernelErrors.storageFull, 'no space left on the server for this file'],
  EDQUOT: [kernelErrors.storageFull, 'no space left on the server for this file'],
  ENOENT: [kernelErrors.filesUnusable, 'a directory of the stored files is missing'],
  ENOTDIR: [kernelErrors.filesUnusable, 'a directory of the stored files is no directory'],
  EACCES: [kernelErrors.filesUnusable, 'the directory of the stored files may not be written'],
  EPERM: [kernelErrors.filesUnusable, 'the directory of the stored files may not be written'],
  EROFS: [kernelErrors.filesUnusable, 'the directory of the stored files is read-only'],
};

/** What only the operator can mend says so; everything else stays what it is. */
export function throwStorageError(error: unknown): never {
  const known = KINDS[(error as NodeJS.ErrnoException).code ?? ''];
  if (known === undefined) throw error;
  const [kind, detail] = known;
  throw new AppError(kind, detail, { cause: error });
}
