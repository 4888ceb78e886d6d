import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { createDigester } from './digests.ts';
import type { Digests, Files, IncomingFile, OpenFile } from './files.ts';
import { OpenFileCache } from './open-file-cache.ts';

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Files in a local directory: `sha256/ab/cdef…`, and `incoming/` for bytes that are not accepted yet.
 * A file appears under its digest by rename after it was synced, so what is visible is complete.
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
  const cache = new OpenFileCache((sha256) => openStored(pathOf(sha256), sha256));

  async function keep(path: string, sha256: string): Promise<void> {
    const target = pathOf(sha256);
    const shard = join(stored, sha256.slice(0, 2));
    if (await mkdir(shard, { recursive: true, mode: 0o700 })) await syncDirectory(stored);
    // Renaming over an existing file is harmless: equal digests are equal bytes. It also renews the
    // time stamp that shields a file from collection until the row that refers to it is written.
    await rename(path, target);
    await syncDirectory(shard);
  }

  return {
    receive: () => receive(join(incoming, randomUUID()), keep),

    async put(bytes) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const path = join(incoming, randomUUID());
      const file = await open(path, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.datasync();
      } catch (error) {
        await rm(path, { force: true });
        throw storageError(error);
      } finally {
        await file.close();
      }
      await keep(path, sha256);
      return sha256;
    },

    open: (sha256) => cache.open(sha256),

    async has(sha256) {
      const found = await stat(pathOf(sha256)).catch(() => undefined);
      if (found === undefined) return false;
      const now = new Date();
      await utimes(pathOf(sha256), now, now);
      return true;
    },

    async *list() {
      for (const shard of await readdir(stored)) {
        for (const rest of await readdir(join(stored, shard))) {
          const found = await stat(join(stored, shard, rest)).catch(() => undefined);
          if (found === undefined) continue;
          yield { sha256: shard + rest, size: found.size, storedAt: found.mtimeMs };
        }
      }
    },

    async remove(sha256) {
      cache.forget(sha256);
      await rm(pathOf(sha256), { force: true });
    },

    async clearIncoming() {
      const names = await readdir(incoming);
      await Promise.all(names.map((name) => rm(join(incoming, name), { force: true })));
      return names.length;
    },

    close: () => cache.close(),
  };
}

async function receive(
  path: string,
  keep: (path: string, sha256: string) => Promise<void>,
): Promise<IncomingFile> {
  const digester = await createDigester();
  const file: FileHandle = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw storageError(error);
  });
  let size = 0;
  let digests: Digests | undefined;
  let isKept = false;
  let isOpen = true;

  async function close(): Promise<void> {
    if (isOpen) await file.close();
    isOpen = false;
  }

  return {
    path,
    async write(chunk) {
      digester.update(chunk);
      size += chunk.byteLength;
      await writeAll(file, chunk);
    },
    async finish() {
      digests ??= digester.digest();
      return { ...digests, size };
    },
    async keep() {
      if (digests === undefined) throw new Error('keep() before finish()');
      try {
        await file.datasync();
        await close();
        await keep(path, digests.sha256);
        isKept = true;
      } catch (error) {
        throw storageError(error);
      }
    },
    async discard() {
      if (isKept) return;
      await close();
      await rm(path, { force: true });
    },
  };
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  try {
    for (let offset = 0; offset < chunk.byteLength; ) {
      offset += (await file.write(chunk, offset)).bytesWritten;
    }
  } catch (error) {
    throw storageError(error);
  }
}

function storageError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new AppError(kernelErrors.storageFull, 'no space left on the server for this file', { cause: error });
}

async function openStored(path: string, sha256: string): Promise<OpenFile['handle']> {
  return await open(path, 'r').catch((error: unknown) => {
    throw new AppError(kernelErrors.fileMissing, `the stored file ${sha256} cannot be read`, { cause: error });
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
