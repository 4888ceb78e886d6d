import type { Context } from '#kernel/context.ts';
import type { Identity } from '#kernel/identity.ts';
import { getIndex } from '../indexes/find.ts';
import type { Index } from '../model/index.ts';
import { authorizeReading, isRestricted, mayRead } from '../policy.ts';
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
  context: Pick<Context, 'db' | 'config'>,
  { user, name }: Pick<Index, 'user' | 'name'>,
): Promise<Reading> {
  const index = await getIndex(context.db, user, name);
  const [, ...bases] = await resolveBases(context.db, index);
  const order = [index, ...bases] as const;
  return { order, restricted: order.filter((each) => isRestricted(context, each)) };
}

/** What this reader sees; throws 401 or 403 if not even the index itself may be read. */
export function viewOf(context: Pick<Context, 'config'>, reading: Reading, identity: Identity): View {
  const [index] = reading.order;
  authorizeReading(context, identity, index);
  const hidden = hiddenFrom(context, reading, identity);
  return { ...reading, index, hidden: new Set(hidden), key: hidden.join(' ') };
}

/** The `key` of the reader's view, or undefined if nothing may be read. */
export function viewKeyOf(
  context: Pick<Context, 'config'>,
  reading: Reading,
  identity: Identity,
): string | undefined {
  if (!mayRead(context, identity, reading.order[0])) return undefined;
  return hiddenFrom(context, reading, identity).join(' ');
}

/** True if the answer is not for everybody: then no cache may give it to others. */
export function isPrivate({ restricted }: Reading): boolean {
  return restricted.length > 0;
}

function hiddenFrom(
  context: Pick<Context, 'config'>,
  { restricted }: Reading,
  identity: Identity,
): readonly number[] {
  return restricted
    .filter((index) => !mayRead(context, identity, index))
    .map(({ id }) => id)
    .sort((a, b) => a - b);
}
