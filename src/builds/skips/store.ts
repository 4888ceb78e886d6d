import type { Db, Tx } from '#kernel/db/db.ts';
import type { BuildsTables } from '../tables.ts';

/** Builds of a project that are not wanted: all, those of a version, of a target, or one. */
export interface Skip {
  readonly indexId: number;
  /** Normalized. */
  readonly project: string;
  /** Canonical; empty for all versions. */
  readonly version: string;
  /** In the long form; empty for all targets. */
  readonly target: string;
}

/** Said again, the later reason counts. */
export async function saveSkip(
  tx: Tx,
  skip: Skip,
  { reason, createdBy, createdAt }: { reason: string; createdBy: string | null; createdAt: number },
): Promise<void> {
  const values = { reason, created_by: createdBy, created_at: createdAt };
  await tables(tx)
    .insertInto('build_skip')
    .values({ ...columnsOf(skip), ...values })
    .onConflict((conflict) =>
      conflict.columns(['index_id', 'project', 'version', 'target']).doUpdateSet(values),
    )
    .execute();
}

/** Returns false if there was none like it. */
export async function deleteSkip(tx: Tx, skip: Skip): Promise<boolean> {
  const { index_id, project, version, target } = columnsOf(skip);
  const deleted = await tables(tx)
    .deleteFrom('build_skip')
    .where('index_id', '=', index_id)
    .where('project', '=', project)
    .where('version', '=', version)
    .where('target', '=', target)
    .returning('id')
    .execute();
  return deleted.length > 0;
}

/** What is not to be built of a project, and why. */
export async function listSkips(
  db: Db,
  indexId: number,
  project: string,
): Promise<readonly (Skip & { readonly reason: string })[]> {
  const rows = await tables(db)
    .selectFrom('build_skip')
    .selectAll()
    .where('index_id', '=', indexId)
    .where('project', '=', project)
    .orderBy('version')
    .orderBy('target')
    .execute();
  return rows.map(({ version, target, reason }) => ({ indexId, project, version, target, reason }));
}

function columnsOf({ indexId, project, version, target }: Skip) {
  return { index_id: indexId, project, version, target };
}

function tables(db: Db) {
  return db.withTables<BuildsTables>();
}
