import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';

/** Held until `release`, or until the process ends in whatever way. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Makes this process the only one that writes the directory; undefined if another one is. The lock is SQLite's
 * own on an empty database, so the operating system takes it back even after kill -9.
 */
export function lockDirectory(directory: string): DirectoryLock | undefined {
  return lockFile(join(directory, '.lock'));
}

/** The same for whatever a file stands for; it is made, and stays. */
export function lockFile(path: string): DirectoryLock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    database.close();
    if (/locked|busy/i.test((error as Error).message)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}
