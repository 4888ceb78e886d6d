import { sql, type Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { Index } from '../model/index.ts';
import type { LogItem } from '../model/log-item.ts';
import type { PackagesTables } from '../tables.ts';
import type { Metadata } from './metadata.ts';

export interface Project {
  readonly id: number;
  readonly indexId: number;
  /** Normalized. */
  readonly name: string;
  readonly displayName: string;
}

export interface Release {
  readonly id: number;
  readonly projectId: number;
  readonly version: string;
  readonly metadata: Metadata;
}

export interface ReleaseFile {
  readonly id: number;
  readonly indexId: number;
  readonly projectId: number;
  readonly releaseId: number;
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly md5: string;
  readonly blake2b256: string;
  /** The PEP 658 sidecar, if the file has one. */
  readonly sidecar: { readonly sha256: string; readonly size: number } | undefined;
  readonly requiresPython: string | null;
  /** Null when not yanked, else the reason, which may be empty. */
  readonly yanked: string | null;
  readonly uploadedAt: number;
  readonly log: readonly LogItem[];
}

/** A file with the version of its release. */
export type VersionedFile = ReleaseFile & { readonly version: string };

export async function findProject(db: Db, indexId: number, name: string): Promise<Project | undefined> {
  const row = await tables(db)
    .selectFrom('project')
    .selectAll()
    .where('index_id', '=', indexId)
    .where('name', '=', name)
    .executeTakeFirst();
  return row && toProject(row);
}

/** For an id that a foreign key guarantees. */
export async function findProjectById(db: Db, id: number): Promise<Project | undefined> {
  const row = await tables(db).selectFrom('project').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toProject(row);
}

export async function getProjectById(db: Db, id: number): Promise<Project> {
  return toProject(
    await tables(db).selectFrom('project').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
  );
}

/** The project, made if it is missing, and locked until the transaction ends. */
export async function ensureProject(
  tx: Db,
  project: Omit<Project, 'id'>,
): Promise<Project & { readonly isNew: boolean }> {
  const inserted = await tables(tx)
    .insertInto('project')
    .values({ index_id: project.indexId, name: project.name, display_name: project.displayName })
    .onConflict((conflict) => conflict.columns(['index_id', 'name']).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (inserted !== undefined) return { ...toProject(inserted), isNew: true };
  const row = await tables(tx)
    .updateTable('project')
    .set((eb) => ({ name: eb.ref('name') }))
    .where('index_id', '=', project.indexId)
    .where('name', '=', project.name)
    .returningAll()
    .executeTakeFirst();
  // The project was removed between the two statements (PostgreSQL only): then it is ours to make.
  return row === undefined ? await ensureProject(tx, project) : { ...toProject(row), isNew: false };
}

/** Names of all projects of an index, sorted. */
export async function listProjectNames(db: Db, indexIds: readonly number[]): Promise<string[]> {
  if (indexIds.length === 0) return [];
  const rows = await tables(db)
    .selectFrom('project')
    .select('name')
    .distinct()
    .where('index_id', 'in', indexIds)
    .orderBy('name')
    .execute();
  return rows.map((row) => row.name);
}

/** The projects of this name on any of the indexes. */
export async function listProjectsNamed(
  db: Db,
  name: string,
  indexIds: readonly number[],
): Promise<Project[]> {
  if (indexIds.length === 0) return [];
  const rows = await tables(db)
    .selectFrom('project')
    .selectAll()
    .where('name', '=', name)
    .where('index_id', 'in', indexIds)
    .execute();
  return rows.map(toProject);
}

const NAMES_A_QUERY = 500;

/** The projects of any of these names on any of the indexes. */
export async function listProjectsAmong(
  db: Db,
  names: readonly string[],
  indexIds: readonly number[],
): Promise<Project[]> {
  const found: Project[] = [];
  for (let start = 0; indexIds.length > 0 && start < names.length; start += NAMES_A_QUERY) {
    const rows = await tables(db)
      .selectFrom('project')
      .selectAll()
      .where('name', 'in', names.slice(start, start + NAMES_A_QUERY))
      .where('index_id', 'in', indexIds)
      .execute();
    found.push(...rows.map(toProject));
  }
  return found;
}

export async function deleteProjectRow(tx: Db, id: number): Promise<void> {
  await tables(tx).deleteFrom('project').where('id', '=', id).execute();
}

export async function findRelease(db: Db, projectId: number, version: string): Promise<Release | undefined> {
  const row = await tables(db)
    .selectFrom('release')
    .selectAll()
    .where('project_id', '=', projectId)
    .where('version', '=', version)
    .executeTakeFirst();
  return row && toRelease(row);
}

export async function findReleaseById(db: Db, id: number): Promise<Release | undefined> {
  const row = await tables(db).selectFrom('release').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toRelease(row);
}

export async function listReleases(db: Db, projectId: number): Promise<Release[]> {
  const rows = await tables(db)
    .selectFrom('release')
    .selectAll()
    .where('project_id', '=', projectId)
    .execute();
  return rows.map(toRelease);
}

/** Creates the release or replaces its metadata. */
export async function saveRelease(tx: Db, release: Omit<Release, 'id'>): Promise<Release> {
  const metadata = JSON.stringify(release.metadata);
  const row = await tables(tx)
    .insertInto('release')
    .values({ project_id: release.projectId, version: release.version, metadata })
    .onConflict((conflict) => conflict.columns(['project_id', 'version']).doUpdateSet({ metadata }))
    .returningAll()
    .executeTakeFirstOrThrow();
  return toRelease(row);
}

/** Many at once, of which no two have the same project and version: ids in the order of the releases. */
export async function saveReleases(tx: Db, releases: readonly Omit<Release, 'id'>[]): Promise<number[]> {
  if (releases.length === 0) return [];
  const rows = await tables(tx)
    .insertInto('release')
    .values(
      releases.map(({ projectId, version, metadata }) => {
        return { project_id: projectId, version, metadata: JSON.stringify(metadata) };
      }),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['project_id', 'version'])
        .doUpdateSet((eb) => ({ metadata: eb.ref('excluded.metadata') })),
    )
    .returning(['id', 'project_id', 'version'])
    .execute();
  // A database returns them in whatever order it likes.
  const ids = new Map(rows.map((row) => [`${row.project_id} ${row.version}`, row.id]));
  return releases.map(({ projectId, version }) => ids.get(`${projectId} ${version}`) as number);
}

export async function deleteReleaseRow(tx: Db, id: number): Promise<void> {
  await tables(tx).deleteFrom('release').where('id', '=', id).execute();
}

export async function findFile(
  db: Db,
  indexId: number,
  filename: string,
): Promise<VersionedFile | undefined> {
  const row = await files(db)
    .where('release_file.index_id', '=', indexId)
    .where('filename', '=', filename)
    .executeTakeFirst();
  return row && toFile(row);
}

/** Files of the given projects, in no particular order. */
export async function listFiles(db: Db, projectIds: readonly number[]): Promise<VersionedFile[]> {
  if (projectIds.length === 0) return [];
  const rows = await files(db).where('release_file.project_id', 'in', projectIds).execute();
  return rows.map(toFile);
}

export async function listFilenames(db: Db, projectId: number): Promise<string[]> {
  const rows = await tables(db)
    .selectFrom('release_file')
    .select('filename')
    .where('project_id', '=', projectId)
    .execute();
  return rows.map(({ filename }) => filename);
}

/** Files of the given releases, in no particular order. */
export async function listFilesOfReleases(db: Db, releaseIds: readonly number[]): Promise<VersionedFile[]> {
  if (releaseIds.length === 0) return [];
  const rows = await files(db).where('release_file.release_id', 'in', releaseIds).execute();
  return rows.map(toFile);
}

/** Returns the id of the row. */
export async function insertFile(tx: Db, file: Omit<ReleaseFile, 'id'>): Promise<number> {
  const { id } = await tables(tx)
    .insertInto('release_file')
    .values(fileRow(file))
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Many at once. */
export async function insertFiles(tx: Db, all: readonly Omit<ReleaseFile, 'id'>[]): Promise<void> {
  if (all.length === 0) return;
  await tables(tx).insertInto('release_file').values(all.map(fileRow)).execute();
}

function fileRow(file: Omit<ReleaseFile, 'id'>) {
  return {
    index_id: file.indexId,
    project_id: file.projectId,
    release_id: file.releaseId,
    filename: file.filename,
    size: file.size,
    sha256: file.sha256,
    md5: file.md5,
    blake2b_256: file.blake2b256,
    metadata_sha256: file.sidecar?.sha256 ?? null,
    metadata_size: file.sidecar?.size ?? null,
    requires_python: file.requiresPython,
    yanked: file.yanked,
    uploaded_at: file.uploadedAt,
    log: JSON.stringify(file.log),
  };
}

export async function deleteFileRow(tx: Db, id: number): Promise<void> {
  await tables(tx).deleteFrom('release_file').where('id', '=', id).execute();
}

/** Yanks the files with a reason, or un-yanks them with null. */
export async function setYanked(tx: Db, fileIds: readonly number[], yanked: string | null): Promise<void> {
  if (fileIds.length === 0) return;
  await tables(tx).updateTable('release_file').set({ yanked }).where('id', 'in', fileIds).execute();
}

/** Remembers that these paths had files, so that they answer 410 instead of 404. */
export async function rememberRemoved(tx: Db, paths: readonly string[], now: number): Promise<void> {
  if (paths.length === 0) return;
  await tables(tx)
    .insertInto('removed_file')
    .values(paths.map((path) => ({ path, removed_at: now })))
    .onConflict((conflict) => conflict.column('path').doUpdateSet({ removed_at: now }))
    .execute();
}

/** The same for all files of an index. One that had readers of its own leaves no trace: 410 would tell what was there. */
export async function rememberAllRemoved(tx: Db, index: Index, now: number): Promise<void> {
  const own = tables(tx);
  const directory = `${index.user}/${index.name}/+f/`;
  if (index.options['acl_read'] !== undefined) {
    await own
      .deleteFrom('removed_file')
      .where(sql<boolean>`substr(path, 1, ${directory.length}) = ${directory}`)
      .execute();
    return;
  }
  const address = (sha256: string, filename: string) => {
    const digest = sql.ref(sha256);
    return sql<string>`cast(${directory} as text) || substr(${digest}, 1, 3) || '/' || substr(${digest}, 4, 13) || '/' || ${sql.ref(filename)}`.as(
      'path',
    );
  };
  const removedAt = sql<number>`cast(${now} as bigint)`.as('removed_at');
  const removed = [
    own
      .selectFrom('release_file')
      .where('index_id', '=', index.id)
      .select([address('sha256', 'filename'), removedAt]),
    own
      .selectFrom('documentation')
      .where('index_id', '=', index.id)
      .select([address('sha256', 'filename'), removedAt]),
    // They lie beside the file that was tested.
    own
      .selectFrom('tox_result')
      .innerJoin('release_file', 'release_file.id', 'tox_result.release_file_id')
      .where('tox_result.index_id', '=', index.id)
      .select([address('release_file.sha256', 'tox_result.filename'), removedAt]),
  ];
  for (const addresses of removed) {
    await own
      .insertInto('removed_file')
      .columns(['path', 'removed_at'])
      .expression(addresses)
      .onConflict((conflict) => conflict.column('path').doUpdateSet({ removed_at: now }))
      .execute();
  }
}

export async function isRemoved(db: Db, path: string): Promise<boolean> {
  const row = await tables(db)
    .selectFrom('removed_file')
    .select('path')
    .where('path', '=', path)
    .executeTakeFirst();
  return row !== undefined;
}

/** How many projects, releases and files there are, and their bytes. */
export async function countContents(db: Db): Promise<{
  readonly projects: number;
  readonly releases: number;
  readonly files: number;
  readonly bytes: number;
}> {
  const own = tables(db);
  const count = async (table: 'project' | 'release') =>
    (
      await own
        .selectFrom(table)
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow()
    ).n;
  const all = await own
    .selectFrom('release_file')
    .select((eb) => [eb.fn.countAll<number>().as('files'), eb.fn.sum<number | null>('size').as('bytes')])
    .executeTakeFirstOrThrow();
  return {
    projects: await count('project'),
    releases: await count('release'),
    files: all.files,
    bytes: Number(all.bytes ?? 0),
  };
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}

function files(db: Db) {
  return tables(db)
    .selectFrom('release_file')
    .innerJoin('release', 'release.id', 'release_file.release_id')
    .selectAll('release_file')
    .select('release.version');
}

function toProject(row: Selectable<PackagesTables['project']>): Project {
  return { id: row.id, indexId: row.index_id, name: row.name, displayName: row.display_name };
}

function toRelease(row: Selectable<PackagesTables['release']>): Release {
  const metadata = JSON.parse(row.metadata) as Metadata;
  return { id: row.id, projectId: row.project_id, version: row.version, metadata };
}

function toFile(row: Selectable<PackagesTables['release_file']> & { version: string }): VersionedFile {
  return {
    id: row.id,
    indexId: row.index_id,
    projectId: row.project_id,
    releaseId: row.release_id,
    version: row.version,
    filename: row.filename,
    size: row.size,
    sha256: row.sha256,
    md5: row.md5,
    blake2b256: row.blake2b_256,
    sidecar:
      row.metadata_sha256 === null
        ? undefined
        : { sha256: row.metadata_sha256, size: row.metadata_size ?? 0 },
    requiresPython: row.requires_python,
    yanked: row.yanked,
    uploadedAt: row.uploaded_at,
    log: JSON.parse(row.log) as LogItem[],
  };
}
