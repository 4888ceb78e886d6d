import type { Context } from '#kernel/context.ts';
import { anonymous, type Identity } from '#kernel/identity.ts';
import { getIndex } from '../indexes/find.ts';
import type { Index } from '../indexes/store.ts';
import { authorizeReading, mayRead } from '../policy.ts';
import { resolveBases } from './resolve.ts';

/** What an index is read from. */
export interface Reading {
  /** What was asked, then its bases as `resolveBases` gives them. */
  readonly order: readonly [Index, ...Index[]];
  /** Those that not everybody may read. */
  readonly restricted: readonly Index[];
}

/**
 * What one reader sees of an index. Which indexes count for a project is decided over `order`, all of it, and only then
 * are those that are hidden left out: otherwise the name of a private project would fall through to a public mirror.
 */
export interface View extends Reading {
  readonly index: Index;
  /** Ids of the bases that the reader may not read. */
  readonly hidden: ReadonlySet<number>;
  /** Equal for readers who see the same of an index. */
  readonly key: string;
}

/** Reads what an index inherits from; throws 404. */
export async function readReading(
  { db }: Pick<Context, 'db'>,
  { user, name }: Pick<Index, 'user' | 'name'>,
): Promise<Reading> {
  return await readingOf({ db }, await getIndex(db, user, name));
}

/** The same for an index that has been read. */
export async function readingOf({ db }: Pick<Context, 'db'>, index: Index): Promise<Reading> {
  const [, ...bases] = await resolveBases(db, index);
  const order = [index, ...bases] as const;
  return { order, restricted: order.filter((each) => !mayRead(anonymous, each)) };
}

/** What this reader sees; throws 401 or 403 if not even the index itself may be read. */
export function viewOf(reading: Reading, identity: Identity): View {
  const [index] = reading.order;
  authorizeReading(identity, index);
  const hidden = hiddenFrom(reading, identity);
  return { ...reading, index, hidden: new Set(hidden), key: hidden.join(' ') };
}

/** The `key` of the reader's view, or undefined if nothing may be read. */
export function viewKeyOf(reading: Reading, identity: Identity): string | undefined {
  return mayRead(identity, reading.order[0]) ? hiddenFrom(reading, identity).join(' ') : undefined;
}

/** True if the answer is not for everybody: then no cache may give it to others. */
export function isPrivate({ restricted }: Reading): boolean {
  return restricted.length > 0;
}

function hiddenFrom({ restricted }: Reading, identity: Identity): readonly number[] {
  return restricted
    .filter((index) => !mayRead(identity, index))
    .map(({ id }) => id)
    .sort((a, b) => a - b);
}
