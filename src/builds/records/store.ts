import type { Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { Digests } from '#kernel/files/files.ts';
import type { Build, BuildState } from '../model/build.ts';
import type { BuildsTables } from '../tables.ts';

export interface NewBuild extends Pick<
  Build,
  'indexId' | 'project' | 'version' | 'target' | 'sdist' | 'builder' | 'leaseUntil' | 'startedAt'
> {
  /** What nobody else may build while this one runs. */
  readonly claim: string;
}

/** Returns the number of the build; undefined where something with its claim runs. */
export async function insertBuild(db: Db, { sdist, claim, ...build }: NewBuild): Promise<number | undefined> {
  const row = await tables(db)
    .insertInto('build')
    .values({
      index_id: build.indexId,
      project: build.project,
      version: build.version,
      target: build.target,
      sdist: sdist.filename,
      sdist_sha256: sdist.sha256,
      sdist_path: sdist.path,
      builder: build.builder,
      state: 'running',
      claim,
      lease_until: build.leaseUntil,
      started_at: build.startedAt,
      ended_at: null,
      seconds: null,
      failure: null,
      detail: null,
      retry_at: null,
      record: null,
      log_sha256: null,
      log_size: null,
    })
    .onConflict((conflict) => conflict.column('claim').doNothing())
    .returning('id')
    .executeTakeFirst();
  return row?.id;
}

export async function findBuild(db: Db, id: number): Promise<Build | undefined> {
  const row = await tables(db).selectFrom('build').selectAll().where('id', '=', id).executeTakeFirst();
  return row && fromRow(row);
}

/** What was ever built of a project of an index, oldest first. */
export async function listBuildsOf(db: Db, indexId: number, project: string): Promise<Build[]> {
  const rows = await tables(db)
    .selectFrom('build')
    .selectAll()
    .where('index_id', '=', indexId)
    .where('project', '=', project)
    .orderBy('id')
    .execute();
  return rows.map(fromRow);
}

export interface BuildQuery {
  readonly state?: BuildState | undefined;
  readonly project?: string | undefined;
  /** Only those with a smaller number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listBuilds(db: Db, { state, project, before, limit }: BuildQuery): Promise<Build[]> {
  let query = tables(db).selectFrom('build').selectAll().orderBy('id', 'desc').limit(limit);
  if (state !== undefined) query = query.where('state', '=', state);
  if (project !== undefined) query = query.where('project', '=', project);
  if (before !== undefined) query = query.where('id', '<', before);
  return (await query.execute()).map(fromRow);
}

/** Of the newest builds so many as are looked at: what became of those that have ended since. */
export async function countEnded(
  db: Db,
  since: number,
  newest: number,
): Promise<{ readonly succeeded: number; readonly failed: number }> {
  const rows = await tables(db)
    .selectFrom('build')
    .select(['state', 'ended_at'])
    .orderBy('id', 'desc')
    .limit(newest)
    .execute();
  const ended = rows.filter(({ ended_at: endedAt }) => (endedAt ?? 0) >= since);
  const count = (state: BuildState) => ended.filter((row) => row.state === state).length;
  return { succeeded: count('succeeded'), failed: count('failed') };
}

/** Those whose builder has been silent for too long. */
export async function listLostBuilds(db: Db, now: number): Promise<Build[]> {
  const rows = await tables(db)
    .selectFrom('build')
    .selectAll()
    .where('state', '=', 'running')
    .where('lease_until', '<', now)
    .execute();
  return rows.map(fromRow);
}

/** What a builder is said to be building. */
export async function findRunningOf(db: Db, builder: string): Promise<Build | undefined> {
  const row = await tables(db)
    .selectFrom('build')
    .selectAll()
    .where('state', '=', 'running')
    .where('builder', '=', builder)
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return row && fromRow(row);
}

/** How many builds run for each of these targets; those with none are left out. */
export async function countRunning(db: Db, targets: readonly string[]): Promise<Map<string, number>> {
  const rows = await tables(db)
    .selectFrom('build')
    .select(['target', (eb) => eb.fn.countAll<number>().as('running')])
    .where('state', '=', 'running')
    .where('target', 'in', [...targets])
    .groupBy('target')
    .execute();
  return new Map(rows.map(({ target, running }) => [target, running]));
}

/** How often an sdist has failed for a target. */
export async function countFailures(
  db: Db,
  {
    indexId,
    project,
    version,
    target,
    sdist,
  }: Pick<Build, 'indexId' | 'project' | 'version' | 'target' | 'sdist'>,
): Promise<number> {
  const { count } = await tables(db)
    .selectFrom('build')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('index_id', '=', indexId)
    .where('project', '=', project)
    .where('version', '=', version)
    .where('target', '=', target)
    .where('sdist_sha256', sdist.sha256 === null ? 'is' : '=', sdist.sha256)
    .where('state', '=', 'failed')
    .executeTakeFirstOrThrow();
  return count;
}

/** Returns false if the build does not run any more. */
export async function extendLease(db: Db, id: number, until: number): Promise<boolean> {
  const updated = await tables(db)
    .updateTable('build')
    .set({ lease_until: until })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .returning('id')
    .execute();
  return updated.length > 0;
}

export interface EndOfBuild extends Pick<Build, 'failure' | 'detail' | 'retryAt' | 'record' | 'log'> {
  readonly state: Exclude<BuildState, 'running'>;
  readonly endedAt: number;
  readonly seconds: number | null;
}

/** Ends a build that runs; returns false if it does not any more. */
export async function updateEnded(db: Db, id: number, end: EndOfBuild): Promise<boolean> {
  const updated = await tables(db)
    .updateTable('build')
    .set({
      state: end.state,
      claim: null,
      ended_at: end.endedAt,
      seconds: end.seconds,
      failure: end.failure,
      detail: end.detail,
      retry_at: end.retryAt,
      record: end.record && JSON.stringify(end.record),
      log_sha256: end.log?.sha256 ?? null,
      log_size: end.log?.size ?? null,
    })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .returning('id')
    .execute();
  return updated.length > 0;
}

/** Lets a failed build be tried again from that time on. */
export async function updateRetry(db: Db, id: number, retryAt: number): Promise<void> {
  await tables(db).updateTable('build').set({ retry_at: retryAt }).where('id', '=', id).execute();
}

/** A wheel that a builder brought. */
export interface BroughtFile {
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  readonly digests: Digests;
}

/** Brought again, the later one counts. */
export async function saveBroughtFile(
  db: Db,
  buildId: number,
  { filename, size, digests }: BroughtFile,
): Promise<void> {
  const values = { size, sha256: digests.sha256, md5: digests.md5, blake2b_256: digests.blake2b256 };
  await tables(db)
    .insertInto('build_file')
    .values({ build_id: buildId, filename, ...values })
    .onConflict((conflict) => conflict.columns(['build_id', 'filename']).doUpdateSet(values))
    .execute();
}

export async function listBroughtFiles(
  db: Db,
  buildIds: readonly number[],
): Promise<Map<number, BroughtFile[]>> {
  if (buildIds.length === 0) return new Map();
  const rows = await tables(db)
    .selectFrom('build_file')
    .selectAll()
    .where('build_id', 'in', [...buildIds])
    .orderBy('filename')
    .execute();
  const byBuild = Map.groupBy(rows, (row) => row.build_id);
  return new Map(
    [...byBuild].map(([id, files]) => [
      id,
      files.map(({ filename, size, sha256, md5, blake2b_256: blake2b256 }) => ({
        filename,
        size,
        digests: { sha256, md5, blake2b256 },
      })),
    ]),
  );
}

function tables(db: Db) {
  return db.withTables<BuildsTables>();
}

function fromRow(row: Selectable<BuildsTables['build']>): Build {
  return {
    id: row.id,
    indexId: row.index_id,
    project: row.project,
    version: row.version,
    target: row.target,
    sdist: { filename: row.sdist, sha256: row.sdist_sha256, path: row.sdist_path },
    builder: row.builder,
    state: row.state as BuildState,
    leaseUntil: row.lease_until,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    seconds: row.seconds,
    failure: row.failure,
    detail: row.detail,
    retryAt: row.retry_at,
    record: row.record === null ? null : (JSON.parse(row.record) as Record<string, unknown>),
    log: row.log_sha256 === null ? null : { sha256: row.log_sha256, size: row.log_size ?? 0 },
  };
}
