import { sql } from 'kysely';
import type { Db, DialectName } from '#kernel/db/db.ts';
import type { PackagesTables } from '../tables.ts';
import { gramsOf } from './grams.ts';

/** What is known of a project without looking at its releases. */
export interface SearchEntry {
  readonly projectId: number;
  readonly indexId: number;
  /** Normalized. */
  readonly name: string;
  /** The newest release that is not yanked, final ones before others; null where all are yanked. */
  readonly version: string | null;
  /** One line, of that release. */
  readonly summary: string;
  /** When a release last came or went, epoch milliseconds. */
  readonly changedAt: number;
}

/** At most so many of a kind are looked at: who gets more must ask for less. */
export const MAX_FOUND = 1000;

export async function findEntry(db: Db, projectId: number): Promise<SearchEntry | undefined> {
  return await entries(db).where('project_id', '=', projectId).executeTakeFirst();
}

/** The entries of these projects, in no particular order. */
export async function findEntries(db: Db, projectIds: readonly number[]): Promise<SearchEntry[]> {
  if (projectIds.length === 0) return [];
  return await entries(db).where('project_id', 'in', projectIds).execute();
}

/** Makes the entry of a project, or replaces it. */
export async function saveEntry(tx: Db, entry: SearchEntry): Promise<void> {
  const { projectId, indexId, name, version, summary, changedAt } = entry;
  const values = { version, summary, changed_at: changedAt, grams: gramsOf(name, summary) };
  await tables(tx)
    .insertInto('search_entry')
    .values({ project_id: projectId, index_id: indexId, name, ...values })
    .onConflict((conflict) => conflict.column('project_id').doUpdateSet(values))
    .execute();
}

/** Entries whose names begin so, in order of their names. */
export async function findByPrefix(
  db: Db,
  indexIds: readonly number[],
  prefix: string,
): Promise<SearchEntry[]> {
  return await entries(db)
    .where('index_id', 'in', indexIds)
    .where('name', '>=', prefix)
    // Behind every letter, digit and hyphen.
    .where('name', '<', `${prefix}~`)
    .orderBy('name')
    .limit(MAX_FOUND)
    .execute();
}

/** Entries that have all of these grams, in no particular order. */
export async function findByGrams(
  { db, dialect }: { readonly db: Db; readonly dialect: DialectName },
  indexIds: readonly number[],
  grams: readonly string[],
): Promise<SearchEntry[]> {
  const found =
    dialect === 'sqlite'
      ? // Row by row as they are found, so that the limit ends it.
        entries(db)
          .innerJoin(sql`search_gram`.as('search_gram'), (join) =>
            join.on(sql<boolean>`search_gram.rowid = project_id`),
          )
          .where(sql<boolean>`search_gram match ${grams.map((gram) => `"${gram}"`).join(' ')}`)
      : entries(db).where(sql<boolean>`string_to_array(grams, ' ') @> ${grams}::text[]`);
  return await found.where('index_id', 'in', indexIds).limit(MAX_FOUND).execute();
}

/** The versions of a project, and whether an installer may choose them: not all of their files are yanked. */
export async function listVersions(
  db: Db,
  projectId: number,
): Promise<readonly { readonly version: string; readonly isYanked: boolean }[]> {
  const rows = await tables(db)
    .selectFrom('release')
    .leftJoin('release_file', 'release_file.release_id', 'release.id')
    .select([
      'release.version',
      sql<number>`count(release_file.id)`.as('files'),
      sql<number>`count(release_file.yanked)`.as('yanked'),
    ])
    .where('release.project_id', '=', projectId)
    .groupBy(['release.id', 'release.version'])
    .execute();
  return rows.map(({ version, files, yanked }) => ({ version, isYanked: files > 0 && files === yanked }));
}

/** What a release says of itself, under the names of core metadata. */
export type ReleaseMetadata = Readonly<Record<string, unknown>>;

/** For a release that is there. */
export async function findMetadata(db: Db, projectId: number, version: string): Promise<ReleaseMetadata> {
  const row = await tables(db)
    .selectFrom('release')
    .select('metadata')
    .where('project_id', '=', projectId)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return JSON.parse(row.metadata) as ReleaseMetadata;
}

/** Up to `limit` projects of all indexes behind this id, in order of their ids. */
export async function listProjectsAfter(db: Db, after: number, limit: number) {
  return await tables(db)
    .selectFrom('project')
    .select(['id', 'index_id as indexId', 'name'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** When a file of the project last came, epoch milliseconds; 0 if it has none. */
export async function lastUploadOf(db: Db, projectId: number): Promise<number> {
  const row = await tables(db)
    .selectFrom('release_file')
    .select((eb) => eb.fn.max('uploaded_at').as('at'))
    .where('project_id', '=', projectId)
    .executeTakeFirst();
  return row?.at ?? 0;
}

function entries(db: Db) {
  return tables(db)
    .selectFrom('search_entry')
    .select([
      'project_id as projectId',
      'index_id as indexId',
      'name',
      'version',
      'summary',
      'changed_at as changedAt',
    ]);
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}
