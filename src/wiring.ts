import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { keepBeforeUpgrade } from '#kernel/backup/keep-before-upgrade.ts';
import { refuseHalfRestored } from '#kernel/backup/restoring.ts';
import type { BackupSource } from '#kernel/backup/take-backup.ts';
import { systemClock, type Clock } from '#kernel/clock.ts';
import type { Config } from '#kernel/config/kernel-settings.ts';
import type { Context } from '#kernel/context.ts';
import { openPostgres, openSqlite, type Database } from '#kernel/db/db.ts';
import { ensureInstallation, markInitialized } from '#kernel/db/installation.ts';
import { kernelMigrations } from '#kernel/db/kernel-tables.ts';
import { lockDirectory } from '#kernel/db/lock-directory.ts';
import { migrate, readMigrations, type Migration, type MigrationState } from '#kernel/db/migrate.ts';
import { refuseNewer } from '#kernel/db/refuse-newer.ts';
import { findUnfinishedImport } from '#kernel/db/unfinished-import.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { openEvents } from '#kernel/events/events.ts';
import { claimDirectory } from '#kernel/files/claim-directory.ts';
import type { ExpectedBytes } from '#kernel/files/expected-bytes.ts';
import { filesDirectory } from '#kernel/files/files-directory.ts';
import type { FindNeeded } from '#kernel/files/find-orphans.ts';
import { openLocalFiles } from '#kernel/files/local-files.ts';
import { orphanCollection } from '#kernel/files/orphan-collection.ts';
import { createHttpServer, type Route } from '#kernel/http/server.ts';
import type { Authorize } from '#kernel/http/policy.ts';
import { trustAuthorities } from '#kernel/http/trust.ts';
import { serverRoutes } from '#kernel/http/server-routes.ts';
import { JobRunner } from '#kernel/jobs/job-runner.ts';
import { measureJobs } from '#kernel/jobs/measure-jobs.ts';
import type { Log } from '#kernel/log/log.ts';
import type { OpenPart, Part, PartCode } from '#kernel/part.ts';
import { Readiness } from '#kernel/readiness.ts';
import { isReplicaDatabase, joinPrimary } from '#kernel/replication/join-primary.ts';
import { openReplica, type OpenReplica } from '#kernel/replication/open-replica.ts';
import { PollingReplicas } from '#kernel/replication/polling-replicas.ts';
import { promoteReplica, type Promoted } from '#kernel/replication/promote.ts';
import { primaryRoutes } from '#kernel/replication/primary-routes.ts';
import type { ReplicatedParts } from '#kernel/replication/replicated.ts';
import { listStoredBytes, neededDigests, type DigestColumn } from '#kernel/stored-bytes/store.ts';
import { assetRoutes } from '#web/serving/asset-routes.ts';
import type { Web } from '#web/serving/context.ts';
import { createErrorPage } from '#web/serving/error-page.ts';
import { openWeb } from '#web/serving/open-web.ts';
import { eventsOf, operationsOf, parts as allParts, scopesOf, settingsOf } from './parts.ts';

/** Configuration, database and files, opened for one process. */
export interface Installation {
  readonly context: Context;
  readonly database: Database;
  /** The code of every part, in order. */
  readonly code: readonly PartCode[];
  /** Which stored bytes any part needs. */
  readonly findNeeded: FindNeeded;
  /** All stored bytes that a row of any part names; to be read once. */
  readonly stored: AsyncIterable<ExpectedBytes>;
  /** Set where a server is opened that follows another one. */
  readonly replica: OpenReplica | undefined;
  /** True if this process alone may write; false when another one serves the directory. */
  readonly isOwner: boolean;
  /** True if there was none before: then it has been given what a new one has. */
  readonly isNew: boolean;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly mayShare?: boolean;
  /** Change something beside the process that serves it, which hears of it; not for a replica. */
  readonly mayChangeBeside?: boolean;
  readonly mustExist?: boolean;
  /** Open it as a replica if the configuration says so; without it a replica is only opened to be shared. */
  readonly mayFollow?: boolean;
  /** For the promotion of a replica: everything else that would change one is refused. */
  readonly isPromotion?: boolean;
  /** For the import itself: everything else is refused a directory into which one has not ended. */
  readonly isImport?: boolean;
  /** Tests pass one that they can turn. */
  readonly clock?: Clock;
  /** Others than those of the program, for tests. */
  readonly parts?: readonly Part[];
}

