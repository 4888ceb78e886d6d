import { listUsersAfter, removeImportedUsers } from '#accounts';
import type { Context } from '#kernel/context.ts';
import type { Db } from '#kernel/db/db.ts';
import { findUnfinishedImport, markImport, unmarkImport } from '#kernel/db/unfinished-import.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { inBatches } from '#kernel/in-batches.ts';
import type { Progress } from '#kernel/progress.ts';
import { packagesErrors } from '../errors.ts';
import { deleteIndexRow, listIndexes } from '../indexes/store.ts';
import { fullName } from '../model/index.ts';
import { neededDigests } from '#kernel/stored-bytes/store.ts';
import { storedBytes } from '../stored-bytes.ts';
import { checkBytes } from './check-bytes.ts';
import type { Dump, DumpedFile } from './dump.ts';
import { ImportJournal } from './import-journal.ts';
import { Problems } from './problems.ts';
import { readDump, type ReadDumpOptions } from './read-dump.ts';
import { emptyIndex, readContents } from './store.ts';
import type { StoredBytes } from './store-batch.ts';
import { storeFiles } from './store-files.ts';
import { storeRows } from './store-rows.ts';

export interface ImportDump extends ReadDumpOptions {
  readonly directory: string;
  readonly hardLinks?: boolean;
}

/** What of a dump is in the server now. */
export interface ImportedDump {
  readonly users: number;
  readonly indexes: number;
  readonly projects: number;
  readonly releases: number;
  /** Of releases. */
  readonly files: number;
  readonly documentation: number;
  readonly toxResults: number;
  /** Who needs a new password from root. */
  readonly needPasswords: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Checks a dump whole, every byte of it, and changes nothing. Throws `packages.invalid-dump` with everything that is wrong.
 */
export async function checkDump(
  { config }: Pick<Context, 'config'>,
  { directory, ...options }: ImportDump,
  progress: Progress,
): Promise<ImportedDump> {
  const dump = await readSound({ config }, directory, options, progress);
  const problems = new Problems();
  await checkBytes(dump, problems, progress);
  problems.throwIfAny(directory);
  return summarize(dump);
}

/**
 * Makes a new server what a dump of devpi says (reference devpi.md 4). The dump is read and its files are stored before the
 * first row is written, so that one with anything wrong leaves nothing behind: `packages.invalid-dump` with all of it. While
 * rows are written the installation is marked as unfinished, and no server opens it; the same import goes on where
 * another one was interrupted. Throws `packages.import-needs-new-server` where there is anything already.
 */
export async function importDump(
  context: Context,
  { directory, hardLinks = false, ...options }: ImportDump,
  progress: Progress,
): Promise<ImportedDump> {
  const { db, config } = context;
  await demandNewServer(db);
  const dump = await readSound(context, directory, options, progress);
  await markImport(db, dump.directory);
  const journal = await ImportJournal.open(config.serverdir, dump.directory);
  try {
    await forgetRows(db);
    const problems = new Problems();
    const stored = await storeFiles(context, { dump, problems, journal, hardLinks }, progress);
    if (problems.count > 0) await giveUp(context, stored, journal);
    problems.throwIfAny(directory);
    await storeRows(context, dump, stored, progress);
    await journal.remove();
  } finally {
    await journal.close();
  }
  return summarize(dump);
}

/** The dump, whose files may still have wrong bytes; where anything else is wrong, those that have are told with it. */
async function readSound(
  { config }: Pick<Context, 'config'>,
  directory: string,
  options: ReadDumpOptions,
  progress: Progress,
): Promise<Dump> {
  const problems = new Problems();
  progress.step('reading the dump');
  const dump = await readDump(directory, config, problems, options);
  if (problems.count > 0) await checkBytes(dump, problems, progress);
  problems.throwIfAny(directory);
  return dump;
}

/** Throws where there is anything already, unless an import has brought it that did not end. */
export async function demandNewServer(db: Db): Promise<void> {
  if ((await findUnfinishedImport(db)) !== undefined) return;
  const users = (await listUsersAfter(db, '', 5)).map(({ name }) => name).filter((name) => name !== 'root');
  const { indexes, hasProjects, hasMirroredFiles } = await readContents(db);
  const others = indexes.filter((name) => name !== 'root/pypi');
  const found = [
    ...users.map((name) => `the user ${name}`),
    ...others.slice(0, 5).map((name) => `the index ${name}`),
    ...(hasProjects ? ['projects'] : []),
    ...(hasMirroredFiles ? ['mirrored files'] : []),
  ];
  if (found.length === 0) return;
  throw new AppError(packagesErrors.importNeedsNewServer, `the server has ${found.join(', ')} already`);
}

/** What an interrupted import has written; the bytes are found again by the journal. */
async function forgetRows(db: Db): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const index of await listIndexes(tx)) {
      if (fullName(index) === 'root/pypi') await emptyIndex(tx, index.id);
      else await deleteIndexRow(tx, index.id);
    }
    await removeImportedUsers(tx);
  });
}

/** Leaves the server as new as it was, without the bytes that were stored. */
async function giveUp(
  { db, files }: Context,
  stored: ReadonlyMap<DumpedFile, StoredBytes>,
  journal: ImportJournal,
): Promise<void> {
  const digests = [...stored.values()].flatMap(({ sha256, sidecar }) => [
    sha256,
    ...(sidecar === undefined ? [] : [sidecar.sha256]),
  ]);
  for await (const batch of inBatches(new Set(digests), 500)) {
    const needed = await neededDigests(storedBytes, db, batch);
    for (const sha256 of batch) if (!needed.has(sha256)) await files.remove(sha256, Infinity);
  }
  await journal.remove();
  await db.transaction().execute(unmarkImport);
}

function summarize({ users, indexes, notes }: Dump): ImportedDump {
  const files = indexes.flatMap((index) => index.files);
  const count = (kind: DumpedFile['kind']) => files.filter((file) => file.kind === kind).length;
  const projects = indexes.flatMap((index) => [...index.projects.values()]);
  return {
    users: users.length,
    indexes: indexes.length,
    projects: projects.length,
    releases: projects.reduce((sum, { versions }) => sum + versions.size, 0),
    files: count('releasefile'),
    documentation: count('doczip'),
    toxResults: count('toxresult'),
    needPasswords: users.filter(({ needsPassword }) => needsPassword).map(({ user }) => user.name),
    notes: [
      ...notes,
      ...users.flatMap(({ user, ignored }) =>
        ignored.length === 0 ? [] : [`user ${user.name}: not taken: ${ignored.join(', ')}`],
      ),
    ],
  };
}
