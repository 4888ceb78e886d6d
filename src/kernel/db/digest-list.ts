import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { throwDatabaseError } from './database-error.ts';

/** A million digests, which come in no order, take four times as long with SQLite's own two mebibytes. */
const CACHE_KIB = 64 * 1024;

/** Stored bytes, and a file that has them, for people. */
export interface ListedDigest {
  readonly sha256: string;
  readonly size: number;
  readonly name: string;
}

/**
 * Digests on the disk, each once and in order: a server may have more files than fit into memory. The file is of no use after
 * a crash.
 */
export class DigestList implements Disposable {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;

  /** Opens the file, or makes it. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(
      `pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -${CACHE_KIB};
      create table if not exists digest
        (sha256 text primary key, size integer not null, name text not null) without rowid`,
    );
    this.#find = this.#database.prepare('select 1 from digest where sha256 = ?');
  }

  /** Of those that are there already nothing changes. */
  async fill(digests: AsyncIterable<ListedDigest>): Promise<void> {
    try {
      const insert = this.#database.prepare('insert or ignore into digest values (?, ?, ?)');
      this.#database.exec('begin');
      for await (const { sha256, size, name } of digests) insert.run(sha256, size, name);
      this.#database.exec('commit');
    } catch (error) {
      throwDatabaseError(error);
    }
  }

  has(sha256: string): boolean {
    return this.#find.get(sha256) !== undefined;
  }

  *[Symbol.iterator](): Generator<ListedDigest> {
    const all = this.#database.prepare('select sha256, size, name from digest order by sha256');
    yield* all.iterate() as IterableIterator<unknown> as IterableIterator<ListedDigest>;
  }

  total(): { readonly count: number; readonly bytes: number } {
    const sums = 'select count(*) as count, coalesce(sum(size), 0) as bytes from digest';
    return this.#database.prepare(sums).get() as unknown as { count: number; bytes: number };
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
