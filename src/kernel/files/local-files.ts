import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { Digesters, type Digester } from './digests.ts';
import type { Digests, Files, IncomingFile } from './files.ts';
import { OpenFileCache } from './open-file-cache.ts';

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Files in a local directory: `sha256/ab/cdef…`, and `incoming/` for bytes on their way. A file appears under its
 * digest only after it was synced, so what is visible is complete. A second name, `incoming/DIGEST-UUID`, stays until
 * the transaction that needs the file is over: after a crash these marks say what may have no row.
 */
export async function openLocalFiles(directory: string): Promise<Files> {
  const incoming = join(directory, 'incoming');
  const stored = join(directory, 'sha256');
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  await mkdir(stored, { recursive: true, mode: 0o700 });
  const pathOf = (sha256: string) => {
    if (!SHA256.test(sha256)) throw new TypeError(`not a sha256: ${sha256}`);
    return join(stored, sha256.slice(0, 2), sha256.slice(2));
  };
  const digesters = new Digesters();
  const openFiles = new OpenFileCache((sha256) => openStored(pathOf(sha256), sha256));

  async function store(mark: string, sha256: string): Promise<void> {
    const shard = join(stored, sha256.slice(0, 2));
    if ((await mkdir(shard, { recursive: true, mode: 0o700 })) !== undefined) await syncDirectory(stored);
    // Equal digests are equal bytes, so replacing is harmless; it renews the time that shields from `remove`.
    const fresh = `${mark}.new`;
    await link(mark, fresh);
    await rename(fresh, pathOf(sha256));
    await rm(fresh, { force: true });
    await syncDirectory(shard);
  }

  async function remove(sha256: string, storedBefore: number): Promise<boolean> {
    // Taken aside first: if the same bytes are stored meanwhile, that is either seen here or makes a new file.
    const aside = join(incoming, `removing-${randomUUID()}`);
    try {
      await rename(pathOf(sha256), aside);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
      throw error;
    }
    if ((await stat(aside)).mtimeMs >= storedBefore) {
      await rename(aside, pathOf(sha256));
      return false;
    }
    openFiles.forget(sha256);
    await rm(aside);
    return true;
  }

  return {
    receive: async () => await receive(incoming, await digesters.create(), store),
    open: (sha256) => openFiles.open(sha256),
    remove,

    async *list() {
      for (const shard of await readdir(stored)) {
        for (const rest of await readdir(join(stored, shard))) {
          const found = await stat(join(stored, shard, rest)).catch(() => undefined);
          if (found !== undefined) yield { sha256: shard + rest, size: found.size, storedAt: found.mtimeMs };
        }
      }
    },

    async recover(isReferenced) {
      for (const name of await readdir(incoming)) {
        const [digest = ''] = name.split('-');
        if (SHA256.test(digest) && !(await isReferenced(digest))) await remove(digest, Infinity);
        await rm(join(incoming, name), { force: true });
      }
    },

    close: () => openFiles.close(),
  };
}

async function receive(
  incoming: string,
  digester: Digester,
  store: (mark: string, sha256: string) => Promise<void>,
): Promise<IncomingFile> {
  const id = randomUUID();
  let path = join(incoming, id);
  const file: FileHandle = await open(path, 'wx', 0o600).catch(throwStorageError);
  let size = 0;
  let digests: Digests | undefined;
  let isOpen = true;

  async function close(): Promise<void> {
    if (isOpen) await file.close();
    isOpen = false;
  }

  return {
    get path() {
      return path;
    },
    async write(chunk) {
      digester.update(chunk);
      size += chunk.byteLength;
      await writeAll(file, chunk).catch(throwStorageError);
    },
    async finish() {
      digests ??= digester.digest();
      return { ...digests, size };
    },
    async keep() {
      if (digests === undefined) throw new Error('keep() before finish()');
      const mark = join(incoming, `${digests.sha256}-${id}`);
      try {
        await file.datasync();
        await close();
        await rename(path, mark);
        path = mark;
        await store(mark, digests.sha256);
      } catch (error) {
        throwStorageError(error);
      }
    },
    async release() {
      await close();
      await rm(path, { force: true });
    },
  };
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength;) {
    offset += (await file.write(chunk, offset)).bytesWritten;
  }
}

/** A full disk is the operator's business and says so; everything else stays what it is. */
function throwStorageError(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
  throw new AppError(kernelErrors.storageFull, 'no space left on the server for this file', { cause: error });
}

async function openStored(path: string, sha256: string): Promise<FileHandle> {
  return await open(path, 'r').catch((error: unknown) => {
    throw new AppError(kernelErrors.fileMissing, `the stored file ${sha256} cannot be read`, {
      cause: error,
    });
  });
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
