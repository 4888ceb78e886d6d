import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openPostgres } from '../db/db.ts';
import { readFacts } from '../db/facts.ts';
import { lockDirectory } from '../db/lock-directory.ts';
import { migrate, readMigrations, type Migration } from '../db/migrate.ts';
import { refuseNewer } from '../db/refuse-newer.ts';
import { restorePostgres } from '../db/restore-postgres.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { filesDirectory } from '../files/files-directory.ts';
import { openLocalFiles } from '../files/local-files.ts';
import { syncDirectory } from '../files/sync-directory.ts';
import { inBatches } from '../in-batches.ts';
import type { Config } from '../config/kernel-settings.ts';
import type { Progress } from '../progress.ts';
import { copyBytes } from './copy-bytes.ts';
import { isIntact, listSnapshots, readFileList, readSnapshot, type Snapshot } from './manifest.ts';
import { openBackup, type OpenBackup } from './open-backup.ts';
import { RESTORING } from './restoring.ts';
import { writeWhole } from './write-whole.ts';

export interface RestoreOptions {
  /** Which one; the newest without it. */
  readonly snapshot: string | undefined;
  /** Restore what is sound of a damaged backup, too. */
  readonly incomplete: boolean;
  readonly migrations: readonly Migration[];
  readonly progress: Progress;
}

export interface Restored {
  readonly snapshot: string;
  readonly files: number;
  readonly bytes: number;
  readonly problems: readonly string[];
}

const BATCH = 16;
/** What an empty server directory may have. */
const NOTHING = new Set(['.lock', '.lock-journal', 'lost+found', 'wheelhouse.yml', RESTORING]);

/**
 * Makes a server of a snapshot: in an empty server directory, and with PostgreSQL in an empty database. Everything is
 * compared with its hash on the way. The database comes last, so that what was broken off is no server, and goes on when
 * the same command is given again.
 */
export async function restoreBackup(
  directory: string,
  config: Pick<Config, 'serverdir' | 'files-directory' | 'database'>,
  options: RestoreOptions,
): Promise<Restored> {
  const backup = await openBackup(directory);
  try {
    const snapshot = await chooseSnapshot(directory, options.snapshot);
    const target = filesDirectory(config);
    await demandFit(snapshot, config, options.migrations);
    const release = await takeEmpty(config.serverdir, target, snapshot.name);
    try {
      return await restore(backup, snapshot, { ...config, target }, options);
    } finally {
      release();
    }
  } finally {
    await backup.close();
  }
}

async function chooseSnapshot(directory: string, wanted: string | undefined): Promise<Snapshot> {
  const names = await listSnapshots(directory);
  const name = wanted ?? names.at(-1);
  if (name !== undefined && names.includes(name)) return await readSnapshot(directory, name);
  const known = names.length === 0 ? 'no finished one' : names.join(', ');
  throw new AppError(kernelErrors.backupUnusable, `there is no such snapshot; ${directory} has ${known}`);
}

/** Everything that can be known before anything is written. */
async function demandFit(
  { manifest, path }: Snapshot,
  { database }: Pick<Config, 'database'>,
  migrations: readonly Migration[],
): Promise<void> {
  const known = new Set(migrations.map(({ name }) => name));
  refuseNewer({ unknown: manifest.migrations.filter((name) => !known.has(name)), version: manifest.version });
  const kind = database === 'sqlite' ? 'sqlite' : 'postgres';
  if (kind !== manifest.database.kind) {
    const isOfPostgres = manifest.database.kind === 'postgres';
    throw new AppError(
      kernelErrors.backupUnusable,
      `the backup is of ${isOfPostgres ? 'PostgreSQL' : 'SQLite'}, and the setting database names ${isOfPostgres ? 'SQLite' : 'PostgreSQL'}`,
      {
        hint: isOfPostgres
          ? 'set WHEELHOUSE_DATABASE to an empty database'
          : 'leave the setting database out',
      },
    );
  }
  for (const sealed of [manifest.database, manifest.files]) {
    if (await isIntact(path, sealed)) continue;
    throw new AppError(kernelErrors.backupUnusable, `${join(path, sealed.file)} is missing or damaged`, {
      hint: 'choose another snapshot with --snapshot',
    });
  }
}

