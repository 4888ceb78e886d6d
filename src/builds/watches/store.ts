import type { Selectable } from 'kysely';
import type { Db, Tx } from '#kernel/db/db.ts';
import type { BuildsTables } from '../tables.ts';

/** A project of an index of whose sdists wheels are built. Times are epoch milliseconds. */
export interface Watch {
  readonly indexId: number;
  /** Normalized. */
  readonly project: string;
  /** PEP 440; empty for all versions. */
  readonly specifier: string;
  /** In the long form, as `cp313-linux_x86_64`. */
  readonly targets: readonly string[];
  /** Also what upstream has fitting wheels of. */
  readonly everything: boolean;
  readonly prereleases: boolean;
  readonly createdBy: string | null;
  readonly createdAt: number;
  /** Null before its files were looked at for the first time. */
  readonly readAt: number | null;
  /** Why they could not be, the last time. */
  readonly problem: string | null;
}

/** Returns true if the project was not watched before. */
export async function saveWatch(tx: Tx, watch: Omit<Watch, 'readAt' | 'problem'>): Promise<boolean> {
  const values = {
    specifier: watch.specifier,
    targets: JSON.stringify(watch.targets),
    is_everything: watch.everything ? 1 : 0,
    has_prereleases: watch.prereleases ? 1 : 0,
  };
  const known = await findWatch(tx, watch.indexId, watch.project);
  await tables(tx)
    .insertInto('build_watch')
    .values({
      index_id: watch.indexId,
      project: watch.project,
      ...values,
      created_by: watch.createdBy,
      created_at: watch.createdAt,
      read_at: null,
      problem: null,
    })
    .onConflict((conflict) => conflict.columns(['index_id', 'project']).doUpdateSet(values))
    .execute();
  return known === undefined;
}

export async function findWatch(db: Db, indexId: number, project: string): Promise<Watch | undefined> {
  const row = await tables(db)
    .selectFrom('build_watch')
    .selectAll()
    .where('index_id', '=', indexId)
    .where('project', '=', project)
    .executeTakeFirst();
  return row && fromRow(row);
}

/** By project, then by index. */
export async function listWatches(db: Db): Promise<Watch[]> {
  const rows = await tables(db)
    .selectFrom('build_watch')
    .selectAll()
    .orderBy('project')
    .orderBy('index_id')
    .execute();
  return rows.map(fromRow);
}

/** Returns false if it was not watched. */
export async function deleteWatch(tx: Tx, indexId: number, project: string): Promise<boolean> {
  const deleted = await tables(tx)
    .deleteFrom('build_watch')
    .where('index_id', '=', indexId)
    .where('project', '=', project)
    .returning('id')
    .execute();
  return deleted.length > 0;
}

export async function updateRead(
  db: Db,
  indexId: number,
  project: string,
  { readAt, problem }: { readonly readAt: number; readonly problem: string | null },
): Promise<void> {
  await tables(db)
    .updateTable('build_watch')
    .set({ read_at: readAt, problem })
    .where('index_id', '=', indexId)
    .where('project', '=', project)
    .execute();
}

function tables(db: Db) {
  return db.withTables<BuildsTables>();
}

function fromRow(row: Selectable<BuildsTables['build_watch']>): Watch {
  return {
    indexId: row.index_id,
    project: row.project,
    specifier: row.specifier,
    targets: JSON.parse(row.targets) as string[],
    everything: row.is_everything === 1,
    prereleases: row.has_prereleases === 1,
    createdBy: row.created_by,
    createdAt: row.created_at,
    readAt: row.read_at,
    problem: row.problem,
  };
}