/**
 * Opens the server directory and the database, migrates, recovers, and makes the first state of a new installation.
 * With `mayShare` a directory that another process serves is opened all the same, for reading, and with `mayChangeBeside` for
 * one small change; otherwise that is `kernel.serverdir-in-use`. With `mustExist` nothing is made where there was no server yet.
 */
export async function openInstallation(
  config: Config,
  log: Log,
  {
    mayChangeBeside = false,
    mayShare = mayChangeBeside,
    mustExist = false,
    mayFollow = false,
    isPromotion = false,
    isImport = false,
    clock = systemClock,
    parts = allParts,
  }: OpenOptions = {},
): Promise<Installation> {
  const { serverdir } = config;
  if (mustExist) demandServer(serverdir);
  await mkdir(serverdir, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new AppError(
      kernelErrors.serverdirUnusable,
      `cannot create ${serverdir}: ${(cause as Error).message}`,
      { cause },
    );
  });
  refuseHalfRestored(serverdir);
  const lock = lockServerdir(serverdir);
  const isOwner = lock !== undefined;
  if (!isOwner && !mayShare) {
    throw new AppError(kernelErrors.serverdirInUse, `another process serves ${serverdir}`);
  }
  // What was opened so far is closed again if the rest fails.
  await using opened = new AsyncDisposableStack();
  opened.defer(() => lock?.release());
  const code = await loadCode(parts);
  const database = openDatabase(config);
  opened.defer(() => database.close());
  await prepare(database, migrationsOf(code), { config, log, isOwner });
  const directory = filesDirectory(config);
  await claimDirectory(directory, database.db);
  const { db, dialect } = database;
  const joined = mayFollow ? await joinPrimary(db, config) : undefined;
  const isReplica = joined !== undefined || (await isReplicaDatabase(db));
  if (isReplica && !mayFollow && !isPromotion && (!mayShare || mayChangeBeside))
    throw new AppError(kernelErrors.isReplica, `the server in ${serverdir} is a replica`);
  const { uuid, secret } = await ensureInstallation(db);
  if (!isImport) await refuseUnfinishedImport(database, serverdir);
  const isForGroup = config['http.internal-location'] !== undefined;
  const local = await openLocalFiles(directory, { isForGroup });
  opened.defer(() => local.close());
  const events = await openEvents(database, eventsOf(parts), clock, log, { isReplica });
  opened.defer(() => events.close());
  const replica =
    joined &&
    openReplica(joined, { config, db, clock, log, events, local, parts: replicatedBy(parts, code) });
  if (replica !== undefined) opened.defer(() => replica.close());
  const context: Context = {
    db,
    dialect,
    files: replica?.files ?? local,
    events,
    clock,
    log,
    config,
    uuid,
    secret,
    ...(replica && { replica: replica.replica }),
    replicas: new PollingReplicas(clock),
    scopes: scopesOf(parts),
  };
  const isNew = isOwner && !isReplica && (await makeFirstState(context, code));
  const owned = opened.move();
  const close = () => owned.disposeAsync();
  const columns = storedBytesOf(code);
  return {
    context,
    database,
    code,
    findNeeded: (digests) => neededDigests(columns, db, digests),
    stored: listStoredBytes(columns, db),
    replica,
    isOwner,
    isNew,
    close,
  };
}

/**
 * Opens what a backup is taken of. Nothing is migrated and no lock is held, so that a server may serve it, start and stop
 * meanwhile; throws `kernel.database-older` if it is not migrated for this version.
 */
export async function openForBackup(config: Config): Promise<BackupSource & { close(): Promise<void> }> {
  demandServer(config.serverdir);
  refuseHalfRestored(config.serverdir);
  const code = await loadCode();
  const migrations = migrationsOf(code);
  await using opened = new AsyncDisposableStack();
  const database = openDatabase(config, { readOnly: true });
  opened.defer(() => database.close());
  const state = await readMigrations(database, migrations);
  refuseNewer(state);
  refuseOlder(state);
  const directory = filesDirectory(config);
  await claimDirectory(directory, database.db);
  const files = await openLocalFiles(directory);
  opened.defer(() => files.close());
  const owned = opened.move();
  const columns = storedBytesOf(code);
  return {
    database,
    files,
    migrations,
    listStored: (db) => listStoredBytes(columns, db),
    findNeeded: (digests) => neededDigests(columns, database.db, digests),
    configuration: join(config.serverdir, 'wheelhouse.yml'),
    close: () => owned.disposeAsync(),
  };
}

