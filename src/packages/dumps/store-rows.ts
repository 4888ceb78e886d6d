import { announceImportedUsers, importUsers } from '#accounts';
import type { Context } from '#kernel/context.ts';
import { unmarkImport } from '#kernel/db/unfinished-import.ts';
import { inBatches } from '#kernel/in-batches.ts';
import type { Progress } from '#kernel/progress.ts';
import { saveDocumentation } from '../documentation/store.ts';
import { packagesEvents } from '../events.ts';
import { fullName, type Index } from '../model/index.ts';
import { logTime } from '../model/log-item.ts';
import { findFile, insertFiles, type ReleaseFile } from '../projects/store.ts';
import { rebuildEntry } from '../search-entries/record-entry.ts';
import { readUnreadSoon } from '../search-texts/read-texts-soon.ts';
import { insertToxResult } from '../tox-results/store.ts';
import type { Dump, DumpedFile, DumpedIndex } from './dump.ts';
import type { StoredBytes } from './store-batch.ts';
import { storeIndexes, type IndexOf } from './store-indexes.ts';
import { storeMirrorProject } from './store-mirror-project.ts';
import { storeReleases, type StoredProjects } from './store-releases.ts';

/** Rows of one transaction: it must not grow with the dump. */
const FILES_A_TRANSACTION = 1000;
const ROWS_A_STATEMENT = 100;

/**
 * Writes everything that a dump has into a database that is marked as unfinished, in many transactions; the last one takes the
 * mark away and emits what happened: users and indexes that are new, and `packages.dump-imported` for each index.
 */
export async function storeRows(
  context: Context,
  dump: Dump,
  stored: ReadonlyMap<DumpedFile, StoredBytes>,
  progress: Progress,
): Promise<void> {
  progress.step('writing users and indexes');
  const indexes = await context.db.transaction().execute(async (tx) => {
    await importUsers(tx, dump.users);
    return await storeIndexes(tx, dump.indexes, context.clock.now());
  });
  const projects = await storeReleases(context, dump, indexes, progress);
  await storeFileRows(context, { indexes, projects, stored }, progress);
  await storeMirrors(context, indexes, stored);
  progress.step('writing what is searched');
  for await (const batch of inBatches(projects.values(), FILES_A_TRANSACTION)) {
    await context.db.transaction().execute(async (tx) => {
      for (const project of batch) await rebuildEntry(tx, project, project.changedAt);
    });
  }
  await context.events.change(async (tx, emit) => {
    await readUnreadSoon(tx, context.clock.now());
    announceImportedUsers(emit, dump.users);
    for (const [dumped, index] of indexes) announceIndex(emit, dumped, index);
    await unmarkImport(tx);
  });
}

function announceIndex(
  emit: Parameters<Parameters<Context['events']['change']>[0]>[1],
  dumped: DumpedIndex,
  { isNew, ...index }: Index & { readonly isNew: boolean },
): void {
  const fact = { actor: null, about: index.id };
  const data = { index: fullName(index) };
  if (isNew) emit(packagesEvents.indexCreated, { ...fact, data });
  else
    emit(packagesEvents.indexModified, { ...fact, data: { ...data, changed: Object.keys(index.options) } });
  const files = dumped.files.filter(({ kind }) => kind === 'releasefile').length;
  emit(packagesEvents.dumpImported, { ...fact, data: { ...data, projects: dumped.projects.size, files } });
}

interface FileRows {
  readonly indexes: IndexOf;
  readonly projects: Readonly<StoredProjects>;
  readonly stored: ReadonlyMap<DumpedFile, StoredBytes>;
}

async function storeFileRows(
  { db, clock }: Context,
  { indexes, projects, stored }: FileRows,
  progress: Progress,
): Promise<void> {
  progress.step('writing files');
  const now = clock.now();
  const stages = [...indexes].filter(([{ type }]) => type === 'stage');
  const total = stages.reduce((sum, [{ files }]) => sum + files.length, 0);
  let done = 0;
  for (const [dumped, index] of stages) {
    const place = { index, projects, stored, now };
    for await (const batch of inBatches(dumped.files, FILES_A_TRANSACTION)) {
      await db.transaction().execute(async (tx) => {
        const rows: Omit<ReleaseFile, 'id'>[] = [];
        for (const file of batch.filter(({ kind }) => kind === 'releasefile')) {
          const { row, bytes } = rowOf(file, place);
          const release = dumped.projects.get(file.project)?.versions.get(file.version);
          const { blake2b256, sidecar } = bytes;
          const requiresPython = release?.requiresPython ?? null;
          rows.push({ ...row, blake2b256, sidecar, requiresPython, yanked: file.yanked });
        }
        for await (const some of inBatches(rows, ROWS_A_STATEMENT)) await insertFiles(tx, some);
        for (const file of batch.filter(({ kind }) => kind !== 'releasefile')) {
          const { row } = rowOf(file, place);
          if (file.kind === 'doczip') await saveDocumentation(tx, row);
          else {
            // Files of releases come first.
            const tested = await findFile(tx, index.id, file.testedFile ?? '');
            if (tested === undefined)
              throw new Error(`${file.relpath} was checked, and its file is not there`);
            await insertToxResult(tx, { ...row, releaseFileId: tested.id });
          }
        }
      });
      progress.count((done += batch.length), total);
    }
  }
}

interface Place {
  readonly index: Index;
  readonly projects: FileRows['projects'];
  readonly stored: FileRows['stored'];
  readonly now: number;
}

/** What the rows of all kinds of files have. */
function rowOf(file: DumpedFile, { index, projects, stored, now }: Place) {
  const project = projects.get(`${index.id}/${file.project}`);
  const releaseId = project?.releases.get(file.version);
  const bytes = stored.get(file);
  if (project === undefined || releaseId === undefined || bytes === undefined)
    throw new Error(`${file.relpath} was checked, and is not there`);
  const uploadedAt = file.modifiedAt ?? uploadTimeOf(file) ?? now;
  project.changedAt = Math.max(project.changedAt, uploadedAt);
  const { size, sha256, md5 } = bytes;
  const upload = {
    what: 'upload',
    who: '<import>',
    when: logTime(uploadedAt),
    dst: fullName(index),
  } as const;
  const ids = { indexId: index.id, projectId: project.id, releaseId };
  const row = { ...ids, filename: file.filename, size, sha256, md5, uploadedAt, log: file.log ?? [upload] };
  return { row, bytes };
}

/** Where the dump tells no time of the file itself. */
function uploadTimeOf({ log = [] }: DumpedFile): number | undefined {
  const uploaded = log.find(({ what }) => what === 'upload') ?? log[0];
  const [year, month = 1, day = 1, hour = 0, minute = 0, second = 0] = uploaded?.when ?? [];
  return year === undefined ? undefined : Date.UTC(year, month - 1, day, hour, minute, second);
}

async function storeMirrors(
  { db, clock }: Context,
  indexes: IndexOf,
  stored: FileRows['stored'],
): Promise<void> {
  const now = clock.now();
  for (const [dumped, index] of indexes) {
    if (dumped.type !== 'mirror') continue;
    for (const [project, files] of Map.groupBy(dumped.files, (file) => file.project)) {
      await db.transaction().execute(async (tx) => {
        await storeMirrorProject(tx, { index, dumped, project, files, stored, now });
      });
    }
  }
}
