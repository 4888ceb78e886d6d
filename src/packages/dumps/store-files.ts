import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '#kernel/context.ts';
import type { Files, IncomingFile } from '#kernel/files/files.ts';
import { inParallel } from '#kernel/in-parallel.ts';
import type { Progress } from '#kernel/progress.ts';
import { ArchiveRejected, inspectArchive } from '#python/archives/inspect.ts';
import { FILES_AT_ONCE, readChunks, wrongHash } from './check-bytes.ts';
import type { Dump, DumpedFile } from './dump.ts';
import type { ImportJournal, JournalLine } from './import-journal.ts';
import type { Problems } from './problems.ts';

/** What is stored of a file of a dump. */
export type StoredBytes = Pick<JournalLine, 'size' | 'sha256' | 'md5' | 'blake2b256' | 'sidecar'>;

export interface StoreFiles {
  readonly dump: Dump;
  readonly problems: Problems;
  readonly journal: ImportJournal;
  /** Gives files a second name where that can be, instead of copying them. */
  readonly hardLinks: boolean;
}

/**
 * Stores the bytes of every file of a dump, durable when this resolves, and takes the metadata out of wheels; rows come later. Files with other
 * bytes than the dump says are added to the problems. What an import that was interrupted has stored is not read again.
 */
export async function storeFiles(
  context: Context,
  { dump, problems, journal, hardLinks }: StoreFiles,
  progress: Progress,
): Promise<ReadonlyMap<DumpedFile, StoredBytes>> {
  const files = dump.indexes.flatMap((index) => index.files);
  const stored = new Map<DumpedFile, StoredBytes>();
  progress.step(hardLinks ? 'linking files' : 'copying files');
  let done = 0;
  await inParallel(files, FILES_AT_ONCE, async (file) => {
    const path = join(dump.directory, file.relpath);
    const { size, mtimeMs } = await stat(path);
    const known = journal.find(file.relpath, { size, mtimeMs });
    const isKnown = known !== undefined && (await isThere(context.files, known));
    const bytes = isKnown ? known : await storeFile(context, { file, path, hardLinks, problems });
    if (bytes !== undefined) stored.set(file, bytes);
    if (bytes !== undefined && !isKnown) {
      // A link is made read-only, and may look newer for that.
      const after = hardLinks ? await stat(path) : { mtimeMs };
      await journal.add({ relpath: file.relpath, mtimeMs: after.mtimeMs, ...bytes });
    }
    progress.count((done += 1), files.length);
  });
  await context.files.sync();
  return stored;
}

/** Reads what the journal says is stored: after a power cut it may be there by its name only. */
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

interface StoreFile {
  readonly file: DumpedFile;
  readonly path: string;
  readonly hardLinks: boolean;
  readonly problems: Problems;
}

/** Undefined for other bytes than the dump says, which are not kept. */
async function storeFile(
  { files }: Context,
  { file, path, hardLinks, problems }: StoreFile,
): Promise<StoredBytes | undefined> {
  const linked = hardLinks ? await files.adopt?.(path) : undefined;
  const incoming = linked ?? (await files.receive());
  try {
    // The store computes these two by itself.
    const others = file.hashes.filter(([name]) => name !== 'sha256' && name !== 'md5');
    const hashes = others.map(([name]) => [name, createHash(name)] as const);
    if (linked === undefined || hashes.length > 0) {
      for await (const chunk of readChunks(path)) {
        for (const [, hash] of hashes) hash.update(chunk);
        if (linked === undefined) await incoming.write(chunk);
      }
    }
    const { size, sha256, md5, blake2b256 } = await incoming.finish();
    const computed = new Map([
      ['sha256', sha256],
      ['md5', md5],
    ]);
    for (const [name, hash] of hashes) computed.set(name, hash.digest('hex'));
    const wrong = wrongHash(file, computed);
    if (wrong !== undefined) {
      problems.add(`${file.relpath}: ${wrong}`);
      return undefined;
    }
    const sidecar = file.kind === 'releasefile' ? await readSidecar(files, file, incoming) : undefined;
    await incoming.keepUnsynced();
    return { size, sha256, md5, blake2b256, ...(sidecar !== undefined && { sidecar }) };
  } finally {
    await incoming.release();
  }
}

/** The metadata of a wheel, stored beside it. A wheel that an upload would refuse was accepted by devpi: it stays without. */
async function readSidecar(
  files: Files,
  { filename, project }: DumpedFile,
  incoming: IncomingFile,
): Promise<StoredBytes['sidecar']> {
  if (!filename.endsWith('.whl')) return undefined;
  await using reader = await incoming.read();
  if (reader === undefined) return undefined;
  const archive = await inspectArchive(reader, filename, { expectedProject: project }).catch(
    (error: unknown) => {
      if (error instanceof ArchiveRejected) return undefined;
      throw error;
    },
  );
  if (archive?.metadataBytes === undefined) return undefined;
  const sidecar = await files.receive();
  try {
    await sidecar.write(archive.metadataBytes);
    const { sha256, size } = await sidecar.finish();
    await sidecar.keepUnsynced();
    return { sha256, size };
  } finally {
    await sidecar.release();
  }
}
