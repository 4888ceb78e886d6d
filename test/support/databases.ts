import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { inject } from 'vitest';
import { openPostgres, openSqlite, type Database, type DialectName } from '#kernel/db/db.ts';
import { POSTGRES_TEMPLATE } from './postgres-template.ts';

/** The databases that this machine can test: `describe.each(databases)('… on %s', (kind) => …)`. */
export const databases: readonly DialectName[] =
  inject('postgresServer') === undefined ? ['sqlite'] : ['sqlite', 'postgres'];

/** A database of its own for one test or one file of tests. */
export interface TestDatabase {
  /** The setting `database` that opens it. */
  readonly setting: string;
  /** Where its file lies, SQLite only. */
  readonly directory: string;
  /** Opens it as a server process does; several times on PostgreSQL only. */
  open(): Database;
  remove(): Promise<void>;
}

/** A migrated database, copied from the template: 1 ms for SQLite, some 30 for PostgreSQL. `isBlank`: without a table. */
export async function testDatabase(
  kind: DialectName,
  { isBlank = false }: { readonly isBlank?: boolean } = {},
): Promise<TestDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'wheelhouse-test-'));
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true });
  if (kind === 'sqlite') {
    const path = join(directory, 'wheelhouse.sqlite');
    if (!isBlank) copyFileSync(inject('sqliteTemplate'), path);
    return {
      setting: 'sqlite',
      directory,
      open: () => openSqlite(path),
      remove: async () => removeDirectory(),
    };
  }
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(`create database ${name} template ${isBlank ? 'template0' : POSTGRES_TEMPLATE}`);
  const setting = urlOf(name);
  return {
    setting,
    directory,
    open: () => openPostgres(setting),
    async remove() {
      await administer(`drop database ${name} with (force)`);
      removeDirectory();
    },
  };
}

/** Runs one statement as the superuser of the test server. */
export async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: urlOf('postgres') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function urlOf(database: string): string {
  const server = inject('postgresServer');
  if (server === undefined) throw new Error('there is no PostgreSQL; use describe.each(databases)');
  return `${server.start}${database}${server.end}`;
}