function refuseOlder({ missing, version = '0.1.0 or older' }: MigrationState): void {
  if (missing.length === 0) return;
  throw new AppError(kernelErrors.databaseOlder, `the database is of version ${version}`);
}

/** Makes a server of its own of a replica that nobody serves. */
export async function promote(
  config: Config,
  log: Log,
  options: Parameters<typeof promoteReplica>[1],
): Promise<Promoted> {
  const installation = await openInstallation(config, log, { mustExist: true, isPromotion: true });
  try {
    const { database, stored, context } = installation;
    return await promoteReplica({ database, stored, config, files: context.files }, options);
  } finally {
    await installation.close();
  }
}

/** What this version migrates a database with. */
export async function loadMigrations(): Promise<readonly Migration[]> {
  return migrationsOf(await loadCode());
}

async function loadCode(parts: readonly Part[] = allParts): Promise<PartCode[]> {
  return await Promise.all(parts.map((part) => part.load()));
}

function demandServer(serverdir: string): void {
  // A restored backup may have the database only.
  if (['.lock', 'wheelhouse.sqlite'].some((name) => existsSync(join(serverdir, name)))) return;
  throw new AppError(kernelErrors.serverdirEmpty, `no server has ever run in ${serverdir}`);
}

function openDatabase(
  { database, serverdir, 'ca-file': caFile, 'replica-of': primary }: Config,
  options: { readonly readOnly?: boolean } = {},
): Database {
  // A wrong file is told at the start; otherwise the certificates are read when they are first needed.
  const isEncrypted = database !== 'sqlite' || primary?.startsWith('https:') === true;
  if (caFile !== undefined || isEncrypted) trustAuthorities(caFile);
  return database === 'sqlite'
    ? openSqlite(join(serverdir, 'wheelhouse.sqlite'), options)
    : openPostgres(database.reveal());
}

