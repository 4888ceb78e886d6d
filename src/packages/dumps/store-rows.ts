import { announceImportedUsers, importUsers } from '#accounts';
import type { Context } from '#kernel/context.ts';
import type { Tx } from '#kernel/db/db.ts';
import { unmarkImport } from '#kernel/db/unfinished-import.ts';
import { inBatches } from '#kernel/in-batches.ts';
import type { Progress } from '#kernel/progress.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { saveDocumentation } from '../documentation/store.ts';
import { packagesEvents } from '../events.ts';
import { deleteIndexRow, findIndex, insertIndex, updateIndex } from '../indexes/store.ts';
import { fullName, type Index } from '../model/index.ts';
import { logTime } from '../model/log-item.ts';
import { ensureProject, findFile, insertFile, saveRelease } from '../projects/store.ts';
import { recordProject } from '../search-entries/record-entry.ts';
import { insertToxResult } from '../tox-results/store.ts';
import type { Dump, DumpedFile, DumpedIndex } from './dump.ts';
import type { ReleaseItem } from './dump-format.ts';
import { readDumpedMetadata } from './dumped-metadata.ts';
import { versionOf } from './read-dump.ts';
import { scanDataIndex } from './scan-data-index.ts';
import type { StoredBytes } from './store-files.ts';
import { storeMirrorProject } from './store-mirror-project.ts';

/** Rows of one transaction: it must not grow with the dump. */
const PROJECTS_A_TRANSACTION = 100;
const FILES_A_TRANSACTION = 1000;

interface StoredProject {
  readonly id: number;
  readonly indexId: number;
  /** Normalized. */
  readonly name: string;
  /** Ids by version. */
  readonly releases: Map<string, number>;
  /** When a file last came, epoch milliseconds. */
  changedAt: number;
}

type IndexOf = ReadonlyMap<DumpedIndex, Index & { readonly isNew: boolean }>;

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
      for (const project of batch) await recordProject(tx, project, project.changedAt);
    });
  }
  await context.events.change(async (tx, emit) => {
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

/** An index of the dump takes the place of the one that a new server has. */
async function storeIndexes(tx: Tx, dumped: readonly DumpedIndex[], now: number): Promise<IndexOf> {
  const indexes = new Map<DumpedIndex, Index & { readonly isNew: boolean }>();
  for (const each of dumped) {
    const { user, name, type, options } = each;
    // A private address as upstream is for root to choose, here as everywhere.
    const wanted = { user, name, type, options, isTrusted: user === 'root' };
    const known = await findIndex(tx, user, name);
    if (known !== undefined && known.type === type) {
      await updateIndex(tx, { ...wanted, id: known.id });
      indexes.set(each, { ...wanted, id: known.id, isNew: false });
      continue;
    }
    if (known !== undefined) await deleteIndexRow(tx, known.id);
    const index = await insertIndex(tx, wanted, now);
    if (index !== undefined) indexes.set(each, { ...index, isNew: true });
  }
  return indexes;
}

/** The projects of stages with their releases, read from the dump a second time: their descriptions fit into no memory. */
async function storeReleases(
  { db }: Context,
  dump: Dump,
  indexes: IndexOf,
  progress: Progress,
): Promise<Map<string, StoredProject>> {
  progress.step('writing releases');
  const total = [...indexes.keys()].reduce(
    (sum, { type, projects }) => sum + (type === 'stage' ? projects.size : 0),
    0,
  );
  const projects = new Map<string, StoredProject>();
  for await (const batch of inBatches(scanProjects(dump), PROJECTS_A_TRANSACTION)) {
    await db.transaction().execute(async (tx) => {
      for (const { dumped, key, value } of batch) {
        const index = indexes.get(dumped);
        const name = normalizeProjectName(key);
        const displayName = dumped.projects.get(name)?.displayName ?? key;
        if (index === undefined) continue;
        const { id } = await ensureProject(tx, { indexId: index.id, name, displayName });
        const place = `${index.id}/${name}`;
        const project = projects.get(place) ?? {
          id,
          indexId: index.id,
          name,
          releases: new Map(),
          changedAt: 0,
        };
        projects.set(place, project);
        for (const [written, given] of Object.entries(value)) {
          const version = versionOf(written, given);
          if (version === '') continue;
          const metadata = readDumpedMetadata(given, { name: displayName, version });
          const release = await saveRelease(tx, { projectId: id, version, metadata });
          project.releases.set(version, release.id);
        }
      }
    });
    progress.count(projects.size, Math.max(total, projects.size));
  }
  return projects;
}

interface ScannedProject {
  readonly dumped: DumpedIndex;
  readonly key: string;
  readonly value: Readonly<Record<string, ReleaseItem>>;
}

async function* scanProjects(dump: Dump): AsyncGenerator<ScannedProject> {
  const byKey = new Map(dump.indexes.map((index) => [index.key, index]));
  let dumped: DumpedIndex | undefined;
  for await (const piece of scanDataIndex(dump.directory)) {
    if (piece.kind === 'index') dumped = byKey.get(piece.key);
    else if (piece.kind === 'project' && dumped?.type === 'stage')
      yield { dumped, key: piece.key, value: piece.value as ScannedProject['value'] };
  }
}

interface FileRows {
  readonly indexes: IndexOf;
  readonly projects: ReadonlyMap<string, StoredProject>;
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
    for await (const batch of inBatches(dumped.files, FILES_A_TRANSACTION)) {
      await db.transaction().execute(async (tx) => {
        for (const file of batch) {
          const project = projects.get(`${index.id}/${file.project}`);
          const bytes = stored.get(file);
          if (project === undefined || bytes === undefined)
            throw new Error(`${file.relpath} was checked, and is not there`);
          const requiresPython =
            dumped.projects.get(file.project)?.versions.get(file.version)?.requiresPython ?? null;
          await storeFileRow(tx, { index, project, file, bytes, requiresPython, now });
        }
      });
      progress.count((done += batch.length), total);
    }
  }
}

interface FileRow {
  readonly index: Index;
  readonly project: StoredProject;
  readonly file: DumpedFile;
  readonly bytes: StoredBytes;
  readonly requiresPython: string | null;
  readonly now: number;
}

async function storeFileRow(
  tx: Tx,
  { index, project, file, bytes, requiresPython, now }: FileRow,
): Promise<void> {
  const uploadedAt = file.modifiedAt ?? uploadTimeOf(file) ?? now;
  const { size, sha256, md5, blake2b256, sidecar } = bytes;
  const { filename } = file;
  const row = {
    indexId: index.id,
    filename,
    size,
    sha256,
    md5,
    uploadedAt,
    log: file.log ?? [
      { what: 'upload', who: '<import>', when: logTime(uploadedAt), dst: fullName(index) } as const,
    ],
  };
  const releaseId = project.releases.get(file.version);
  if (releaseId === undefined) throw new Error(`${file.relpath} was checked, and its release is not there`);
  project.changedAt = Math.max(project.changedAt, uploadedAt);
  if (file.kind === 'doczip') await saveDocumentation(tx, { ...row, releaseId });
  else if (file.kind === 'releasefile') {
    await insertFile(tx, {
      ...row,
      projectId: project.id,
      releaseId,
      blake2b256,
      sidecar,
      requiresPython,
      yanked: file.yanked,
    });
  } else {
    const tested = await findFile(tx, index.id, file.testedFile ?? '');
    if (tested === undefined) throw new Error(`${file.relpath} was checked, and its file is not there`);
    await insertToxResult(tx, { ...row, releaseFileId: tested.id });
  }
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
