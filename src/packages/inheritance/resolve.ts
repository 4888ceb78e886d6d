import type { Db } from '#kernel/db/db.ts';
import { type Index, fullName, listOption } from '../model/index.ts';
import { findIndexes } from '../indexes/store.ts';

/**
 * The indexes that a request to `index` sees, itself first, in devpi's order: breadth first over `bases`, mirrors postponed
 * to the end, each once; bases that no longer exist are skipped (reference devpi.md 2.4). Asks once for all of one
 * distance.
 */
export async function resolveBases(db: Db, index: Index): Promise<Index[]> {
  const stages: Index[] = [];
  const mirrors: Index[] = [];
  const seen = new Set([fullName(index)]);
  for (let near: readonly Index[] = [index]; near.length > 0;) {
    for (const each of near) (each.type === 'mirror' ? mirrors : stages).push(each);
    const next = new Set(near.flatMap((each) => listOption(each, 'bases'))).difference(seen);
    for (const base of next) seen.add(base);
    const found = await findIndexes(db, [...next]);
    near = [...next].flatMap((base) => found.get(base) ?? []);
  }
  return [...stages, ...mirrors];
}
