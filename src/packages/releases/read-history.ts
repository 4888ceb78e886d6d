import type { StoredEvent } from '#kernel/events/event-type.ts';
import type { PackagesContext } from '../context.ts';
import { packagesEvents } from '../events.ts';
import type { View } from '../inheritance/reading.ts';
import { findEvents } from '#kernel/events/find-events.ts';

export interface History {
  /** Newest first. */
  readonly events: readonly StoredEvent[];
  /** True if there is more that is older. */
  readonly hasMore: boolean;
}

const MOST = 200;
/** Serials that a page looks back through: SQLite does nothing else meanwhile. */
const MOST_SCANNED = 50_000;

const ABOUT_INDEX = Object.values(packagesEvents)
  .filter(({ about }) => about === 'index')
  .map(({ type }) => type);

/** What happened to a project, or to one version of it, on the indexes that the reader sees. */
export async function readHistory(
  { db, events }: PackagesContext,
  { order, hidden }: View,
  { project, version }: { readonly project: string; readonly version?: string },
): Promise<History> {
  const ids = order.filter(({ id }) => !hidden.has(id)).map(({ id }) => id);
  return await findEvents(db, {
    visible: { about: { ids, types: ABOUT_INDEX } },
    data: { project, ...(version !== undefined && { version }) },
    isNewestFirst: true,
    limit: MOST,
    head: events.serial,
    mostScanned: MOST_SCANNED,
  });
}
