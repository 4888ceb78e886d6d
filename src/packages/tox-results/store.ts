import type { Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { LogItem } from '../model/log-item.ts';
import type { PackagesTables } from '../tables.ts';

/** What tox told of a file: bytes as they were posted. */
export interface ToxResult {
  readonly id: number;
  /** The file that was tested. */
  readonly releaseFileId: number;
  readonly indexId: number;
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly md5: string;
  readonly uploadedAt: number;
  readonly log: readonly LogItem[];
}

/** Of these files, oldest first. */
export async function listToxResults(db: Db, releaseFileIds: readonly number[]): Promise<ToxResult[]> {
  if (releaseFileIds.length === 0) return [];
  const rows = await tables(db)
    .selectFrom('tox_result')
    .selectAll()
    .where('release_file_id', 'in', releaseFileIds)
    .orderBy('id')
    .execute();
  return rows.map(toToxResult);
}

/** Of all files of a project, oldest first. */
export async function listToxResultsOfProject(db: Db, projectId: number): Promise<ToxResult[]> {
  const rows = await tables(db)
    .selectFrom('tox_result')
    .innerJoin('release_file', 'release_file.id', 'tox_result.release_file_id')
    .selectAll('tox_result')
    .where('release_file.project_id', '=', projectId)
    .orderBy('tox_result.id')
    .execute();
  return rows.map(toToxResult);
}

export async function findToxResult(
  db: Db,
  releaseFileId: number,
  filename: string,
): Promise<ToxResult | undefined> {
  const row = await tables(db)
    .selectFrom('tox_result')
    .selectAll()
    .where('release_file_id', '=', releaseFileId)
    .where('filename', '=', filename)
    .executeTakeFirst();
  return row && toToxResult(row);
}

export async function insertToxResult(tx: Db, result: Omit<ToxResult, 'id'>): Promise<void> {
  await tables(tx)
    .insertInto('tox_result')
    .values({
      release_file_id: result.releaseFileId,
      index_id: result.indexId,
      filename: result.filename,
      size: result.size,
      sha256: result.sha256,
      md5: result.md5,
      uploaded_at: result.uploadedAt,
      log: JSON.stringify(result.log),
    })
    .execute();
}

export async function deleteToxResult(tx: Db, id: number): Promise<void> {
  await tables(tx).deleteFrom('tox_result').where('id', '=', id).execute();
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}

function toToxResult(row: Selectable<PackagesTables['tox_result']>): ToxResult {
  return {
    id: row.id,
    releaseFileId: row.release_file_id,
    indexId: row.index_id,
    filename: row.filename,
    size: row.size,
    sha256: row.sha256,
    md5: row.md5,
    uploadedAt: row.uploaded_at,
    log: JSON.parse(row.log) as LogItem[],
  };
}
