import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Digesters } from '#kernel/files/digests.ts';
import type { Files } from '#kernel/files/files.ts';
import { linkIntoStore } from '#kernel/files/hard-links.ts';
import { openLocalFiles } from '#kernel/files/local-files.ts';
import { putBytes } from '#kernel/files/put-bytes.ts';
import type { ArchiveReader } from '#python/archives/archive-reader.ts';
import { ArchiveRejected } from '#python/archives/inspect.ts';
import { readWheelMetadata } from '#python/archives/wheel.ts';
import { readChunks, wrongHash } from './check-bytes.ts';
import type { DumpedFile } from './dump.ts';
import type { JournalLine } from './import-journal.ts';

/** What is stored of a file of a dump. */
export type StoredBytes = Pick<JournalLine, 'size' | 'sha256' | 'md5' | 'blake2b256' | 'sidecar'>;

/** What all files of an import have in common. */
export interface Storing {
  readonly dump: string;
  /** Of the stored files. */
  readonly directory: string;
  /** Gives files a second name where that can be, instead of copying them. */
  readonly hardLinks: boolean;
}

/** A file to store, and what an import that was interrupted has stored of it. */
export type FileToStore = Pick<DumpedFile, 'kind' | 'project' | 'relpath' | 'filename' | 'hashes'> & {
  readonly known: JournalLine | undefined;
};

/** What is stored of a file, or why nothing is. */
export type StoredFile =
  | { readonly line: JournalLine; readonly isKnown: boolean }
  | { readonly problem: string };

/** Files that are larger are read and written piece by piece. */
const WHOLE_BYTES = 4 * 1024 ** 2;

/**
 * What stores files of a dump, one batch after the other, durable after the next `sync`. For a thread of its own: it waits for
 * the disk without letting anything else run, which takes a third of the time for small files.
 */
export async function openStoring({ dump, directory, hardLinks }: Storing) {
  const files = await openLocalFiles(directory);
  const digesters = new Digesters();
  // For one file after the other: memory for each would be collected too late.
  const buffer = Buffer.allocUnsafeSlow(WHOLE_BYTES);

  async function store(file: FileToStore): Promise<StoredFile> {
    const path = join(dump, file.relpath);
    let read: ReturnType<typeof readWhole>;
    try {
      read = readWhole(path, buffer);
    } catch (error) {
      return { problem: `cannot be read: ${(error as Error).message}` };
    }
    const { known } = file;
    const { size, mtimeMs } = read.stats;
    if (known?.size === size && known.mtimeMs === mtimeMs && (await isThere(files, known)))
      return { line: known, isKnown: true };
    const { bytes } = read;
    const stored =
      bytes === undefined
        ? ((hardLinks ? await storeLinked(file, path, read.stats) : undefined) ??
          (await storePieces(file, path)))
        : await storeWhole(file, path, { bytes, stats: read.stats });
    if (typeof stored === 'string') return { problem: stored };
    return { line: { relpath: file.relpath, mtimeMs, ...stored }, isKnown: false };
  }

  /** Of a file that is in memory; a text is what is wrong with it. */
  async function storeWhole(
    file: FileToStore,
    path: string,
    { bytes, stats }: { readonly bytes: Buffer; readonly stats: Stats },
  ): Promise<StoredBytes | string> {
    const digester = await digesters.create();
    digester.update(bytes);
    const digests = digester.digest();
    const others = otherHashes(file);
    for (const [, hash] of others) hash.update(bytes);
    const wrong = wrongHash(file, allHashes(digests, others));
    if (wrong !== undefined) return wrong;
    const sidecar = await storeSidecar(file, {
      size: bytes.byteLength,
      read: async (into, position) => bytes.copy(into, 0, position),
    });
    const isLinked = hardLinks && linkIntoStore(directory, digests.sha256, path, stats);
    if (!isLinked) putBytes(directory, digests.sha256, bytes);
    return { size: bytes.byteLength, ...digests, ...(sidecar && { sidecar }) };
  }

  /** Undefined where the file must be copied. */
  async function storeLinked(
    file: FileToStore,
    path: string,
    stats: Stats,
  ): Promise<StoredBytes | string | undefined> {
    const digester = await digesters.create();
    const others = otherHashes(file);
    for await (const chunk of readChunks(path)) {
      digester.update(chunk);
      for (const [, hash] of others) hash.update(chunk);
    }
    const digests = digester.digest();
    const wrong = wrongHash(file, allHashes(digests, others));
    if (wrong !== undefined) return wrong;
    await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const sidecar = await storeSidecar(file, {
      size: stats.size,
      read: async (into, position) => (await handle.read(into, 0, into.byteLength, position)).bytesRead,
    });
    if (!linkIntoStore(directory, digests.sha256, path, stats)) return undefined;
    return { size: stats.size, ...digests, ...(sidecar && { sidecar }) };
  }

  async function storePieces(file: FileToStore, path: string): Promise<StoredBytes | string> {
    const incoming = await files.receive();
    try {
      const others = otherHashes(file);
      for await (const chunk of readChunks(path)) {
        for (const [, hash] of others) hash.update(chunk);
        await incoming.write(chunk);
      }
      const { size, ...digests } = await incoming.finish();
      const wrong = wrongHash(file, allHashes(digests, others));
      if (wrong !== undefined) return wrong;
      await using reader = await incoming.read();
      const sidecar = reader && (await storeSidecar(file, reader));
      await incoming.keepUnsynced();
      return { size, ...digests, ...(sidecar && { sidecar }) };
    } finally {
      await incoming.release();
    }
  }

  /** The metadata of a wheel, stored beside it. A wheel that an upload would refuse was accepted by devpi: it stays without. */
  async function storeSidecar(
    { kind, filename, project }: FileToStore,
    reader: ArchiveReader,
  ): Promise<StoredBytes['sidecar']> {
    if (kind !== 'releasefile' || !filename.endsWith('.whl')) return undefined;
    try {
      const metadata = await readWheelMetadata(reader, filename, project);
      const sha256 = createHash('sha256').update(metadata).digest('hex');
      putBytes(directory, sha256, metadata);
      return { sha256, size: metadata.byteLength };
    } catch (error) {
      if (error instanceof ArchiveRejected) return undefined;
      throw error;
    }
  }

  return async (batch: readonly FileToStore[]): Promise<readonly StoredFile[]> => {
    const stored: StoredFile[] = [];
    for (const file of batch) stored.push(await store(file));
    return stored;
  };
}

