import type { Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { Index } from '../model/index.ts';
import type { PackagesTables } from '../tables.ts';
import { StoredPage } from './stored-page.ts';

/** A project as upstream last told of it. */
export interface StoredProject {
  /** Whose answer it is: what another upstream said before counts no more. */
  readonly upstream: string;
  readonly page: StoredPage;
  readonly etag: string | null;
  readonly serial: number | null;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface MirrorFile {
  readonly indexId: number;
  /** What follows `user/index/`, decoded. */
  readonly relpath: string;
  readonly project: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

/** A mirror's upstream by a name that tells nothing secret. */
export function upstreamOf({ options }: Index): string {
  const url = URL.parse(String(options['mirror_url']));
  if (url === null) return '';
  url.username = '';
  url.password = '';
  return url.href;
}

/** What the mirror's present upstream said of a project; undefined if that it has none, or nothing yet. */
export async function findMirrorProject(
  db: Db,
  index: Index,
  name: string,
): Promise<StoredProject | undefined> {
  const row = await tables(db)
    .selectFrom('mirror_project')
    .selectAll()
    .where('index_id', '=', index.id)
    .where('name', '=', name)
    .executeTakeFirst();
  if (row === undefined || row.page === null || row.upstream !== upstreamOf(index)) return undefined;
  return {
    upstream: row.upstream,
    page: new StoredPage(row.page),
    etag: row.etag,
    serial: row.serial,
    expiresAt: row.expires_at,
  };
}

export async function saveMirrorProject(
  db: Db,
  indexId: number,
  name: string,
  project: StoredProject,
): Promise<void> {
  const values = {
    upstream: project.upstream,
    is_found: 1,
    page: project.page.bytes,
    etag: project.etag,
    serial: project.serial,
    expires_at: project.expiresAt,
  };
  await tables(db)
    .insertInto('mirror_project')
    .values({ index_id: indexId, name, ...values })
    .onConflict((conflict) => conflict.columns(['index_id', 'name']).doUpdateSet(values))
    .execute();
}

/** Upstream says that nothing changed. */
export async function extendMirrorProject(
  db: Db,
  indexId: number,
  name: string,
  expiresAt: number,
): Promise<void> {
  await tables(db)
    .updateTable('mirror_project')
    .set({ expires_at: expiresAt })
    .where('index_id', '=', indexId)
    .where('name', '=', name)
    .execute();
}

/** Replaces a stored page, unless upstream has been asked again meanwhile: then it returns false. */
export async function replaceStoredPage(
  db: Db,
  indexId: number,
  name: string,
  pages: { readonly old: StoredPage; readonly new: StoredPage },
): Promise<boolean> {
  const replaced = await tables(db)
    .updateTable('mirror_project')
    .set({ page: pages.new.bytes })
    .where('index_id', '=', indexId)
    .where('name', '=', name)
    .where('page', '=', pages.old.bytes)
    .returning('name')
    .execute();
  return replaced.length > 0;
}

/** Lets every answer of a mirror count as old: a changed expiry is for what is known, too. */
export async function expireMirrorProjects(db: Db, indexId: number): Promise<void> {
  await tables(db)
    .updateTable('mirror_project')
    .set({ expires_at: 0 })
    .where('index_id', '=', indexId)
    .execute();
}

/** Forgets one project, or all of the mirror: links of another upstream must not stay. */
export async function deleteMirrorProjects(db: Db, indexId: number, name?: string): Promise<void> {
  let query = tables(db).deleteFrom('mirror_project').where('index_id', '=', indexId);
  if (name !== undefined) query = query.where('name', '=', name);
  await query.execute();
}

/** Names of projects that have been fetched and found, sorted. */
export async function listCachedProjects(db: Db, indexId: number): Promise<string[]> {
  const rows = await tables(db)
    .selectFrom('mirror_project')
    .select('name')
    .where('index_id', '=', indexId)
    .where('is_found', '=', 1)
    .orderBy('name')
    .execute();
  return rows.map((row) => row.name);
}

/** How many projects and files each mirror keeps, and the bytes of the files, by its id. */
export async function countKept(db: Db): Promise<ReadonlyMap<number, Kept>> {
  const projects = await tables(db)
    .selectFrom('mirror_project')
    .select((eb) => ['index_id', eb.fn.countAll<number>().as('projects')])
    .groupBy('index_id')
    .execute();
  const files = await tables(db)
    .selectFrom('mirror_file')
    .select((eb) => [
      'index_id',
      eb.fn.countAll<number>().as('files'),
      eb.fn.sum<number | null>('size').as('bytes'),
    ])
    .groupBy('index_id')
    .execute();
  const kept = new Map<number, Kept>();
  for (const row of projects) kept.set(row.index_id, { projects: row.projects, files: 0, bytes: 0 });
  for (const row of files) {
    const known = kept.get(row.index_id)?.projects ?? 0;
    kept.set(row.index_id, { projects: known, files: row.files, bytes: Number(row.bytes ?? 0) });
  }
  return kept;
}

export interface Kept {
  readonly projects: number;
  readonly files: number;
  readonly bytes: number;
}

/** Up to `limit` of them that contain all of these terms, which are letters, digits and hyphens. */
export async function searchCachedProjects(
  db: Db,
  indexId: number,
  terms: readonly string[],
  limit: number,
): Promise<string[]> {
  const rows = await tables(db)
    .selectFrom('mirror_project')
    .select('name')
    .where('index_id', '=', indexId)
    .where((eb) => eb.and(terms.map((term) => eb('name', 'like', `%${term}%`))))
    .orderBy('name')
    .limit(limit)
    .execute();
  return rows.map((row) => row.name);
}

export async function findMirrorFile(
  db: Db,
  indexId: number,
  relpath: string,
): Promise<MirrorFile | undefined> {
  const row = await tables(db)
    .selectFrom('mirror_file')
    .selectAll()
    .where('index_id', '=', indexId)
    .where('relpath', '=', relpath)
    .executeTakeFirst();
  return row && toMirrorFile(row);
}

/** The stored files of a project, sidecars included. */
export async function listMirrorFiles(db: Db, indexId: number, project: string): Promise<MirrorFile[]> {
  const rows = await tables(db)
    .selectFrom('mirror_file')
    .selectAll()
    .where('index_id', '=', indexId)
    .where('project', '=', project)
    .execute();
  return rows.map(toMirrorFile);
}

export async function saveMirrorFile(db: Db, file: MirrorFile): Promise<void> {
  const values = {
    project: file.project,
    sha256: file.sha256,
    size: file.size,
    content_type: file.contentType,
    stored_at: file.storedAt,
    used_at: file.storedAt,
  };
  await tables(db)
    .insertInto('mirror_file')
    .values({ index_id: file.indexId, relpath: file.relpath, ...values })
    .onConflict((conflict) => conflict.columns(['index_id', 'relpath']).doUpdateSet(values))
    .execute();
}

/** Paths of the stored files of a project. */
export async function listCachedPaths(db: Db, indexId: number, project: string): Promise<Set<string>> {
  const rows = await tables(db)
    .selectFrom('mirror_file')
    .select('relpath')
    .where('index_id', '=', indexId)
    .where('project', '=', project)
    .execute();
  return new Set(rows.map((row) => row.relpath));
}

/**
 * Remembers when files were last asked for: what was not used for long leaves first. One commit for all, since each
 * waits for the disk.
 */
export async function touchMirrorFiles(
  db: Db,
  used: readonly { readonly indexId: number; readonly relpath: string; readonly at: number }[],
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const { indexId, relpath, at } of used) {
      await tables(tx)
        .updateTable('mirror_file')
        .set({ used_at: at })
        .where('index_id', '=', indexId)
        .where('relpath', '=', relpath)
        .execute();
    }
  });
}

