import { findIndexById, type Index } from '#packages';
import type { Db } from '#kernel/db/db.ts';
import { countQueuedOf } from '../queue/store.ts';
import { listWatches, type Watch } from './store.ts';

/** A watched project with its index, and with how much is to do. */
export interface KnownWatch extends Watch {
  readonly index: Index;
  readonly waiting: number;
}

/** All watched projects, by project, then by index. */
export async function readWatches(db: Db): Promise<KnownWatch[]> {
  const queued = new Map(
    (await countQueuedOf(db)).map(({ indexId, project, count }) => [`${indexId} ${project}`, count]),
  );
  const indexes = new Map<number, Index | undefined>();
  const watches: KnownWatch[] = [];
  for (const watch of await listWatches(db)) {
    const { indexId, project } = watch;
    if (!indexes.has(indexId)) indexes.set(indexId, await findIndexById(db, indexId));
    const index = indexes.get(indexId);
    if (index === undefined) continue;
    watches.push({ ...watch, index, waiting: queued.get(`${indexId} ${project}`) ?? 0 });
  }
  return watches;
}
