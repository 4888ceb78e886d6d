import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockDirectory, type DirectoryLock } from '../db/lock-directory.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { Files } from '../files/files.ts';
import { openLocalFiles } from '../files/local-files.ts';
import { throwStorageError } from '../files/storage-error.ts';
import { writeWhole } from './write-whole.ts';

const MARK = 'backup.json';
/** What a new file system has. */
const NOTHING = new Set(['lost+found', '.lock', '.lock-journal']);

/** A directory of backups, which nobody else works with until it is closed. */
export interface OpenBackup {
  readonly files: Files;
  close(): Promise<void>;
}

/**
 * Opens the directory in which a server keeps its backups, and makes it if there is none. Clears away what backups that
 * were broken off have left. Throws `kernel.backup-in-use` while another command works with it, and
 * `kernel.backup-unusable` if something else is in it, or backups of another server.
 */
export async function openBackupOf(uuid: string, directory: string): Promise<OpenBackup> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch(throwBackupError(directory));
  const mark = await readMark(directory);
  const others = (await readdir(directory)).filter(
    (name) => !NOTHING.has(name) && name !== `${MARK}.partial`,
  );
  if (mark === undefined && others.length > 0) {
    throw new AppError(kernelErrors.backupUnusable, `${directory} is not empty, and no backup`, {
      hint: 'name an empty directory, or the one of earlier backups',
    });
  }
  if (mark !== undefined && mark !== uuid) {
    throw new AppError(kernelErrors.backupUnusable, `${directory} has the backups of another server`, {
      hint: 'give each server a directory of its own',
    });
  }
  const lock = takeLock(directory);
  try {
    if (mark === undefined) await writeMark(directory, uuid);
    const snapshots = join(directory, 'snapshots');
    await mkdir(snapshots, { recursive: true, mode: 0o700 });
    for (const name of await readdir(snapshots)) {
      if (/\.(?:partial|removed)$/.test(name)) await rm(join(snapshots, name), { recursive: true });
    }
    const files = await openLocalFiles(join(directory, 'files'));
    await files.removeUnfinished(Infinity);
    return closing(files, lock);
  } catch (error) {
    lock.release();
    return throwBackupError(directory)(error);
  }
}

/** Opens backups for reading; where nothing can be written, as on a medium that is read-only, without a lock. */
export async function openBackup(directory: string): Promise<OpenBackup> {
  if ((await readMark(directory)) === undefined) {
    throw new AppError(kernelErrors.backupUnusable, `there is no backup in ${directory}`, {
      hint: 'name the directory that `wheelhouse backup` was given',
    });
  }
  let lock: DirectoryLock | undefined;
  try {
    lock = takeLock(directory);
  } catch (error) {
    if (error instanceof AppError) throw error;
  }
  return closing(await openLocalFiles(join(directory, 'files')), lock);
}

function closing(files: Files, lock: DirectoryLock | undefined): OpenBackup {
  return {
    files,
    async close() {
      await files.close();
      lock?.release();
    },
  };
}

function takeLock(directory: string): DirectoryLock {
  const lock = lockDirectory(directory);
  if (lock !== undefined) return lock;
  throw new AppError(kernelErrors.backupInUse, `another command works with ${directory}`);
}

/** The server whose backups are in the directory. */
async function readMark(directory: string): Promise<string | undefined> {
  const text = await readFile(join(directory, MARK), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  });
  if (text === undefined) return undefined;
  const [, uuid] = /"uuid": "([0-9a-f]{32})"/.exec(text) ?? [];
  if (uuid === undefined)
    throw new AppError(kernelErrors.backupUnusable, `${join(directory, MARK)} is damaged`);
  return uuid;
}

async function writeMark(directory: string, uuid: string): Promise<void> {
  await writeWhole(join(directory, MARK), async (partial) => {
    const file = await open(partial, 'wx', 0o600);
    await file.writeFile(`${JSON.stringify({ format: 'wheelhouse-backup-1', uuid }, null, 2)}\n`);
    await file.sync();
    await file.close();
  });
}

function throwBackupError(directory: string) {
  return (error: unknown): never => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof AppError) throw error;
    if (code === 'ENOSPC' || code === 'EDQUOT') return throwStorageError(error);
    throw new AppError(kernelErrors.backupUnusable, `cannot write ${directory}: ${message}`, {
      cause: error,
    });
  };
}
