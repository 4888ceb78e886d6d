import { sql, type ExpressionBuilder } from 'kysely';
import type { Db } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';
import type { StoredEvent } from './event-type.ts';

/** Which events somebody may see. */
export interface Visible {
  /** Ids of things, and the types of events that are about such. */
  readonly about: { readonly ids: readonly number[]; readonly types: readonly string[] };
  /** Events of these types whose data name this user, since a time: who had the name before is somebody else. */
  readonly own?: { readonly user: string; readonly types: readonly string[]; readonly since: number };
}

/** Where in the log something lies: a serial, or a time in epoch milliseconds. */
export type Position = { readonly serial: number } | { readonly at: number };

export interface EventFilter {
  /** Undefined: everything. */
  readonly visible: Visible | undefined;
  /** A part of the type. */
  readonly type?: string | undefined;
  /** Who did it, or whom the data name. */
  readonly user?: string | undefined;
  /** Values that the data have, by their names. */
  readonly data?: Readonly<Record<string, string>>;
  /** Behind this serial, or from this time on. */
  readonly since?: Position | undefined;
  /** Up to and with this serial or time. */
  readonly until?: Position | undefined;
  readonly isNewestFirst: boolean;
  readonly limit: number;
  /** The newest serial that counts. */
  readonly head: number;
  /** At most so many serials are looked at; without it all. */
  readonly mostScanned?: number;
}

export interface FoundEvents {
  readonly events: readonly StoredEvent[];
  /** The last serial that was looked at, in the order asked for. */
  readonly scanned: number;
  /** False if nothing is left to look at behind it. */
  readonly hasMore: boolean;
}

type Builder = ExpressionBuilder<KernelTables, 'event'>;

/**
 * Events that fit, as far as the log was looked through: who wants more goes on behind `scanned`. What is hidden counts as
 * looked at, and leaves no other trace.
 */
export async function findEvents(db: Db, filter: EventFilter): Promise<FoundEvents> {
  const { isNewestFirst, limit, head, mostScanned = Infinity } = filter;
  const from = Math.max(0, await lastBefore(db, filter.since ?? { serial: 0 }, head));
  const to = Math.min(head, await lastUpTo(db, filter.until ?? { serial: head }, head));
  const low = isNewestFirst ? Math.max(from, to - mostScanned) : from;
  const high = isNewestFirst ? to : Math.min(to, from + mostScanned);
  if (high <= low || limit === 0)
    return { events: [], scanned: isNewestFirst ? low + 1 : from, hasMore: false };
  const rows = await tables(db)
    .selectFrom('event')
    .selectAll()
    .where('serial', '>', low)
    .where('serial', '<=', high)
    .where((eb) => eb.and([seenBy(eb, filter.visible), ...chosen(eb, filter)]))
    .orderBy('serial', isNewestFirst ? 'desc' : 'asc')
    .limit(limit)
    .execute();
  const events = rows.map((row) => ({ ...row, data: JSON.parse(row.data) as StoredEvent['data'] }));
  const last = rows.length === limit ? rows.at(-1)?.serial : undefined;
  const scanned = last ?? (isNewestFirst ? low + 1 : high);
  return { events, scanned, hasMore: isNewestFirst ? scanned > from + 1 : scanned < to };
}

function seenBy(eb: Builder, visible: Visible | undefined) {
  if (visible === undefined) return eb.lit(true);
  const { about, own } = visible;
  const ways = [];
  if (about.ids.length > 0 && about.types.length > 0)
    ways.push(eb.and([eb('about', 'in', about.ids), eb('type', 'in', about.types)]));
  if (own !== undefined && own.types.length > 0) {
    ways.push(eb.and([eb('type', 'in', own.types), eb('at', '>=', own.since), hasValue('user', own.user)]));
  }
  return eb.or(ways);
}

function chosen(eb: Builder, { type, user, data = {} }: EventFilter) {
  const conditions = Object.entries(data).map(([key, value]) => hasValue(key, value));
  if (type !== undefined) conditions.push(contains(sql.ref('type'), type));
  const byUser = user === undefined ? [] : [eb.or([eb('actor', '=', user), hasValue('user', user)])];
  return [...conditions, ...byUser];
}

/** The data are what `JSON.stringify` makes: a name and its value stand there in one form only. */
function hasValue(key: string, value: string) {
  return contains(sql.ref('data'), `${JSON.stringify(key)}:${JSON.stringify(value)}`);
}

function contains(column: ReturnType<typeof sql.ref>, text: string) {
  return sql<boolean>`replace(${column}, ${text}, '') <> ${column}`;
}

/** The serial behind which `since` begins. */
async function lastBefore(db: Db, position: Position, head: number): Promise<number> {
  return 'serial' in position ? position.serial : (await firstAt(db, position.at, head)) - 1;
}

async function lastUpTo(db: Db, position: Position, head: number): Promise<number> {
  return 'serial' in position ? position.serial : (await firstAt(db, position.at + 1, head)) - 1;
}

/** The first serial of this time or later, by halves: serials have the order of times, as far as clocks go. */
async function firstAt(db: Db, at: number, head: number): Promise<number> {
  let [low, high] = [1, head + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = await tables(db)
      .selectFrom('event')
      .select('at')
      .where('serial', '=', middle)
      .executeTakeFirst();
    if ((row?.at ?? Infinity) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function tables(db: Db) {
  return db.withTables<KernelTables>();
}
