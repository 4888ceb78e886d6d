import { copyFile, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { checkDatabase } from '../db/check-database.ts';
import { copySqlite } from '../db/copy-sqlite.ts';
import { openSqlite, type Database, type Db } from '../db/db.ts';
import { DigestList, type ListedDigest } from '../db/digest-list.ts';
import { dumpPostgres } from '../db/dump-postgres.ts';
import { readFacts } from '../db/facts.ts';
import { readMigrations, type Migration } from '../db/migrate.ts';
import { readSerial } from '../events/events.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { ExpectedBytes } from '../files/expected-bytes.ts';
import type { Files } from '../files/files.ts';
import type { FindNeeded } from '../files/find-orphans.ts';
import { syncDirectory } from '../files/sync-directory.ts';
import { inBatches } from '../in-batches.ts';
import type { Progress } from '../progress.ts';
import { WHEELHOUSE_VERSION } from '../version.ts';
import { copyBytes } from './copy-bytes.ts';
import { seal, type Manifest } from './manifest.ts';
import { openBackupOf } from './open-backup.ts';
import { removeOld } from './remove-old.ts';

/** What a backup is taken of; a server may use it meanwhile. */
export interface BackupSource {
  readonly database: Database;
  readonly files: Files;
  readonly migrations: readonly Migration[];
  /** The bytes that rows of this database name. */
  readonly listStored: (db: Db) => AsyncIterable<ExpectedBytes>;
  readonly findNeeded: FindNeeded;
  /** The configuration file, if the server has one. */
  readonly configuration: string;
}

export interface TakenBackup {
  readonly snapshot: string;
  readonly files: number;
  readonly bytes: number;
  /** What was not in the directory yet. */
  readonly copied: { readonly files: number; readonly bytes: number };
  readonly removed: { readonly snapshots: number; readonly files: number };
  readonly problems: Manifest['problems'];
}

const BATCH = 16;
/** In the directory of an unfinished snapshot. */
const NEEDED = 'needed.sqlite';
/** A file may be deleted and collected between the database and its copy: then both are read again. */
const ROUNDS = 5;

/**
 * Adds a snapshot to a directory of backups: the database as it is at one moment, and all bytes that it names, of which
 * only those are copied that the directory does not have. Most are copied before that moment, so a busy server is
 * caught near the end. A snapshot appears when all of it is on the disk; of the older ones so many are kept that there
 * are `keep`. What is missing in the server already is told, and then no older snapshot goes.
 */
export async function takeBackup(
  source: BackupSource,
  directory: string,
  { keep, clock, progress }: { readonly keep: number; readonly clock: Clock; readonly progress: Progress },
): Promise<TakenBackup> {
  const uuid = (await readFacts(source.database.db)).get('uuid') ?? '';
  const backup = await openBackupOf(uuid, directory);
  try {
    const copying = new Copying(source, backup.files, progress);
    progress.step('copying files');
    await copying.copy(source.listStored(source.database.db));
    const name = new Date(clock.now()).toISOString().replace(/[:.]/g, '-');
    const path = join(directory, 'snapshots', name);
    const partial = `${path}.partial`;
    const seen = await snapDatabase(source, partial, copying, progress);
    progress.step('writing the snapshot');
    const manifest = await describe(source, partial, seen, clock);
    await writeDurably(join(partial, 'manifest.json'), (file) =>
      file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`),
    );
    await syncDirectory(partial);
    if (existsSync(path)) throw new AppError(kernelErrors.backupUnusable, `${path} exists already`);
    await rename(partial, path);
    await syncDirectory(join(directory, 'snapshots'));
    const isWhole = manifest.problems.length === 0;
    const removed = isWhole ? await removeOld(directory, backup.files, keep) : { snapshots: 0, files: 0 };
    const { count: files, bytes } = manifest.files;
    return { snapshot: name, files, bytes, copied: copying.copied, removed, problems: manifest.problems };
  } catch (error) {
    throw isFull(error) ? fullBackup(directory, error) : error;
  } finally {
    await backup.close();
  }
}

function isFull(error: unknown): boolean {
  if (error instanceof AppError) return error.kind === kernelErrors.storageFull;
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function fullBackup(directory: string, cause: unknown): AppError {
  return new AppError(kernelErrors.storageFull, `no space left in ${directory}`, {
    hint: 'make room there, or keep fewer snapshots; those that are finished are whole',
    cause,
  });
}

type Problem = Manifest['problems'][number];

/** What a database was seen to name, at its moment: a list beside its copy, until the snapshot is described. */
interface Seen {
  readonly problems: readonly Problem[];
  readonly facts: ReadonlyMap<string, string>;
  readonly serial: number;
  readonly migrations: readonly string[];
}

class Copying {
  readonly copied = { files: 0, bytes: 0 };
  readonly #source: BackupSource;
  readonly #target: Files;
  readonly #progress: Progress;

  constructor(source: BackupSource, target: Files, progress: Progress) {
    this.#source = source;
    this.#target = target;
    this.#progress = progress;
  }

  /** Copies what is not there yet; what it cannot copy is returned. */
  async copy(stored: AsyncIterable<ListedDigest> | Iterable<ListedDigest>): Promise<Problem[]> {
    const problems: Problem[] = [];
    let done = 0;
    for await (const batch of inBatches(stored, BATCH)) {
      const unique = new Map(batch.map((expected) => [expected.sha256, expected]));
      await Promise.all(
        [...unique.values()].map(async ({ sha256, size, name }) => {
          const result = await copyBytes(this.#source.files, this.#target, sha256, size);
          if (typeof result === 'string') problems.push({ sha256, detail: `${name}: ${result}` });
          else if (result > 0) {
            this.copied.files += 1;
            this.copied.bytes += result;
          }
        }),
      );
      done += batch.length;
      this.#progress.count(done);
    }
    return problems;
  }
}

/** Writes the database into the directory of the snapshot, and copies what it names until nothing has gone meanwhile. */
async function snapDatabase(
  source: BackupSource,
  partial: string,
  copying: Copying,
  progress: Progress,
): Promise<Seen> {
  for (let round = 1; ; round += 1) {
    progress.step('copying the database');
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { mode: 0o700 });
    using list = new DigestList(join(partial, NEEDED));
    const seen = await writeDatabase(source, partial, list);
    progress.step('copying what came meanwhile');
    const problems = await copying.copy(list);
    const needed = await source.findNeeded(problems.map(({ sha256 }) => sha256));
    // Deleted since: a snapshot that names it would miss it.
    if (round === ROUNDS || problems.every(({ sha256 }) => needed.has(sha256))) return { ...seen, problems };
  }
}

async function writeDatabase(
  source: BackupSource,
  partial: string,
  list: DigestList,
): Promise<Omit<Seen, 'problems'>> {
  const { database } = source;
  const path = join(partial, databaseFile(database));
  if (database.path === undefined) {
    let seen: Omit<Seen, 'problems'> | undefined;
    await dumpPostgres(database, path, async (tx) => {
      seen = await look(source, { db: tx, dialect: 'postgres' }, list);
    });
    if (seen === undefined) throw new Error('the dump was not looked at');
    return seen;
  }
  await copySqlite(database.path, path);
  const copy = openSqlite(path, { readOnly: true });
  try {
    await checkDatabase(copy);
    return await look(source, copy, list);
  } finally {
    await copy.close();
  }
}

async function look(
  { listStored, migrations }: BackupSource,
  database: Pick<Database, 'db' | 'dialect'>,
  list: DigestList,
): Promise<Omit<Seen, 'problems'>> {
  await list.fill(listStored(database.db));
  return {
    facts: await readFacts(database.db),
    serial: await readSerial(database.db),
    migrations: (await readMigrations(database, migrations)).applied,
  };
}

async function describe(
  { database, configuration }: BackupSource,
  partial: string,
  seen: Seen,
  clock: Clock,
): Promise<Manifest> {
  const path = join(partial, NEEDED);
  const total = await writeFileList(path, join(partial, 'files.txt'));
  await rm(path);
  const hasConfiguration = existsSync(configuration);
  if (hasConfiguration) {
    const copy = join(partial, 'wheelhouse.yml');
    await copyFile(configuration, copy);
    const file = await open(copy, 'r+');
    await file.chmod(0o600);
    await file.sync();
    await file.close();
  }
  return {
    format: 'wheelhouse-backup-1',
    createdAt: new Date(clock.now()).toISOString(),
    version: WHEELHOUSE_VERSION,
    uuid: seen.facts.get('uuid') ?? '',
    filesId: seen.facts.get('files') ?? '',
    serial: seen.serial,
    migrations: [...seen.migrations],
    database: { kind: database.dialect, ...(await seal(partial, databaseFile(database))) },
    files: {
      ...(await seal(partial, 'files.txt')),
      ...total,
    },
    configuration: hasConfiguration ? await seal(partial, 'wheelhouse.yml') : null,
    problems: [...seen.problems],
  };
}

async function writeFileList(needed: string, path: string): Promise<{ count: number; bytes: number }> {
  using list = new DigestList(needed);
  await writeDurably(path, async (file) => {
    for await (const batch of inBatches(list, 10_000)) {
      await file.writeFile(batch.map(({ sha256, size }) => `${sha256} ${size}\n`).join(''));
    }
  });
  return list.total();
}

function databaseFile({ dialect }: Pick<Database, 'dialect'>): string {
  return dialect === 'sqlite' ? 'wheelhouse.sqlite' : 'postgres.dump.zst';
}

async function writeDurably(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
