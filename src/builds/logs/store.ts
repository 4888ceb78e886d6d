import type { Db, Tx } from '#kernel/db/db.ts';
import type { BuildsTables } from '../tables.ts';

/** How long the log of a running build is, in UTF-16 units. */
export async function readLogSize(db: Db, buildId: number): Promise<number> {
  const row = await tables(db)
    .selectFrom('build_log_piece')
    .select(['position', 'text'])
    .where('build_id', '=', buildId)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? 0 : row.position + row.text.length;
}

export async function insertLogPiece(tx: Tx, buildId: number, position: number, text: string): Promise<void> {
  await tables(tx).insertInto('build_log_piece').values({ build_id: buildId, position, text }).execute();
}

/** The text of the log, all pieces in order; or those from a position on, at which one of them begins. */
export async function readLogPieces(db: Db, buildId: number, from = 0): Promise<string> {
  const rows = await tables(db)
    .selectFrom('build_log_piece')
    .select('text')
    .where('build_id', '=', buildId)
    .where('position', '>=', from)
    .orderBy('position')
    .execute();
  return rows.map(({ text }) => text).join('');
}

export async function deleteLogPieces(tx: Tx, buildId: number): Promise<void> {
  await tables(tx).deleteFrom('build_log_piece').where('build_id', '=', buildId).execute();
}

function tables(db: Db) {
  return db.withTables<BuildsTables>();
}
