import { mayReadAllEvents, ownEvents } from '#accounts';
import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import type { StoredEvent } from '#kernel/events/event-type.ts';
import { findEvents, type Position, type Visible } from '#kernel/events/find-events.ts';
import type { Identity } from '#kernel/identity.ts';
import { packagesEvents } from '../events.ts';
import { listIndexes } from '../indexes/store.ts';
import { type Index } from '../model/index.ts';
import { mayRead } from '../policy.ts';

export interface EventQuery {
  readonly user: string | undefined;
  /** A type, or a part of one. */
  readonly type: string | undefined;
  /** `user/index`. */
  readonly index: string | undefined;
  readonly project: string | undefined;
  readonly since: Position | undefined;
  readonly until: Position | undefined;
  readonly isNewestFirst: boolean;
  readonly limit: number;
}

export interface ReadEvents {
  readonly events: readonly StoredEvent[];
  /** The last serial that was looked at: the next `since`, or `before` where the newest come first. */
  readonly scanned: number;
  readonly hasMore: boolean;
}

const LIMIT = 100;
const MAX_LIMIT = 1000;
/** Serials that one request looks at; who filters a long log asks again behind `scanned`. */
export const MAX_SCANNED = 20_000;

const ABOUT_INDEX = Object.values(packagesEvents)
  .filter(({ about }) => about === 'index')
  .map(({ type }) => type);

/**
 * The events that this reader may see. Root sees all; others what is about an index that is there and that they may read
 * now, and what is about themselves and their tokens. What is hidden leaves no trace but its serial, which everybody knows.
 */
export async function readEvents(
  context: Context,
  identity: Identity,
  query: EventQuery,
): Promise<ReadEvents> {
  const { index, project, ...rest } = query;
  const visible = await visibleTo(context, identity);
  return await findEvents(context.db, {
    ...rest,
    visible,
    data: { ...(index !== undefined && { index }), ...(project !== undefined && { project }) },
    head: context.events.serial,
    mostScanned: MAX_SCANNED,
  });
}

async function visibleTo(context: Context, identity: Identity): Promise<Visible | undefined> {
  if (mayReadAllEvents(context, identity)) return undefined;
  const readable = await readableIndexes(context, identity);
  const own = await ownEvents(context, identity);
  return {
    about: { ids: readable.map(({ id }) => id), types: ABOUT_INDEX },
    ...(own && { own }),
  };
}

/** Every index that somebody may read. */
async function readableIndexes(context: Context, identity: Identity): Promise<readonly Index[]> {
  return (await listIndexes(context.db)).filter((index) => mayRead(context, identity, index));
}

/** Reads the filters of a query string against the clock; throws 400 that names the one that is wrong. */
export function readEventQuery(query: unknown, now: number): EventQuery {
  const given = query as Readonly<Record<string, string | undefined>>;
  const before = given['before'] === undefined ? undefined : readPosition('before', given['before'], now);
  if (before !== undefined && given['until'] !== undefined)
    throw new AppError(kernelErrors.badRequest, 'query parameters before and until exclude each other');
  const type = given['type'] || undefined;
  if (type !== undefined && !/^[a-z.-]{1,100}$/.test(type))
    throw new AppError(
      kernelErrors.badRequest,
      'query parameter type must be a type of event, or a part of one',
    );
  return {
    user: given['user'] || undefined,
    type,
    index: given['index'] || undefined,
    project: given['project'] || undefined,
    since: readPosition('since', given['since'], now),
    until:
      before === undefined
        ? readPosition('until', given['until'], now)
        : 'serial' in before
          ? { serial: before.serial - 1 }
          : { at: before.at - 1 },
    isNewestFirst: before !== undefined || given['order'] === 'newest',
    limit: Math.min(readLimit(given['limit']), MAX_LIMIT),
  };
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `1234` is a serial, `2026-11-20` or `2026-11-20T10:00:00Z` a time, `7d` so long ago. */
function readPosition(key: string, text: string | undefined, now: number): Position | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return { serial: Number(text) };
  const [, count, unit = ''] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  if (count !== undefined) return { at: now - Number(count) * (UNITS[unit] ?? 0) };
  const at = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?$/.test(text) ? Date.parse(asUtc(text)) : Number.NaN;
  if (!Number.isNaN(at)) return { at };
  throw new AppError(
    kernelErrors.badRequest,
    `query parameter ${key} must be a serial, a date, or how long ago, such as 7d`,
  );
}

function asUtc(text: string): string {
  return text.includes('T') && !text.endsWith('Z') ? `${text}Z` : text;
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return LIMIT;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new AppError(kernelErrors.badRequest, 'query parameter limit must be a whole number');
}

/** An event as it is told. */
export function showEvent({ about: _about, at, ...event }: StoredEvent) {
  return { ...event, at: new Date(at).toISOString() };
}
