import type { Db } from '../db/db.ts';
import type { StoredEvent } from '../events/event-type.ts';

/** A thing that events tell of, such as `['accounts.user', 'alice']`; the kind begins with the part that reads it. */
export type Subject = readonly [kind: string, ...names: string[]];

/** A row as it travels: no column of a replicated table holds anything else. */
export type Row = Readonly<Record<string, string | number | null>>;

/** The rows of a table that are to be exactly these, wherever they have the values of `where`. */
export interface RowSet {
  readonly table: string;
  /** Without it these rows are there, among others. An empty one means the whole table. */
  readonly where?: Row | undefined;
  /** Narrows `where` to texts that begin or end so. */
  readonly matching?:
    | {
        readonly column: string;
        readonly at: 'start' | 'end';
        readonly text: string;
      }
    | undefined;
  readonly rows: readonly Row[];
}

export interface ReplicatedTable {
  /** The columns of the primary key; none for a table that is always read whole. */
  readonly key: readonly string[];
  /** Columns that together no two rows share. */
  readonly unique?: readonly (readonly string[])[];
  /** Columns that name stored bytes by their sha256. */
  readonly digests?: readonly string[];
}

/**
 * What a replica must know of the tables of a part. What an event tells of is read whole, as it is now: reading it twice, or late, does
 * no harm, and what changed meanwhile has an event of its own.
 */
export interface Replicated {
  /** The tables that replicas copy, or drop rows from, by name. */
  readonly tables: Readonly<Record<string, ReplicatedTable>>;
  /** The tables of which every server has its own. */
  readonly local: readonly string[];
  /** Whose rows an event may have changed, also of parts before this one, which then come first. */
  subjectsOf(event: StoredEvent): readonly Subject[];
  /**
   * For an event that tells of more than fits into one page: the next subjects behind a place, from the empty one on; undefined for any
   * other event.
   */
  many?(db: Db, event: StoredEvent, after: string): Promise<ManySubjects | undefined>;
  /** Everything about a subject: rows before those that refer to them. */
  read(db: Db, subject: Subject): Promise<readonly RowSet[]>;
}

export interface ManySubjects {
  readonly subjects: readonly Subject[];
  /** The place behind them; undefined if there are no more. */
  readonly next: string | undefined;
}

/** What the parts of the program replicate, by the names of the parts. */
export type ReplicatedParts = ReadonlyMap<string, Replicated>;

/** Every table that replicas copy. */
export function replicatedTables(parts: ReplicatedParts): ReadonlyMap<string, ReplicatedTable> {
  return new Map([...parts.values()].flatMap(({ tables }) => Object.entries(tables)));
}
