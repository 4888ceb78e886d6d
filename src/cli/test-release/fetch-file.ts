import { createHash } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { ArchiveRejected } from '#python/archives/inspect.ts';
import { unpackSdist } from '#python/archives/unpack.ts';
import { isArchiveFilename } from '#python/names/filename.ts';
import type { Client } from '../client/client.ts';
import { cliErrors } from '../errors.ts';
import { printable } from '../printable.ts';
import type { ReleaseFile } from '../releases/read-releases.ts';

/** Downloads a file into a directory and resolves to its path; its hash must be the one that the index names. */
export async function fetchFile(client: Client, file: ReleaseFile, directory: string): Promise<string> {
  const { href, filename, sha256 } = file;
  if (!isArchiveFilename(filename)) throw damaged(file, 'has a name that no archive has');
  await mkdir(directory, { recursive: true });
  const path = join(directory, filename);
  const hash = createHash('sha256');
  await using handle = await open(path, 'w', 0o600);
  await client.download(href, async (chunk) => {
    hash.update(chunk);
    await handle.writeFile(chunk);
  });
  const found = hash.digest('hex');
  if (sha256 !== undefined && found !== sha256) {
    await rm(path);
    throw damaged(file, `has the sha256 ${found}, not ${sha256}`);
  }
  process.stdout.write(`${printable(`received ${href}`)}\n`);
  return path;
}

/** Unpacks an sdist that was downloaded, and resolves to its top directory. */
export async function unpackFile(file: ReleaseFile, path: string, directory: string): Promise<string> {
  process.stdout.write(`${printable(`unpacking ${path} to ${directory}`)}\n`);
  await mkdir(directory);
  await using handle = await open(path);
  const { size } = await handle.stat();
  const read = async (into: Buffer, position: number) =>
    (await handle.read(into, 0, into.byteLength, position)).bytesRead;
  try {
    return await unpackSdist({ size, read }, file.filename, directory);
  } catch (cause) {
    const isOfFile = cause instanceof ArchiveRejected || (cause instanceof Error && 'syscall' in cause);
    if (!isOfFile) throw cause;
    throw damaged(file, `cannot be unpacked: ${cause.message}`);
  }
}

function damaged({ filename }: ReleaseFile, what: string): AppError {
  return new AppError(cliErrors.badInputFile, `${filename} ${what}`, { hint: 'nothing was run' });
}
