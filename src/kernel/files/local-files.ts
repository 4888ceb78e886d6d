import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { Digesters } from './digests.ts';
import type { Files } from './files.ts';
import { LocalIncomingFile } from './local-incoming-file.ts';
import { readLocalFile } from './local-open-file.ts';
import { OpenFileCache } from './open-file-cache.ts';
import { throwStorageError } from './storage-error.ts';
import { pathBelow, storedPath } from './stored-path.ts';
import { syncDirectory } from './sync-directory.ts';
import { syncFileSystem } from './sync-file-system.ts';

const ASIDE = /^removing-([0-9a-f]{64})-/;

/** Passed through, not listed: who knows a digest finds its bytes. */
const GROUP_DIRECTORY_MODE = 0o710;
const GROUP_FILE_MODE = 0o440;

export interface LocalFilesOptions {
  /** Whether the group may read stored files, as a web server that sends them must; a file from when it is first opened. */
  readonly isForGroup?: boolean;
}

/**
 * Files in a local directory: `sha256/ab/cdef…`, and `incoming/` for bytes on their way. A file appears under its
 * digest only after it was synced, so what is visible is complete. Several processes may use one directory.
 */
export async function openLocalFiles(
  directory: string,
  { isForGroup = false }: LocalFilesOptions = {},
): Promise<Files> {
  const incoming = join(directory, 'incoming');
  const stored = join(directory, 'sha256');
  for (const path of [incoming, stored]) {
    await mkdir(path, { recursive: true, mode: 0o700 }).catch(throwStorageError);
  }
  if (isForGroup) await passGroupThrough(directory, stored).catch(throwStorageError);

  const pathOf = (sha256: string) => storedPath(directory, sha256);
  const digesters = new Digesters();
  const openFiles = new OpenFileCache((sha256) => openStored(pathOf(sha256), sha256, isForGroup));

  async function store(path: string, sha256: string, isSynced: boolean): Promise<void> {
    const shard = join(stored, sha256.slice(0, 2));
    if ((await mkdir(shard, { recursive: true, mode: 0o700 })) !== undefined) {
      if (isForGroup) await chmod(shard, GROUP_DIRECTORY_MODE);
      await syncDirectory(stored);
    }
    // Equal digests are equal bytes, so replacing is harmless; it renews the time that shields from `remove`, and mends
    // bytes that the disk has damaged.
    await rename(path, pathOf(sha256));
    if (isSynced) await syncDirectory(shard);
    openFiles.forget(sha256);
  }

  async function remove(sha256: string, storedBefore: number): Promise<boolean> {
    const path = pathOf(sha256);
    const isLate = async (at: string) => (await stat(at)).mtimeMs >= storedBefore;
    // Taken aside first: if the same bytes are stored meanwhile, that is either seen here or makes a new file.
    const aside = join(incoming, `removing-${sha256}-${randomUUID()}`);
    try {
      if (await isLate(path)) return false;
      await rename(path, aside);
    } catch (error) {
      if (isMissing(error)) return true;
      throw error;
    }
    if (await isLate(aside)) {
      await rename(aside, path);
      return false;
    }
    openFiles.forget(sha256);
    await rm(aside);
    return true;
  }

  return {
    async receive() {
      const digester = await digesters.create();
      return await LocalIncomingFile.create(join(incoming, randomUUID()), digester, store);
    },
    async open(sha256, range) {
      const handle = await openFiles.open(sha256);
      return readLocalFile(handle, range);
    },
    pathOf: pathBelow,
    remove,
    async *list() {
      for (const shard of await readdir(stored)) {
        for (const rest of await readdir(join(stored, shard))) {
          const found = await stat(join(stored, shard, rest)).catch(() => undefined);
          if (found !== undefined) yield { sha256: shard + rest, size: found.size, storedAt: found.mtimeMs };
        }
      }
    },
    async removeUnfinished(writtenBefore) {
      for (const name of await readdir(incoming)) {
        const path = join(incoming, name);
        const found = await stat(path).catch(() => undefined);
        if (found === undefined || found.mtimeMs >= writtenBefore) continue;
        // A process died before it could see whether the bytes were stored again: that is for the next collection.
        const [, digest] = ASIDE.exec(name) ?? [];
        if (digest !== undefined) await link(path, pathOf(digest)).catch(ignoreExisting);
        await rm(path, { force: true });
      }
    },
    sync: () => syncFileSystem(directory),
    close: () => openFiles.close(),
  };
}

async function passGroupThrough(directory: string, stored: string): Promise<void> {
  const shards = (await readdir(stored)).map((name) => join(stored, name));
  for (const path of [directory, stored, ...shards]) await chmod(path, GROUP_DIRECTORY_MODE);
}

async function openStored(path: string, sha256: string, isForGroup: boolean): Promise<FileHandle> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw missing(sha256, error);
  });
  if (isForGroup) await openToGroup(handle);
  return handle;
}

async function openToGroup(handle: FileHandle): Promise<void> {
  if (((await handle.stat()).mode & GROUP_FILE_MODE) === GROUP_FILE_MODE) return;
  // The bytes of another user can be read all the same.
  await handle.chmod(GROUP_FILE_MODE).catch(() => undefined);
}

function missing(sha256: string, cause: unknown): AppError {
  return new AppError(kernelErrors.fileMissing, `the stored file ${sha256} cannot be read`, { cause });
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function ignoreExisting(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}