/** The bytes of a file, in the buffer; undefined where it has more. A link is no file. */
function readWhole(
  path: string,
  buffer: Buffer,
): { readonly bytes: Buffer | undefined; readonly stats: Stats } {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stats = fstatSync(file);
    if (stats.size >= buffer.byteLength) return { bytes: undefined, stats };
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.byteLength; length += read)
      read = readSync(file, buffer, length, buffer.byteLength - length, null);
    return { bytes: length < buffer.byteLength ? buffer.subarray(0, length) : undefined, stats };
  } finally {
    closeSync(file);
  }
}

type OtherHashes = readonly (readonly [algorithm: string, hash: ReturnType<typeof createHash>])[];

/** Those that a dump tells of a file and no store computes by itself. */
function otherHashes({ hashes }: FileToStore): OtherHashes {
  return hashes
    .filter(([name]) => name !== 'sha256' && name !== 'md5')
    .map(([name]) => [name, createHash(name)]);
}

function allHashes(
  { sha256, md5 }: { readonly sha256: string; readonly md5: string },
  others: OtherHashes,
): ReadonlyMap<string, string> {
  const hashes = new Map([
    ['sha256', sha256],
    ['md5', md5],
  ]);
  for (const [name, hash] of others) hashes.set(name, hash.digest('hex'));
  return hashes;
}

/** Reads what the journal says is stored: after a crash it may be cut off. */
async function isThere(files: Files, { sha256, sidecar }: JournalLine): Promise<boolean> {
  for (const digest of [sha256, ...(sidecar === undefined ? [] : [sidecar.sha256])]) {
    const open = await files.open(digest).catch(() => undefined);
    if (open === undefined) return false;
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(256 * 1024);
      for (let read = await open.next(buffer); read.byteLength > 0; read = await open.next(buffer))
        hash.update(read);
      if (hash.digest('hex') !== digest) return false;
    } finally {
      open.release();
    }
  }
  return true;
}