export async function deleteMirrorFile(db: Db, indexId: number, relpath: string): Promise<boolean> {
  const deleted = await tables(db)
    .deleteFrom('mirror_file')
    .where('index_id', '=', indexId)
    .where('relpath', '=', relpath)
    .returning('relpath')
    .execute();
  return deleted.length > 0;
}

/** Forgets stored files, all of them in one commit. */
export async function deleteMirrorFiles(
  db: Db,
  paths: readonly Pick<MirrorFile, 'indexId' | 'relpath'>[],
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const { indexId, relpath } of paths) await deleteMirrorFile(tx, indexId, relpath);
  });
}

/** Forgets all stored files of a project. */
export async function deleteMirrorFilesOf(db: Db, indexId: number, project: string): Promise<void> {
  await tables(db)
    .deleteFrom('mirror_file')
    .where('index_id', '=', indexId)
    .where('project', '=', project)
    .execute();
}

/** Files of all mirrors, least recently used first, up to `limit`. */
export async function listLeastUsed(
  db: Db,
  limit: number,
): Promise<(Pick<MirrorFile, 'indexId' | 'relpath' | 'size'> & { readonly usedAt: number })[]> {
  const rows = await tables(db)
    .selectFrom('mirror_file')
    .select(['index_id', 'relpath', 'size', 'used_at'])
    .orderBy('used_at')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    indexId: row.index_id,
    relpath: row.relpath,
    size: row.size,
    usedAt: row.used_at,
  }));
}

/** Bytes of all files that the mirrors hold. */
export async function sumMirrorBytes(db: Db): Promise<number> {
  const row = await tables(db)
    .selectFrom('mirror_file')
    .select((eb) => eb.fn.sum<number | null>('size').as('bytes'))
    .executeTakeFirstOrThrow();
  return Number(row.bytes ?? 0);
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}

function toMirrorFile(row: Selectable<PackagesTables['mirror_file']>): MirrorFile {
  return {
    indexId: row.index_id,
    relpath: row.relpath,
    project: row.project,
    sha256: row.sha256,
    size: row.size,
    contentType: row.content_type,
    storedAt: row.stored_at,
  };
}
