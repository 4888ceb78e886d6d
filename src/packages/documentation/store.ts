import type { Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { LogItem } from '../model/log-item.ts';
import type { PackagesTables } from '../tables.ts';

/** The documentation zip of a release, of which a release has one at most. */
export interface Documentation {
  readonly releaseId: number;
  readonly indexId: number;
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly md5: string;
  readonly uploadedAt: number;
  readonly log: readonly LogItem[];
}

export async function findDocumentation(db: Db, releaseId: number): Promise<Documentation | undefined> {
  const [found] = await listDocumentation(db, [releaseId]);
  return found;
}

/** Under the name that its address has. */
export async function findDocumentationNamed(
  db: Db,
  indexId: number,
  filename: string,
): Promise<Documentation | undefined> {
  const row = await tables(db)
    .selectFrom('documentation')
    .selectAll()
    .where('index_id', '=', indexId)
    .where('filename', '=', filename)
    .executeTakeFirst();
  return row && toDocumentation(row);
}

export async function listDocumentation(db: Db, releaseIds: readonly number[]): Promise<Documentation[]> {
  if (releaseIds.length === 0) return [];
  const rows = await tables(db)
    .selectFrom('documentation')
    .selectAll()
    .where('release_id', 'in', releaseIds)
    .execute();
  return rows.map(toDocumentation);
}

/** Of all releases of a project. */
export async function listDocumentationOfProject(db: Db, projectId: number): Promise<Documentation[]> {
  const rows = await tables(db)
    .selectFrom('documentation')
    .innerJoin('release', 'release.id', 'documentation.release_id')
    .selectAll('documentation')
    .where('release.project_id', '=', projectId)
    .execute();
  return rows.map(toDocumentation);
}

/** Also in the place of the one that the release had. */
export async function saveDocumentation(tx: Db, documentation: Documentation): Promise<void> {
  await deleteDocumentation(tx, documentation.releaseId);
  await tables(tx)
    .insertInto('documentation')
    .values({
      release_id: documentation.releaseId,
      index_id: documentation.indexId,
      filename: documentation.filename,
      size: documentation.size,
      sha256: documentation.sha256,
      md5: documentation.md5,
      uploaded_at: documentation.uploadedAt,
      log: JSON.stringify(documentation.log),
    })
    .execute();
}

export async function deleteDocumentation(tx: Db, releaseId: number): Promise<void> {
  await tables(tx).deleteFrom('documentation').where('release_id', '=', releaseId).execute();
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}

function toDocumentation(row: Selectable<PackagesTables['documentation']>): Documentation {
  return {
    releaseId: row.release_id,
    indexId: row.index_id,
    filename: row.filename,
    size: row.size,
    sha256: row.sha256,
    md5: row.md5,
    uploadedAt: row.uploaded_at,
    log: JSON.parse(row.log) as LogItem[],
  };
}
