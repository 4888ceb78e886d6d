import { dumpUser, listUsersAfter } from '#accounts';
import type { Context } from '#kernel/context.ts';
import type { Database, Db } from '#kernel/db/db.ts';
import { readSnapshot } from '#kernel/db/read-snapshot.ts';
import { filesDirectory } from '#kernel/files/files-directory.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { inBatches } from '#kernel/in-batches.ts';
import { eachInParallel } from '#kernel/in-parallel.ts';
import type { Progress } from '#kernel/progress.ts';
import { Threads } from '#kernel/threads.ts';
import { listIndexes } from '../indexes/store.ts';
import { fullName, type Index } from '../model/index.ts';
import { DumpWriter } from './dump-writer.ts';
import { countDumped, listProjectsOf } from './store.ts';
import { dumpMirror } from './dump-mirror.ts';
import { dumpFiles, dumpReleases } from './dump-project.ts';
import type { DumpSource } from './dump-source.ts';
import { BATCHES_AHEAD, THREADS } from './store-files.ts';
import type { FileToWrite, Writing } from './write-batch.ts';

export interface ExportDump {
  readonly directory: string;
  /** Also what mirrors have fetched. */
  readonly includeMirroredFiles?: boolean;
  /** Gives stored files a second name instead of copying them; they are read-only from then on. */
  readonly hardLinks?: boolean;
}

/** What is in a dump now. */
export interface ExportedDump {
  readonly users: number;
  readonly indexes: number;
  readonly projects: number;
  /** Of releases, with documentation and test results. */
  readonly files: number;
  readonly bytes: number;
}

const PAGE = 200;
const FILES_A_BATCH = 50;

/**
 * Writes everything that a server has into a directory that is empty, in devpi's form, as it is at one moment: a server may
 * serve meanwhile. An export that was interrupted goes on. Throws `packages.export-needs-new-directory` where there is anything
 * else.
 */
export async function exportDump(
  { config, uuid }: Context,
  database: Database,
  { directory, includeMirroredFiles = false, hardLinks = false }: ExportDump,
  progress: Progress,
): Promise<ExportedDump> {
  const writer = await DumpWriter.open(directory, uuid);
  const counted = { users: 0, indexes: 0, projects: 0, files: 0, bytes: 0 };
  const writing: Writing = { dump: directory, directory: filesDirectory(config), hardLinks };
  try {
    await using threads = new Threads<readonly FileToWrite[], undefined>(
      THREADS,
      'write-files-worker',
      import.meta.url,
      writing,
    );
    await readSnapshot(database, async (db) => {
      const total = await countDumped(db, includeMirroredFiles);
      progress.step(hardLinks ? 'linking files' : 'copying files');
      await writer.begin();
      for await (const user of allUsers(db)) {
        await writer.user(user.name, dumpUser(user));
        counted.users += 1;
      }
      await writer.beginIndexes();
      for (const index of await listIndexes(db)) {
        counted.indexes += 1;
        const key = fullName(index);
        const config = { type: index.type, ...index.options };
        if (index.type === 'mirror' && !includeMirroredFiles) {
          await writer.bareIndex(key, config);
          continue;
        }
        await writer.beginIndex(key, config);
        const source = index.type === 'mirror' ? dumpMirror(db, index) : dumpStage(db, index);
        for await (const { name, releases } of source.projects()) {
          await writer.project(name, releases);
          counted.projects += 1;
        }
        await writer.beginFiles();
        // In the order in which they are read: what tox told of a file comes after it.
        async function* told() {
          for await (const file of source.files()) {
            await writer.file(file.item);
            yield file;
          }
        }
        await eachInParallel(inBatches(told(), FILES_A_BATCH), THREADS * BATCHES_AHEAD, async (batch) => {
          const asked = batch.map(({ item: { relpath }, bytes: { sha256 } }) => {
            const hash = `sha256=${sha256}`;
            return { relpath, sha256, hash, isKnown: writer.knows({ relpath, hash }) };
          });
          await threads.run(asked);
          await writer.wrote(asked.filter(({ isKnown }) => !isKnown));
          counted.files += batch.length;
          counted.bytes += batch.reduce((sum, { bytes }) => sum + bytes.size, 0);
          progress.count(counted.files, Math.max(total, counted.files));
        });
        await writer.endIndex();
      }
    });
    await writer.end();
  } catch (error) {
    throwWritingError(error as NodeJS.ErrnoException);
  } finally {
    await writer.close();
  }
  return counted;
}

function dumpStage(db: Db, index: Index): DumpSource {
  return {
    async *projects() {
      for await (const project of allProjects(db, index))
        yield { name: project.name, releases: await dumpReleases(db, project) };
    },
    async *files() {
      for await (const project of allProjects(db, index)) yield* dumpFiles(db, index, project);
    },
  };
}

async function* allProjects(db: Db, index: Index) {
  for (let after = ''; ;) {
    const page = await listProjectsOf(db, index.id, after, PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.name;
  }
}

async function* allUsers(db: Db) {
  for (let after = ''; ;) {
    const page = await listUsersAfter(db, after, PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.name;
  }
}

/** What only the operator can mend says so; everything else stays what it is. */
function throwWritingError(error: NodeJS.ErrnoException): never {
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  if (isFull) {
    throw new AppError(kernelErrors.storageFull, 'no space left for the dump', {
      cause: error,
      hint: 'make room and export again into the same directory, which goes on',
    });
  }
  if (error.code !== 'ENOENT') throw error;
  throw new AppError(kernelErrors.fileMissing, error.message, {
    cause: error,
    hint: 'if it was removed from a server that serves, export again into the same directory, which goes on; else run wheelhouse doctor',
  });
}
