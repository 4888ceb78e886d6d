import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  type CompiledQuery,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';

import { throwDatabaseError } from './database-error.ts';

const MAX_CACHED_STATEMENTS = 500;

/** One SQLite connection with its prepared statements. */
class Session {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, readOnly: boolean) {
    this.#database = tell(() => new DatabaseSync(path, { readOnly, timeout: 5000 }));
    this.exec(
      'pragma foreign_keys = on; pragma cache_size = -32768; pragma temp_store = memory;' +
        (readOnly ? '' : 'pragma journal_mode = wal; pragma synchronous = full;'),
    );
  }

  run(sql: string, parameters: readonly unknown[]): QueryResult<never> {
    return tell(() => {
      const statement = this.#prepare(sql);
      const values = parameters.map(encode);
      if (statement.columns().length > 0) return { rows: statement.all(...values) as never[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    });
  }

  exec(sql: string): void {
    tell(() => this.#database.exec(sql));
  }

  /** False also after SQLite itself took a transaction back, as it does when the disk is full. */
  get isInTransaction(): boolean {
    return this.#database.isTransaction;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) return cached;
    if (this.#statements.size >= MAX_CACHED_STATEMENTS) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function tell<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    return throwDatabaseError(error);
  }
}

function encode(value: unknown): SQLInputValue {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value as SQLInputValue;
}

/** Hands out the one writing connection, first come first served. */
class WriterLock {
  #last: Promise<void> = Promise.resolve();

  async acquire(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    return resolve;
  }
}

/**
 * Kysely on node:sqlite: one serialised writer, and a second read-only connection so that reads go on
 * while a transaction awaits. Kysely's stock dialect would hold every read back (reference stack.md 3).
 */
export class NodeSqliteDialect implements Dialect {
  readonly #path: string;
  readonly #readOnly: boolean;

  constructor(path: string, options: { readonly readOnly?: boolean } = {}) {
    this.#path = path;
    this.#readOnly = options.readOnly ?? false;
  }

  createAdapter = () => new ConcurrentSqliteAdapter();
  createDriver = () => new NodeSqliteDriver(this.#path, this.#readOnly);
  createIntrospector = (db: ConstructorParameters<typeof SqliteIntrospector>[0]) =>
    new SqliteIntrospector(db);
  createQueryCompiler = () => new SqliteQueryCompiler();
}

/** Without this Kysely itself lets one connection out at a time, and reads wait for transactions again. */
class ConcurrentSqliteAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class NodeSqliteDriver implements Driver {
  readonly #path: string;
  readonly #readOnly: boolean;
  #writer!: Session;
  #reader!: Session;
  readonly #lock = new WriterLock();

  constructor(path: string, readOnly: boolean) {
    this.#path = path;
    this.#readOnly = readOnly;
  }

  async init(): Promise<void> {
    this.#writer = new Session(this.#path, this.#readOnly);
    this.#reader = new Session(this.#path, true);
  }

  async acquireConnection(): Promise<SqliteConnection> {
    return new SqliteConnection(this.#writer, this.#reader, this.#lock, this.#readOnly);
  }

  beginTransaction = (connection: DatabaseConnection) => (connection as SqliteConnection).begin();
  commitTransaction = (connection: DatabaseConnection) => (connection as SqliteConnection).end('commit');
  rollbackTransaction = (connection: DatabaseConnection) => (connection as SqliteConnection).end('rollback');

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    (connection as SqliteConnection).release();
  }

  async destroy(): Promise<void> {
    this.#reader.close();
    this.#writer.close();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #writer: Session;
  readonly #reader: Session;
  readonly #lock: WriterLock;
  readonly #readOnly: boolean;
  #unlock: (() => void) | undefined;

  constructor(writer: Session, reader: Session, lock: WriterLock, readOnly: boolean) {
    this.#writer = writer;
    this.#reader = reader;
    this.#lock = lock;
    this.#readOnly = readOnly;
  }

  async executeQuery<Row>({ query, sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#unlock !== undefined) return this.#writer.run(sql, parameters);
    if (SelectQueryNode.is(query)) return this.#reader.run(sql, parameters);
    const unlock = await this.#lock.acquire();
    try {
      return this.#writer.run(sql, parameters);
    } finally {
      unlock();
    }
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query);
  }

  async begin(): Promise<void> {
    this.#unlock = await this.#lock.acquire();
    // A transaction that only reads sees one moment from its first query on, and asks for no lock.
    this.#writer.exec(this.#readOnly ? 'begin' : 'begin immediate');
  }

  async end(statement: 'commit' | 'rollback'): Promise<void> {
    // Kysely rolls back after any failure; an error about that would hide the one that matters.
    if (statement === 'commit' || this.#writer.isInTransaction) this.#writer.exec(statement);
    this.release();
  }

  release(): void {
    this.#unlock?.();
    this.#unlock = undefined;
  }
}
