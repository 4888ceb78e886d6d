import { open } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { throwDatabaseError } from './database-error.ts';

/** All pages in one step: a step that follows another one begins again when somebody has written between them. */
const ALL_PAGES = 2 ** 31 - 1;

/**
 * Copies a SQLite database as it is at one moment, while others read and write it, into a new file. The copy needs no
 * companions, is readable by its owner only, and on the disk when this resolves.
 */
export async function copySqlite(from: string, to: string): Promise<void> {
  const target = await open(to, 'wx', 0o600);
  await target.close();
  try {
    const source = new DatabaseSync(from, { readOnly: true, timeout: 5000 });
    try {
      await backup(source, to, { rate: ALL_PAGES });
    } finally {
      source.close();
    }
    leaveWriteAheadLog(to);
  } catch (error) {
    throwDatabaseError(error);
  }
  const copy = await open(to, 'r+');
  await copy.sync();
  await copy.close();
}

/** Otherwise whoever opens the copy to read it makes files beside it. */
function leaveWriteAheadLog(path: string): void {
  const copy = new DatabaseSync(path);
  try {
    copy.exec('pragma journal_mode = delete');
  } finally {
    copy.close();
  }
}
