import type { Db } from '#kernel/db/db.ts';
import type { Index } from '../model/index.ts';
import { METADATA_SUFFIX } from '../model/metadata-file.ts';
import type { PackagesTables } from '../tables.ts';

/** What is kept of an index: of a mirror what somebody asked for. */
export interface Kept {
  readonly projects: number;
  readonly files: number;
  readonly bytes: number;
}

export async function countKept(db: Db, index: Index): Promise<Kept> {
  const isMirror = index.type === 'mirror';
  const own = db.withTables<PackagesTables>();
  const { projects } = await own
    .selectFrom(isMirror ? 'mirror_project' : 'project')
    .where('index_id', '=', index.id)
    .select((eb) => eb.fn.countAll<number>().as('projects'))
    .executeTakeFirstOrThrow();
  const { files, bytes } = await own
    .selectFrom(isMirror ? 'mirror_file' : 'release_file')
    .where('index_id', '=', index.id)
    .select((eb) => [eb.fn.countAll<number>().as('files'), eb.fn.sum<number | null>('size').as('bytes')])
    .executeTakeFirstOrThrow();
  return { projects: Number(projects), files: Number(files), bytes: Number(bytes ?? 0) };
}

/** The files of a project that a mirror keeps, without their metadata files. */
export async function listKeptFiles(
  db: Db,
  indexId: number,
  project: string,
): Promise<{ readonly relpath: string; readonly bytes: number }[]> {
  const rows = await db
    .withTables<PackagesTables>()
    .selectFrom('mirror_file')
    .select(['relpath', 'size'])
    .where('index_id', '=', indexId)
    .where('project', '=', project)
    .orderBy('relpath')
    .execute();
  return rows
    .filter(({ relpath }) => !relpath.endsWith(METADATA_SUFFIX))
    .map(({ relpath, size }) => ({ relpath, bytes: size }));
}
