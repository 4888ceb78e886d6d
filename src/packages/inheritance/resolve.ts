import type { Db } from '#kernel/db/db.ts';
import { listOption } from '../indexes/find.ts';
import { findIndex, fullName, type Index } from '../indexes/store.ts';

/**
 * The indexes that a request to `index` sees, in devpi's order: breadth first over `bases`, mirrors postponed
 * to the end, each once; bases that no longer exist are skipped (reference devpi.md 2.4).
 */
export async function resolveBases(db: Db, index: Index): Promise<Index[]> {
  const stages: Index[] = [];
  const mirrors: Index[] = [];
  const seen = new Set([fullName(index)]);
  const queue = [index];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    (next.type === 'mirror' ? mirrors : stages).push(next);
    for (const base of listOption(next, 'bases')) {
      if (seen.has(base)) continue;
      seen.add(base);
      const [user = '', name = ''] = base.split('/');
      const found = await findIndex(db, user, name);
      if (found !== undefined) queue.push(found);
    }
  }
  return [...stages, ...mirrors];
}
