import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { storedPath } from './stored-path.ts';

/**
 * Stores bytes whose digest is known in a local directory of files, durable after the next `sync` of the file system. For a
 * thread of its own that stores many small ones, since it holds everything else up; and where nobody reads the directory
 * until then, since a crash may leave bytes that are cut off. Storing them again mends that. Throws what the file system says.
 */
export function putBytes(directory: string, sha256: string, bytes: Uint8Array): void {
  const path = storedPath(directory, sha256);
  try {
    write(path, bytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      putBytes(directory, sha256, bytes);
    } else if (code === 'EEXIST') {
      // What is there may be cut off, and may be read.
      const aside = join(directory, 'incoming', randomUUID());
      write(aside, bytes);
      renameSync(aside, path);
    } else throw error;
  }
}

function write(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    for (let written = 0; written < bytes.byteLength;)
      written += writeSync(file, bytes, written, bytes.byteLength - written);
  } catch (error) {
    rmSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}
