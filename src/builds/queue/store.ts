import type { Selectable } from 'kysely';
import type { Db, DialectName, Tx } from '#kernel/db/db.ts';
import type { Sdist } from '../model/build.ts';
import type { BuildsTables } from '../tables.ts';

/** A build to do. */
export interface QueuedBuild {
  readonly id: number;
  readonly indexId: number;
  /** Normalized. */
  readonly project: string;
  readonly version: string;
  readonly target: string;
  readonly sdist: Sdist & { readonly uploadedAt: number | null };
  /** 0 asked for by a person, 1 released since the project is watched, 2 older. */
  readonly rank: number;
  /** Epoch milliseconds, as `notBefore`. */
  readonly releasedAt: number;
  /** True while it is not known whether one wheel will do for all targets. */
  readonly isAlone: boolean;
  readonly notBefore: number;
}

/** A parameter each is bound, and databases bound their number. */
const ROWS_AT_ONCE = 500;

/**
 * Nothing is to do for a project, or for one version of it; who takes a build of it at this moment has taken it when this resolves, or does
 * not get it.
 */
export async function deleteQueued(
  tx: Tx,
  { indexId, project, version }: Pick<QueuedBuild, 'indexId' | 'project'> & { readonly version?: string },
): Promise<void> {
  let query = tables(tx)
    .deleteFrom('build_need')
    .where('index_id', '=', indexId)
    .where('project', '=', project);
  if (version !== undefined) query = query.where('version', '=', version);
  await query.execute();
}

/** What is there already stays. */
export async function insertQueued(
  tx: Tx,
  indexId: number,
  project: string,
  queued: readonly Omit<QueuedBuild, 'id' | 'indexId' | 'project'>[],
): Promise<void> {
  for (let start = 0; start < queued.length; start += ROWS_AT_ONCE) {
    const rows = queued.slice(start, start + ROWS_AT_ONCE).map((each) => ({
      index_id: indexId,
      project,
      version: each.version,
      target: each.target,
      sdist: each.sdist.filename,
      sdist_sha256: each.sdist.sha256,
      sdist_path: each.sdist.path,
      sdist_uploaded_at: each.sdist.uploadedAt,
      rank: each.rank,
      released_at: each.releasedAt,
      is_alone: each.isAlone ? 1 : 0,
      not_before: each.notBefore,
    }));
    await tables(tx)
      .insertInto('build_need')
      .values(rows)
      .onConflict((conflict) => conflict.columns(['index_id', 'project', 'version', 'target']).doNothing())
      .execute();
  }
}

/**
 * The first that may be begun for a target: what was asked for, then new releases, then older ones, newest first. On PostgreSQL it is locked
 * until the transaction ends, and what others have locked is passed over; SQLite has one transaction at a time.
 */
export async function lockNext(
  tx: Tx,
  dialect: DialectName,
  { target, now }: { readonly target: string; readonly now: number },
): Promise<QueuedBuild | undefined> {
  const query = tables(tx)
    .selectFrom('build_need')
    .selectAll()
    .where('target', '=', target)
    .where('not_before', '<=', now)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('build')
            .select('build.id')
            .whereRef('build.index_id', '=', 'build_need.index_id')
            .whereRef('build.project', '=', 'build_need.project')
            .whereRef('build.version', '=', 'build_need.version')
            .where('build.state', '=', 'running')
            .where('build_need.is_alone', '=', 1),
        ),
      ),
    )
    .orderBy('rank')
    .orderBy('released_at', 'desc')
    .orderBy('id')
    .limit(1);
  const locking = dialect === 'postgres' ? query.forUpdate('build_need').skipLocked() : query;
  const row = await locking.executeTakeFirst();
  return row && fromRow(row);
}

/** Takes it out of the queue. */
export async function removeQueued(tx: Tx, id: number): Promise<void> {
  await tables(tx).deleteFrom('build_need').where('id', '=', id).execute();
}

/** How many builds are to do, of all projects. */
export async function countQueued(db: Db): Promise<number> {
  const { count } = await tables(db)
    .selectFrom('build_need')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** How many builds are to do, by target; those with none are left out. */
export async function countQueuedByTarget(
  db: Db,
): Promise<readonly { readonly target: string; readonly count: number }[]> {
  return await tables(db)
    .selectFrom('build_need')
    .select(['target', (eb) => eb.fn.countAll<number>().as('count')])
    .groupBy('target')
    .orderBy('target')
    .execute();
}

/** How many builds are to do, by index and project. */
export async function countQueuedOf(
  db: Db,
): Promise<readonly { readonly indexId: number; readonly project: string; readonly count: number }[]> {
  const rows = await tables(db)
    .selectFrom('build_need')
    .select(['index_id', 'project', (eb) => eb.fn.countAll<number>().as('count')])
    .groupBy(['index_id', 'project'])
    .execute();
  return rows.map(({ index_id: indexId, project, count }) => ({ indexId, project, count }));
}

function tables(db: Db) {
  return db.withTables<BuildsTables>();
}

function fromRow(row: Selectable<BuildsTables['build_need']>): QueuedBuild {
  return {
    id: row.id,
    indexId: row.index_id,
    project: row.project,
    version: row.version,
    target: row.target,
    sdist: {
      filename: row.sdist,
      sha256: row.sdist_sha256,
      path: row.sdist_path,
      uploadedAt: row.sdist_uploaded_at,
    },
    rank: row.rank,
    releasedAt: row.released_at,
    isAlone: row.is_alone === 1,
    notBefore: row.not_before,
  };
}
