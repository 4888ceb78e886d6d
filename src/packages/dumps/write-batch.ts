import { constants, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { linkOutOfStore } from '#kernel/files/hard-links.ts';
import { storedPath } from '#kernel/files/stored-path.ts';
import { hasHash } from './check-bytes.ts';

/** What all files of an export have in common. */
export interface Writing {
  /** Where the dump goes. */
  readonly dump: string;
  /** Of the stored files. */
  readonly directory: string;
  /** Gives stored files a second name where that can be, instead of copying them. */
  readonly hardLinks: boolean;
}

/** A stored file, and where it goes in the dump. */
export interface FileToWrite {
  readonly relpath: string;
  readonly sha256: string;
  /** Whether an export that was interrupted has written it. */
  readonly isKnown: boolean;
}

/** What writes stored files into a dump, one batch after the other, durable after the next `sync`; for a thread of its own, as storing them. */
export function openWriting({ dump, directory, hardLinks }: Writing) {
  const directories = new Set<string>();

  function write({ relpath, sha256 }: FileToWrite): void {
    const path = join(dump, relpath);
    const parent = dirname(path);
    if (!directories.has(parent)) mkdirSync(parent, { recursive: true, mode: 0o700 });
    directories.add(parent);
    // What an export that was interrupted left may be another name of stored bytes: never written into.
    rmSync(path, { force: true });
    if (hardLinks && linkOutOfStore(directory, sha256, path)) return;
    copyFileSync(storedPath(directory, sha256), path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }

  return async (batch: readonly FileToWrite[]): Promise<void> => {
    for (const file of batch) {
      if (file.isKnown && (await hasHash(join(dump, file.relpath), `sha256=${file.sha256}`))) continue;
      try {
        write(file);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOENT') throw error;
        throw Object.assign(new Error(`the stored file ${file.sha256} cannot be read`), { code });
      }
    }
  };
}
