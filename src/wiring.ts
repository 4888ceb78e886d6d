import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Authenticator } from '#kernel/auth/authenticate.ts';
import { ensureInstallation } from '#kernel/auth/installation.ts';
import { findUser } from '#kernel/auth/store.ts';
import { systemClock, type Clock } from '#kernel/clock.ts';
import type { Config } from '#kernel/config/settings.ts';
import type { Context } from '#kernel/context.ts';
import { openPostgres, openSqlite, type Database } from '#kernel/db/db.ts';
import { kernelMigrations } from '#kernel/db/kernel-tables.ts';
import { lockDirectory } from '#kernel/db/lock-directory.ts';
import { migrate, type Migration } from '#kernel/db/migrate.ts';
import { AppError, type ErrorKind } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { openEvents } from '#kernel/events/events.ts';
import { collectOrphans, ORPHAN_GRACE_MS } from '#kernel/files/collect-orphans.ts';
import { openLocalFiles } from '#kernel/files/local-files.ts';
import { createHttpServer } from '#kernel/http/server.ts';
import { JobRunner, type JobHandler } from '#kernel/jobs/jobs.ts';
import type { Log } from '#kernel/log/log.ts';
import {
  ensureRoot,
  hasEmptyRootPassword,
  listReferencedDigests,
  openPackages,
  packagesErrors,
  packagesMigrations,
  type FirstState,
} from '#packages';

/** What every database needs, oldest first. */
export const migrations: readonly Migration[] = [...kernelMigrations, ...packagesMigrations];

/** Every declared error of every part: the source of docs/reference/errors.md. */
export const errorCatalogue: readonly ErrorKind[] = [kernelErrors, packagesErrors].flatMap(
  (table) => Object.values(table) as ErrorKind[],
);

/** Configuration, database and files, opened for one process. */
export interface Installation {
  readonly context: Context;
  readonly database: Database;
  /** True if this process alone may write; false when another one serves the directory. */
  readonly isOwner: boolean;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly mayShare?: boolean;
  readonly mustExist?: boolean;
  /** Tests pass one that they can turn. */
  readonly clock?: Clock;
}

/**
 * Opens the server directory and the database, migrates and recovers. With `mayShare` a directory that another
 * process serves is opened all the same, for reading; otherwise that is `kernel.serverdir-in-use`. With `mustExist`
 * nothing is made where there was no server yet.
 */
export async function openInstallation(
  config: Config,
  log: Log,
  { mayShare = false, mustExist = false, clock = systemClock }: OpenOptions = {},
): Promise<Installation> {
  const { serverdir } = config;
  // A restored backup may have the database only.
  if (mustExist && !['.lock', 'wheelhouse.sqlite'].some((name) => existsSync(join(serverdir, name)))) {
    throw new AppError(kernelErrors.serverdirEmpty, `no server has ever run in ${serverdir}`);
  }
  await mkdir(serverdir, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new AppError(
      kernelErrors.serverdirUnusable,
      `cannot create ${serverdir}: ${(cause as Error).message}`,
      { cause },
    );
  });
  const lock = lockServerdir(serverdir);
  if (lock === undefined && !mayShare) {
    throw new AppError(kernelErrors.serverdirInUse, `another process serves ${serverdir}`);
  }
  const database =
    config.database === 'sqlite'
      ? openSqlite(join(serverdir, 'wheelhouse.sqlite'))
      : openPostgres(config.database.reveal());
  if (lock !== undefined) await prepare(database, log);
  const installation = await ensureInstallation(database.db);
  const files = await openLocalFiles(join(serverdir, 'files'));
  if (lock !== undefined) {
    // Read only after a crash: a million rows would make every start slow.
    let referenced: ReadonlySet<string> | undefined;
    await files.recover(async (sha256) =>
      (referenced ??= await listReferencedDigests(database.db)).has(sha256),
    );
  }
  const events = await openEvents(database, clock, log);
  const authenticator = new Authenticator(installation.secret, clock, (name) => findUser(database.db, name));
  const context: Context = {
    db: database.db,
    dialect: database.dialect,
    files,
    events,
    clock,
    log,
    config,
    authenticator,
    uuid: installation.uuid,
  };
  return {
    context,
    database,
    isOwner: lock !== undefined,
    async close() {
      await events.close();
      await files.close();
      await database.close();
      lock?.release();
    },
  };
}

function lockServerdir(serverdir: string) {
  try {
    return lockDirectory(serverdir);
  } catch (cause) {
    throw new AppError(
      kernelErrors.serverdirUnusable,
      `cannot write to ${serverdir}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function prepare(database: Database, log: Log): Promise<void> {
  try {
    const applied = await migrate(database, migrations);
    if (applied.length > 0) log.info({ migrations: applied }, 'database migrated');
  } catch (cause) {
    if (database.dialect === 'sqlite') throw cause;
    throw new AppError(
      kernelErrors.databaseUnavailable,
      `cannot prepare the database: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Makes the state of a new server; false if the server has one already, which is then left as it is. */
export async function initialize(config: Config, log: Log, first: FirstState): Promise<boolean> {
  const installation = await openInstallation(config, log);
  try {
    return await ensureRoot(installation.context, first);
  } finally {
    await installation.close();
  }
}

/** A server that answers requests and runs jobs, as its roles say. */
export interface RunningServer {
  /** The address to type, without a trailing slash. */
  readonly url: string;
  readonly context: Context;
  close(): Promise<void>;
}

/** Starts a server; throws before it listens if anything is not as it must be. */
export async function startServer(
  config: Config,
  log: Log,
  options: Pick<OpenOptions, 'clock'> = {},
): Promise<RunningServer> {
  const installation = await openInstallation(config, log, options);
  try {
    const { context } = installation;
    await ensureRoot(context);
    await refuseOpenRoot(context);
    const packages = openPackages(context);
    const { hotPath, standardHeaders } = packages;
    const server = createHttpServer({
      config,
      log,
      authenticator: context.authenticator,
      hotPath,
      standardHeaders,
    });
    packages.declareRoutes(server.app, server.metrics);
    const jobs = new JobRunner(installation.database, context.clock, log, [
      ...jobHandlers(context),
      ...packages.jobs,
    ]);
    const url = config.roles.includes('web') ? await server.listen() : '';
    if (config.roles.includes('jobs')) await jobs.start();
    return {
      url,
      context,
      async close() {
        await server.close();
        await jobs.stop();
        await packages.close();
        await installation.close();
      },
    };
  } catch (error) {
    await installation.close();
    throw error;
  }
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1|\[::1\])$/;

async function refuseOpenRoot({ config, db }: Context): Promise<void> {
  if (LOOPBACK.test(config.host) || config['allow-empty-root-password']) return;
  if (!(await hasEmptyRootPassword(db))) return;
  throw new AppError(
    kernelErrors.emptyRootPassword,
    `refusing to serve on ${config.host} while the root user has an empty password`,
  );
}

const HOUR_MS = 3_600_000;

function jobHandlers(context: Context): JobHandler[] {
  return [
    {
      name: 'kernel.collect-orphans',
      everyMs: HOUR_MS,
      async run() {
        const before = context.clock.now() - ORPHAN_GRACE_MS;
        const referenced = await listReferencedDigests(context.db);
        const freed = await collectOrphans(context.files, (sha256) => referenced.has(sha256), before);
        if (freed.files > 0) context.log.info(freed, 'removed stored bytes that no file refers to');
      },
    },
  ];
}
