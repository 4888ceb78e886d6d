import { readEvents, type EventQuery, type PackagesContext, type ReadEvents } from '#packages';
import type { StoredEvent } from '#kernel/events/event-type.ts';
import type { Identity } from '#kernel/identity.ts';

/** Pieces of the log that one page looks through. */
const MAX_PIECES = 10;

/** Events for a page: goes on through the log until there are enough, or for so long as a page may take. */
export async function listVisible(
  context: PackagesContext,
  identity: Identity,
  query: EventQuery,
): Promise<ReadEvents> {
  const events: StoredEvent[] = [];
  let next = query;
  for (let piece = 0; ; piece += 1) {
    const found = await readEvents(context, identity, { ...next, limit: query.limit - events.length });
    events.push(...found.events);
    const isEnough = events.length >= query.limit || piece >= MAX_PIECES;
    if (isEnough || !found.hasMore) return { ...found, events };
    const behind = { serial: found.scanned };
    next = query.isNewestFirst
      ? { ...query, until: { serial: found.scanned - 1 } }
      : { ...query, since: behind };
  }
}
