import { createHash, type Hash } from 'node:crypto';
import { constants, open } from 'node:fs/promises';
import { join } from 'node:path';
import { inParallel } from '#kernel/in-parallel.ts';
import type { Progress } from '#kernel/progress.ts';
import type { Dump, DumpedFile } from './dump.ts';
import type { Problems } from './problems.ts';

const READ_BYTES = 256 * 1024;
export const FILES_AT_ONCE = 8;

/** Reads every file of a dump and keeps nothing: what has other bytes than the dump says is added to the problems. */
export async function checkBytes(dump: Dump, problems: Problems, progress: Progress): Promise<void> {
  const files = dump.indexes.flatMap((index) => index.files);
  progress.step('reading files');
  let done = 0;
  await inParallel(files, FILES_AT_ONCE, async (file) => {
    const wrong = await checkFile(dump.directory, file).catch((error: NodeJS.ErrnoException) => {
      // Told before, where the places of files are looked at.
      if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR'].includes(error.code ?? '')) return undefined;
      return `cannot be read: ${error.message}`;
    });
    if (wrong !== undefined) problems.add(`${file.relpath}: ${wrong}`);
    progress.count((done += 1), files.length);
  });
}

async function checkFile(directory: string, file: DumpedFile): Promise<string | undefined> {
  const hashes = new Map<string, Hash>(file.hashes.map(([name]) => [name, createHash(name)]));
  for await (const chunk of readChunks(join(directory, file.relpath)))
    for (const hash of hashes.values()) hash.update(chunk);
  return wrongHash(file, new Map([...hashes].map(([name, hash]) => [name, hash.digest('hex')])));
}

/** The first hash of a file that is not what the dump says; hashes that are not known here are passed over. */
export function wrongHash(
  { hashes }: Pick<DumpedFile, 'hashes'>,
  computed: ReadonlyMap<string, string>,
): string | undefined {
  for (const [name, told] of hashes) {
    const found = computed.get(name) ?? told;
    if (found !== told) return `has the ${name} ${found}, but the dump says ${told}`;
  }
  return undefined;
}

/** The bytes of a file of a dump; a link is no file. */
export async function* readChunks(path: string): AsyncGenerator<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Whether a file has the bytes of a hash, `sha256=…`: after a power cut it may be there by its name only. */
export async function hasHash(path: string, wanted: string): Promise<boolean> {
  const [algorithm = '', digest] = wanted.split('=', 2);
  const hash = createHash(algorithm);
  try {
    for await (const chunk of readChunks(path)) hash.update(chunk);
  } catch {
    return false;
  }
  return hash.digest('hex') === digest;
}
