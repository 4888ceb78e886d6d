import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/kernel-settings.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { WHEELHOUSE_VERSION } from '../version.ts';
import { copySqlite } from '../db/copy-sqlite.ts';
import type { Database } from '../db/db.ts';
import type { MigrationState } from '../db/migrate.ts';
import { writeWhole } from './write-whole.ts';

const COPY = /^wheelhouse-.*\.sqlite$/;

/** The way back from an upgrade. */
export interface KeptDatabase {
  readonly path: string;
  /** What to do, in a sentence. */
  readonly wayBack: string;
}

/**
 * Copies a SQLite database that is about to be migrated to `upgrades` of the server directory, named for the version that
 * it is of, and removes the oldest copies beyond `upgrade-copies`. Undefined where nothing is migrated, or none is to be
 * kept; PostgreSQL has tools of its own. Throws if it cannot be copied, so that no upgrade goes without a way back.
 */
export async function keepBeforeUpgrade(
  { path: database }: Pick<Database, 'path'>,
  { applied, missing, version = 'unknown' }: MigrationState,
  { serverdir, 'upgrade-copies': copies }: Pick<Config, 'serverdir' | 'upgrade-copies'>,
): Promise<KeptDatabase | undefined> {
  const last = applied.at(-1);
  if (database === undefined || last === undefined || missing.length === 0 || copies === 0) return undefined;
  const directory = join(serverdir, 'upgrades');
  // Two versions of one number exist while it is developed; the last step tells them apart.
  const path = join(directory, `wheelhouse-${version}-${last.slice(0, 4)}.sqlite`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeWhole(path, (partial) => copySqlite(database, partial));
  } catch (cause) {
    const reason = cause instanceof AppError ? cause.message : (cause as Error).message;
    throw new AppError(kernelErrors.storageFull, `cannot keep a copy of the database in ${path}: ${reason}`, {
      hint: 'make room in the server directory, or set upgrade-copies to 0 once there is a backup; nothing was migrated',
      cause,
    });
  }
  await removeOldest(directory, copies);
  const wayBack =
    `upgraded to ${WHEELHOUSE_VERSION}; to go back, stop the server, put ${path} in the place of ${database}, ` +
    `remove ${database}-wal and ${database}-shm, and run version ${version}: what was changed since is lost`;
  return { path, wayBack };
}

async function removeOldest(directory: string, kept: number): Promise<void> {
  const names = (await readdir(directory)).filter((name) => COPY.test(name));
  const copies = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(directory, name))).mtimeMs })),
  );
  const newestFirst = copies.toSorted((one, two) => two.at - one.at);
  for (const { name } of newestFirst.slice(kept)) await rm(join(directory, name));
}