/** Takes the server directory, unless there is anything in it but what this very restore has left. */
async function takeEmpty(serverdir: string, files: string, snapshot: string): Promise<() => void> {
  await mkdir(serverdir, { recursive: true, mode: 0o700 });
  const mark = join(serverdir, RESTORING);
  const begun = await readFile(mark, 'utf8').catch(() => undefined);
  const others = (await readdir(serverdir)).filter((name) => !NOTHING.has(name));
  const stored = await readdir(join(files, 'sha256')).catch(() => []);
  if (begun !== snapshot && (others.length > 0 || stored.length > 0 || begun !== undefined)) {
    const what = others.length > 0 ? `${serverdir} is not empty` : `${files} is not empty`;
    throw new AppError(
      kernelErrors.restoreNotEmpty,
      begun === undefined ? what : `${serverdir} was begun with ${begun}`,
    );
  }
  const lock = lockDirectory(serverdir);
  if (lock === undefined)
    throw new AppError(kernelErrors.serverdirInUse, `another process serves ${serverdir}`);
  if (begun === undefined) {
    await writeWhole(mark, (partial) => writeSynced(partial, snapshot));
  }
  return () => lock.release();
}

async function restore(
  backup: OpenBackup,
  snapshot: Snapshot,
  { serverdir, database, target }: Pick<Config, 'serverdir' | 'database'> & { readonly target: string },
  { incomplete, migrations, progress }: RestoreOptions,
): Promise<Restored> {
  const { manifest, path } = snapshot;
  progress.step('copying files');
  const missing = await copyFiles(backup, snapshot, target, progress);
  const known = new Set(manifest.problems.map(({ sha256 }) => sha256));
  const problems = missing.map(({ sha256, detail }) => `${sha256}: ${detail}`);
  if (!incomplete && missing.some(({ sha256 }) => !known.has(sha256))) {
    throw new AppError(
      kernelErrors.backupUnusable,
      `the backup is damaged: ${problems.slice(0, 20).join('; ')}${problems.length > 20 ? `; and ${problems.length - 20} more` : ''}`,
      { hint: 'choose another snapshot with --snapshot, or give --incomplete to do without these files' },
    );
  }
  await writeWhole(join(target, 'id'), (partial) => writeSynced(partial, `${manifest.filesId}\n`));
  const configuration = join(serverdir, 'wheelhouse.yml');
  if (manifest.configuration !== null && !existsSync(configuration)) {
    await writeWhole(configuration, (partial) => copySynced(join(path, 'wheelhouse.yml'), partial));
  }
  progress.step('restoring the database');
  const from = join(path, manifest.database.file);
  if (database === 'sqlite') {
    await writeWhole(join(serverdir, 'wheelhouse.sqlite'), (partial) => copySynced(from, partial));
  } else await fillPostgres(database.reveal(), from, manifest.migrations, migrations);
  await rm(join(serverdir, RESTORING));
  await syncDirectory(serverdir);
  const { count: files, bytes } = manifest.files;
  return { snapshot: snapshot.name, files, bytes, problems };
}

async function copyFiles(
  backup: OpenBackup,
  snapshot: Snapshot,
  target: string,
  progress: Progress,
): Promise<{ readonly sha256: string; readonly detail: string }[]> {
  const files = await openLocalFiles(target);
  const problems: { readonly sha256: string; readonly detail: string }[] = [];
  let done = 0;
  try {
    for await (const batch of inBatches(readFileList(snapshot), BATCH)) {
      await Promise.all(
        batch.map(async ({ sha256, size }) => {
          const result = await copyBytes(backup.files, files, sha256, size);
          if (typeof result === 'string') problems.push({ sha256, detail: result });
        }),
      );
      progress.count((done += batch.length), snapshot.manifest.files.count);
    }
    return problems;
  } finally {
    await files.close();
  }
}

/** Migrates to the step of the dump; the server that starts goes on from there. */
async function fillPostgres(
  url: string,
  from: string,
  steps: readonly string[],
  migrations: readonly Migration[],
): Promise<void> {
  const database = openPostgres(url);
  try {
    const own = migrations.filter(({ name }) => steps.includes(name));
    const { applied, unknown, version } = await readMigrations(database, own);
    if (unknown.length > 0 || (applied.length > 0 && (await readFacts(database.db)).has('uuid'))) {
      const of = version === undefined ? '' : ` of version ${version}`;
      throw new AppError(kernelErrors.restoreNotEmpty, `the PostgreSQL database has a server${of} already`);
    }
    await migrate(database, own);
    await restorePostgres(database, from);
  } finally {
    await database.close();
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function copySynced(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, 'r+');
  try {
    await file.chmod(0o600);
    await file.sync();
  } finally {
    await file.close();
  }
}
