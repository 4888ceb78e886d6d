import { randomUUID } from 'node:crypto';
import { chmodSync, linkSync, lstatSync, mkdirSync, renameSync, rmSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { storedPath } from './stored-path.ts';

/** Nobody writes into stored bytes, whatever name they come by. */
const WRITABLE = 0o222;

/** No second name can be given: another file system, none that has them, or too many. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES']);

/**
 * Gives a file, as it was when its digest was taken, a second name in a local directory of files. Only one of this user, whom
 * it is made read-only for: who could write into it would change what is stored. False where it must be copied. Waits for the
 * disk as `putBytes` does.
 */
export function linkIntoStore(directory: string, sha256: string, path: string, hashed: Stats): boolean {
  const aside = join(directory, 'incoming', randomUUID());
  if (!link(path, aside)) return false;
  try {
    const found = lstatSync(aside);
    const isSame = found.ino === hashed.ino && found.dev === hashed.dev && found.mtimeMs === hashed.mtimeMs;
    if (!isSame || !found.isFile() || found.uid !== process.getuid?.()) return false;
    chmodSync(aside, found.mode & ~WRITABLE);
    const stored = storedPath(directory, sha256);
    mkdirSync(dirname(stored), { recursive: true, mode: 0o700 });
    renameSync(aside, stored);
    return true;
  } finally {
    // It stays where it is another name of the very file that is stored already.
    rmSync(aside, { force: true });
  }
}

/** Gives stored bytes a second name, which are read-only from then on; false where they must be copied. */
export function linkOutOfStore(directory: string, sha256: string, path: string): boolean {
  const stored = storedPath(directory, sha256);
  chmodSync(stored, lstatSync(stored).mode & ~WRITABLE);
  return link(stored, path);
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (NO_LINK.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