async function refuseUnfinishedImport({ db }: Database, serverdir: string): Promise<void> {
  const source = await findUnfinishedImport(db);
  if (source === undefined) return;
  throw new AppError(
    kernelErrors.importUnfinished,
    `the import of ${source} into ${serverdir} has not ended`,
  );
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

/** What a database needs, in the order of the numbers that the names begin with. */
export function migrationsOf(code: readonly PartCode[]): readonly Migration[] {
  const all = [...kernelMigrations, ...code.flatMap(({ migrations }) => migrations)];
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Migrates if this process is the owner; with SQLite a copy of what was there is kept. A newer database is left alone. */
async function prepare(
  database: Database,
  migrations: readonly Migration[],
  { config, log, isOwner }: { readonly config: Config; readonly log: Log; readonly isOwner: boolean },
): Promise<void> {
  try {
    const state = await readMigrations(database, migrations);
    refuseNewer(state);
    if (!isOwner) {
      refuseOlder(state);
      return;
    }
    const kept = await keepBeforeUpgrade(database, state, config);
    const applied = await migrate(database, migrations);
    if (applied.length > 0) log.info({ migrations: applied }, 'database migrated');
    if (kept !== undefined) log.warn({ copy: kept.path }, kept.wayBack);
  } catch (cause) {
    const isTold = cause instanceof AppError && cause.kind !== kernelErrors.databaseUnavailable;
    if (database.dialect === 'sqlite' || isTold) throw cause;
    const reason = ((cause instanceof AppError ? cause.cause : cause) as Error).message;
    throw new AppError(kernelErrors.databaseUnavailable, `cannot prepare the database: ${reason}`, { cause });
  }
}

/** What replicas copy of each part. */
function replicatedBy(parts: readonly Part[], code: readonly PartCode[]): ReplicatedParts {
  return new Map(
    parts.flatMap(({ name }, position) => {
      const replicated = code[position]?.replicated;
      return replicated === undefined ? [] : [[name, replicated] as const];
    }),
  );
}

/** Every column of any part that names stored bytes. */
function storedBytesOf(code: readonly PartCode[]): readonly DigestColumn[] {
  return code.flatMap(({ storedBytes = [] }) => storedBytes);
}

async function makeFirstState(context: Context, code: readonly PartCode[]): Promise<boolean> {
  return await context.events.change(async (tx, emit) => {
    if (!(await markInitialized(tx))) return false;
    for (const each of code) await each.initialize?.(context, tx, emit);
    return true;
  });
}

/** Makes the state of a new server; false if the server has one already, which is then left as it is. */
export async function initialize(config: Config, log: Log): Promise<boolean> {
  const installation = await openInstallation(config, log);
  await installation.close();
  return installation.isNew;
}

/** A server that answers requests and runs jobs, as its roles say. */
export interface RunningServer {
  /** The address to type, without a trailing slash. */
  readonly url: string;
  readonly context: Context;
  /** Every route that answers. */
  readonly routes: readonly Route[];
  close(): Promise<void>;
}

/** Starts a server; throws before it listens if anything is not as it must be. */
export async function startServer(
  config: Config,
  log: Log,
  options: Pick<OpenOptions, 'clock' | 'parts'> = {},
): Promise<RunningServer> {
  const { parts = allParts } = options;
  const installation = await openInstallation(config, log, { ...options, mayFollow: true });
  try {
    const { replica } = installation;
    // Nothing half is ever served: a new replica listens when it has everything.
    await replica?.start(installation.stored);
    const web = openWeb(installation.context, settingsOf(parts));
    const { context, open } = await openParts(installation, parts, web);
    const server = createHttpServer({
      config,
      log,
      identify: only(open, 'identify') ?? missing('identify'),
      authorize: authorizeBy(open, parts),
      hotPath: only(open, 'hotPath') ?? (() => false),
      ...(replica && { forward: replica.forward }),
      standardHeaders: only(open, 'headers') ?? (() => []),
      errorPage: createErrorPage({ ...context, web }),
    });
    const readiness = new Readiness({
      ...installation,
      ...context,
      replica: context.replica,
      migrations: migrationsOf(installation.code),
    });
    serverRoutes(server.app, server.metrics, operationsOf(parts), readiness);
    primaryRoutes(server.app, context, replicatedBy(parts, installation.code));
    assetRoutes(server.app);
    for (const part of open) part.declareRoutes?.(server.app, server.metrics);
    const handlers = [
      orphanCollection({ ...installation, ...context }),
      ...open.flatMap((part) => part.jobs ?? []),
    ];
    const run = replica === undefined ? handlers : handlers.filter(({ isLocal }) => isLocal === true);
    measureJobs(server.metrics, context.db, context.clock, run);
    const jobs = new JobRunner(installation.database, context.clock, log, run);
    const url = config.roles.includes('web') ? await server.listen() : '';
    if (config.roles.includes('jobs')) await jobs.start();
    return {
      url,
      context,
      routes: server.routes,
      async close() {
        web.stop();
        await server.close();
        await jobs.stop();
        for (const part of open.toReversed()) await part.close?.();
        await installation.close();
      },
    };
  } catch (error) {
    await installation.close();
    throw error;
  }
}

/** Opens each part with what those before it added to the context. */
async function openParts({ context, code }: Installation, parts: readonly Part[], web: Web) {
  const open: OpenPart[] = [];
  const grown: Record<string, unknown> = { ...context, web };
  for (const [position, part] of parts.entries()) {
    const opened = (await code[position]?.open(grown as unknown as Context)) ?? {};
    open.push(opened);
    if (opened.context !== undefined) grown[part.name] = opened.context;
  }
  return { context: grown as unknown as Context, open };
}

/** What exactly one part brings; a second one is a mistake of ours, and fails the start. */
function only<Key extends keyof OpenPart>(
  open: readonly OpenPart[],
  key: Key,
): NonNullable<OpenPart[Key]> | undefined {
  const found = open.map((part) => part[key]).filter((brought) => brought !== undefined);
  if (found.length > 1) throw new Error(`${found.length} parts bring ${key}`);
  return found[0];
}

/** Asks the part whose policy has the permission; an operation without one is a mistake of ours, and fails the start. */
function authorizeBy(open: readonly OpenPart[], parts: readonly Part[]): Authorize {
  const byPermission = new Map<string, Authorize>();
  for (const [position, { policy }] of parts.entries()) {
    for (const permission of Object.keys(policy.scopes)) {
      const authorize = open[position]?.authorize;
      if (authorize === undefined || byPermission.has(permission))
        throw new Error(`the permission ${permission} is decided by no part or by two`);
      byPermission.set(permission, authorize);
    }
  }
  for (const { permission, path } of Object.values(operationsOf(parts))) {
    if (!byPermission.has(permission)) throw new Error(`${path}: no policy has the permission ${permission}`);
  }
  return async (operation, request) => {
    const authorize = byPermission.get(operation.permission);
    // Denied, whatever the checks above have let through.
    if (authorize === undefined) throw new Error(`no policy has the permission ${operation.permission}`);
    return await authorize(operation, request);
  };
}

function missing(key: keyof OpenPart): never {
  throw new Error(`no part brings ${key}`);
}
