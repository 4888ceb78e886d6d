import { availableParallelism } from 'node:os';
import type { Context } from '#kernel/context.ts';
import { filesDirectory } from '#kernel/files/files-directory.ts';
import { throwStorageError } from '#kernel/files/storage-error.ts';
import { inParallel } from '#kernel/in-parallel.ts';
import type { Progress } from '#kernel/progress.ts';
import { Threads } from '#kernel/threads.ts';
import type { Dump, DumpedFile } from './dump.ts';
import type { ImportJournal } from './import-journal.ts';
import type { Problems } from './problems.ts';
import type { FileToStore, StoredBytes, StoredFile, Storing } from './store-batch.ts';

export interface StoreFiles {
  readonly dump: Dump;
  readonly problems: Problems;
  readonly journal: ImportJournal;
  /** Gives files a second name where that can be, instead of copying them. */
  readonly hardLinks: boolean;
}

export const THREADS = Math.min(availableParallelism(), 4);
const FILES_A_BATCH = 50;
/** Of a thread: while one is worked on, its next one waits. */
export const BATCHES_AHEAD = 2;

/**
 * Stores the bytes of every file of a dump, durable when this resolves, and takes the metadata out of wheels; rows come later. Files with other
 * bytes than the dump says are added to the problems. What an import that was interrupted has stored is not read again.
 */
export async function storeFiles(
  { config, files: store }: Context,
  { dump, problems, journal, hardLinks }: StoreFiles,
  progress: Progress,
): Promise<ReadonlyMap<DumpedFile, StoredBytes>> {
  const files = dump.indexes.flatMap((index) => index.files);
  const stored = new Map<DumpedFile, StoredBytes>();
  progress.step(hardLinks ? 'linking files' : 'copying files');
  const storing: Storing = { dump: dump.directory, directory: filesDirectory(config), hardLinks };
  await using threads = new Threads<readonly FileToStore[], readonly StoredFile[]>(
    THREADS,
    'store-files-worker',
    import.meta.url,
    storing,
  );
  const batches = Array.from({ length: Math.ceil(files.length / FILES_A_BATCH) }, (_none, position) =>
    files.slice(position * FILES_A_BATCH, (position + 1) * FILES_A_BATCH),
  );
  let done = 0;
  await inParallel(batches, THREADS * BATCHES_AHEAD, async (batch) => {
    const asked = batch.map(({ kind, project, relpath, filename, hashes }) => {
      return { kind, project, relpath, filename, hashes, known: journal.find(relpath) };
    });
    const results = await threads.run(asked).catch(throwStorageError);
    const lines = [];
    for (const [position, result] of results.entries()) {
      const file = batch[position] as DumpedFile;
      if ('problem' in result) {
        problems.add(`${file.relpath}: ${result.problem}`);
        continue;
      }
      const { relpath: _relpath, mtimeMs: _mtimeMs, ...bytes } = result.line;
      stored.set(file, bytes);
      if (!result.isKnown) lines.push(result.line);
    }
    await journal.add(lines);
    progress.count((done += batch.length), files.length);
  });
  await store.sync();
  return stored;
}
