import { closeSync, openSync } from 'node:fs';
import { Kysely, type Transaction } from 'kysely';
import { Pool, types as pgTypes } from 'pg';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { TellingPostgresDialect } from './postgres-dialect.ts';
import { NodeSqliteDialect } from './sqlite-dialect.ts';

export type DialectName = 'sqlite' | 'postgres';

/**
 * A database that knows no tables: each part adds its own with `db.withTables<…>()`, so that reading
 * another part's table does not compile (reference style.md 3.2).
 */
// oxlint-disable-next-line typescript/no-empty-object-type
export type Db = Kysely<{}>;
// oxlint-disable-next-line typescript/no-empty-object-type
export type Tx = Transaction<{}>;

export interface Database {
  readonly db: Db;
  readonly dialect: DialectName;
  /** The connection pool, on PostgreSQL only: for LISTEN. */
  readonly pool: Pool | undefined;
  /** The file, on SQLite only. */
  readonly path: string | undefined;
  close(): Promise<void>;
}

const INT8 = 20;

/** `int8` and `count(*)` arrive as numbers: ids, sizes and epoch milliseconds all fit into 2^53. */
const types = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') =>
    oid === INT8 ? Number : pgTypes.getTypeParser(oid, format as 'text')) as typeof pgTypes.getTypeParser,
};

/**
 * Opens the SQLite file at `path`; the caller has made sure that no other process writes it. A new file is readable by
 * its owner only, since it holds password hashes and the key of tokens; SQLite gives its companions the same mode.
 */
export function openSqlite(path: string, options: { readonly readOnly?: boolean } = {}): Database {
  if (options.readOnly !== true) touch(path);
  const db = new Kysely<object>({ dialect: new NodeSqliteDialect(path, options) }) as unknown as Db;
  return { db, dialect: 'sqlite', pool: undefined, path, close: () => db.destroy() };
}

function touch(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (cause) {
    throw new AppError(kernelErrors.serverdirUnusable, `cannot write ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Opens a pool on a `postgres://` URL. Connections are made on first use. */
export function openPostgres(url: string): Database {
  const pool = new Pool({
    connectionString: url,
    max: 20,
    types,
    connectionTimeoutMillis: 10_000,
    // Firewalls forget connections that are silent for minutes.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  });
  // A connection that breaks, idle or in use, must not end the process: who uses it is told by its query.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<object>({ dialect: new TellingPostgresDialect(pool) }) as unknown as Db;
  return { db, dialect: 'postgres', pool, path: undefined, close: () => db.destroy() };
}
