import type { Db } from '#kernel/db/db.ts';
import type { Project } from '../projects/store.ts';
import type { PackagesTables } from '../tables.ts';

/** How much there is in a server, beside its users. */
export interface Contents {
  /** `user/name`. */
  readonly indexes: readonly string[];
  readonly hasProjects: boolean;
  readonly hasMirroredFiles: boolean;
}

export async function readContents(db: Db): Promise<Contents> {
  const own = tables(db);
  const indexes = await own.selectFrom('package_index').select(['user_name', 'name']).execute();
  const project = await own.selectFrom('project').select('id').limit(1).execute();
  const mirrored = await own.selectFrom('mirror_file').select('relpath').limit(1).execute();
  return {
    indexes: indexes.map(({ user_name: user, name }) => `${user}/${name}`),
    hasProjects: project.length > 0,
    hasMirroredFiles: mirrored.length > 0,
  };
}

/** Up to `limit` projects of an index behind this name, by name. */
export async function listProjectsOf(
  db: Db,
  indexId: number,
  after: string,
  limit: number,
): Promise<Project[]> {
  return await tables(db)
    .selectFrom('project')
    .select(['id', 'index_id as indexId', 'name', 'display_name as displayName'])
    .where('index_id', '=', indexId)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute();
}

/** The releases of a project with their metadata, which is JSON. */
export async function listReleaseTexts(db: Db, projectId: number) {
  return await tables(db)
    .selectFrom('release')
    .select(['version', 'metadata'])
    .where('project_id', '=', projectId)
    .execute();
}

/** The versions of a project by the ids of its releases. */
export async function listVersionsById(db: Db, projectId: number): Promise<ReadonlyMap<number, string>> {
  const rows = await tables(db)
    .selectFrom('release')
    .select(['id', 'version'])
    .where('project_id', '=', projectId)
    .execute();
  return new Map(rows.map(({ id, version }) => [id, version]));
}

/** How many files a dump has. */
export async function countDumped(db: Db, withMirrored: boolean): Promise<number> {
  const own = tables(db);
  const counted = [
    'release_file',
    'documentation',
    'tox_result',
    ...(withMirrored ? ['mirror_file'] : []),
  ] as const;
  let total = 0;
  for (const table of counted) {
    const row = await own
      .selectFrom(table as 'release_file')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    total += Number(row.n);
  }
  return total;
}

/** Forgets what a mirror has, and keeps the mirror. */
export async function emptyIndex(tx: Db, indexId: number): Promise<void> {
  const own = tables(tx);
  await own.deleteFrom('project').where('index_id', '=', indexId).execute();
  await own.deleteFrom('mirror_project').where('index_id', '=', indexId).execute();
  await own.deleteFrom('mirror_file').where('index_id', '=', indexId).execute();
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}
