import type { Db } from '#kernel/db/db.ts';
import type { Index } from '../model/index.ts';
import { listUsersWithIndexes } from './list-users.ts';

/** All indexes that pass, by user and name. */
export async function listReadableIndexes(db: Db, mayRead: (index: Index) => boolean): Promise<Index[]> {
  const readable: Index[] = [];
  for await (const { indexes } of listUsersWithIndexes(db)) {
    for await (const index of indexes) if (mayRead(index)) readable.push(index);
  }
  return readable;
}
