import type { Db } from '#kernel/db/db.ts';
import type { PackagesTables } from '../tables.ts';

/** A release of a stage, without its metadata, which may be long. */
export interface ReleaseCount {
  readonly projectId: number;
  readonly version: string;
  readonly files: number;
  readonly yankedFiles: number;
  /** When its first file came, epoch milliseconds. */
  readonly since: number | null;
}

/** All releases of these projects with how many files they have. */
export async function countReleaseFiles(db: Db, projectIds: readonly number[]): Promise<ReleaseCount[]> {
  if (projectIds.length === 0) return [];
  const rows = await tables(db)
    .selectFrom('release')
    .leftJoin('release_file', 'release_file.release_id', 'release.id')
    .where('release.project_id', 'in', projectIds)
    .select((eb) => [
      'release.project_id',
      'release.version',
      eb.fn.count<number>('release_file.id').as('files'),
      eb.fn.count<number>('release_file.yanked').as('yanked_files'),
      eb.fn.min('release_file.uploaded_at').as('since'),
    ])
    .groupBy(['release.id', 'release.project_id', 'release.version'])
    .execute();
  return rows.map((row) => ({
    projectId: row.project_id,
    version: row.version,
    files: Number(row.files),
    yankedFiles: Number(row.yanked_files),
    since: row.since,
  }));
}

/** What a list of versions shows of a file. */
export interface ListedFile {
  readonly projectId: number;
  readonly version: string;
  readonly filename: string;
  readonly size: number;
  readonly uploadedAt: number;
  readonly yanked: string | null;
}

/** The files of these versions of the projects. */
export async function listFilesOfVersions(
  db: Db,
  projectIds: readonly number[],
  versions: readonly string[],
): Promise<ListedFile[]> {
  if (projectIds.length === 0 || versions.length === 0) return [];
  const rows = await tables(db)
    .selectFrom('release')
    .innerJoin('release_file', 'release_file.release_id', 'release.id')
    .where('release.project_id', 'in', projectIds)
    .where('release.version', 'in', versions)
    .select([
      'release.project_id',
      'release.version',
      'release_file.filename',
      'release_file.size',
      'release_file.uploaded_at',
      'release_file.yanked',
    ])
    .execute();
  return rows.map((row) => ({
    projectId: row.project_id,
    version: row.version,
    filename: row.filename,
    size: row.size,
    uploadedAt: row.uploaded_at,
    yanked: row.yanked,
  }));
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}
