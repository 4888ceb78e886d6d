import type { Tx } from '#kernel/db/db.ts';
import { deleteIndexRow, findIndex, insertIndex, updateIndex } from '../indexes/store.ts';
import type { Index } from '../model/index.ts';
import type { DumpedIndex } from './dump.ts';

/** The index that each of a dump is in the database. */
export type IndexOf = ReadonlyMap<DumpedIndex, Index & { readonly isNew: boolean }>;

/** An index of the dump takes the place of the one that a new server has. */
export async function storeIndexes(tx: Tx, dumped: readonly DumpedIndex[], now: number): Promise<IndexOf> {
  const indexes = new Map<DumpedIndex, Index & { readonly isNew: boolean }>();
  for (const each of dumped) {
    const { user, name, type, options } = each;
    // A private address as upstream is for root to choose, here as everywhere.
    const wanted = { user, name, type, options, isTrusted: user === 'root' };
    const known = await findIndex(tx, user, name);
    if (known !== undefined && known.type === type) {
      await updateIndex(tx, { ...wanted, id: known.id });
      indexes.set(each, { ...wanted, id: known.id, isNew: false });
      continue;
    }
    if (known !== undefined) await deleteIndexRow(tx, known.id);
    const index = await insertIndex(tx, wanted, now);
    if (index !== undefined) indexes.set(each, { ...index, isNew: true });
  }
  return indexes;
}
