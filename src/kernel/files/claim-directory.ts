import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from '../db/db.ts';
import { ensureFacts, readFacts } from '../db/facts.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { throwStorageError } from './storage-error.ts';
import { syncDirectory } from './sync-directory.ts';

/**
 * Makes sure that the directory holds the files of this database: both know one id, which the first start makes. Servers
 * that share a database must share their files, and a wrong directory would look like the loss of everything. Throws
 * `kernel.files-of-another` if the ids differ, if the directory has none though the database knows one, and if a new
 * database meets stored files, all of which it would forget. What a version without ids stored is taken as it is. Call it
 * on a migrated database, before anything else is written there; safe for two first starts at once.
 */
export async function claimDirectory(directory: string, db: Db): Promise<void> {
  const file = join(directory, 'id');
  // Looked at before the database: another first start writes its id there before it stores anything.
  const hasFiles = await hasStoredFiles(directory);
  const facts = await readFacts(db);
  let known = facts.get('files');
  if (known === undefined) {
    if (hasFiles && !facts.has('uuid')) {
      throw new AppError(
        kernelErrors.filesOfAnother,
        `${directory} has stored files, but the database is new and would forget them`,
        { hint: 'restore the database of these files, or choose another place with files-directory' },
      );
    }
    await mkdir(directory, { recursive: true, mode: 0o700 }).catch(throwStorageError);
    const id = (await readId(file)) ?? (await writeId(directory, file));
    known = (await ensureFacts(db, { files: id })).get('files');
  }
  const found = await readId(file);
  if (found === known) return;
  const detail =
    found === undefined
      ? `${directory} has no id, but the database knows its files by the id ${known}`
      : `${directory} holds the files with the id ${found}, but those of the database have the id ${known}`;
  throw new AppError(kernelErrors.filesOfAnother, detail, {
    hint:
      'set files-directory to the directory that all servers of this database share; ' +
      `if these are its files, as after restoring a backup, write ${known} into ${file}`,
  });
}

async function hasStoredFiles(directory: string): Promise<boolean> {
  const stored = join(directory, 'sha256');
  for (const shard of await readdir(stored).catch(() => [])) {
    if ((await readdir(join(stored, shard))).length > 0) return true;
  }
  return false;
}

async function readId(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throwStorageError(error);
  });
  return text?.trim();
}

/** Writes a new id unless there is one by now; returns what is there then. */
async function writeId(directory: string, file: string): Promise<string> {
  const id = randomUUID().replaceAll('-', '');
  const fresh = `${file}-${id}`;
  try {
    await writeFile(fresh, `${id}\n`, { mode: 0o600, flush: true });
    await link(fresh, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throwStorageError(error);
  } finally {
    await rm(fresh, { force: true });
  }
  await syncDirectory(directory);
  return (await readId(file)) ?? id;
}
