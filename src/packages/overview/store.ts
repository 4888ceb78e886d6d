import { sql, type RawBuilder } from 'kysely';
import type { Context } from '#kernel/context.ts';
import type { Db } from '#kernel/db/db.ts';
import type { Index } from '../model/index.ts';
import { upstreamOf } from '../mirror/store.ts';
import { StoredPage } from '../mirror/stored-page.ts';
import type { PackagesTables } from '../tables.ts';

/** Which names are listed. */
export interface NameQuery {
  readonly isDescending: boolean;
  /** Whose names, each index once. */
  readonly indexes: readonly Index[];
  /** Names of this index are left out. */
  readonly except: Index | undefined;
  /** Names of mirrors that are left out. */
  readonly hiddenNames: readonly string[];
  /** Part of a normalized name; empty for all. */
  readonly filter: string;
}

/**
 * Names of projects, each once, sorted. One arm an index, each in the order of its key, so that the database merges them and reads no
 * further than the page.
 */
export async function listNames(
  db: Db,
  query: NameQuery,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<string[]> {
  if (query.indexes.length === 0) return [];
  const { rows } = await sql<{ name: string }>`
    ${sql.join(
      query.indexes.map((index) => namesOf(index, query)),
      sql` union `,
    )} order by name${query.isDescending ? sql` desc` : sql``} limit ${limit} offset ${offset}`.execute(db);
  return rows.map(({ name }) => name);
}

/** The same by the newest upload; what is of mirrors only is the oldest. */
export async function listNamesByChange(
  db: Db,
  query: NameQuery,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<string[]> {
  if (query.indexes.length === 0) return [];
  const changed = sql`coalesce((select max(uploaded_at) from release_file where project_id = project.id), 0)`;
  const arms = query.indexes.map((index) => namesOf(index, query, index.type === 'stage' ? changed : sql`0`));
  const { rows } = await sql<{ name: string }>`
    select name from (${sql.join(arms, sql` union all `)}) as listed
    group by name order by max(changed)${query.isDescending ? sql` desc` : sql``}, name limit ${limit} offset ${offset}`.execute(
    db,
  );
  return rows.map(({ name }) => name);
}

export async function countNames(db: Db, query: NameQuery): Promise<number> {
  if (query.indexes.length === 0) return 0;
  const arms = sql.join(
    query.indexes.map((index) => namesOf(index, query)),
    sql` union `,
  );
  const { rows } = await sql<{ n: number }>`select count(*) as n from (${arms}) as listed`.execute(db);
  return Number(rows[0]?.n ?? 0);
}

function namesOf(index: Index, query: NameQuery, changed?: RawBuilder<unknown>): RawBuilder<unknown> {
  const table = sql.table(index.type === 'mirror' ? 'mirror_project' : 'project');
  const more = changed === undefined ? sql`` : sql`, ${changed} as changed`;
  const conditions = [sql`index_id = ${index.id}`];
  if (index.type === 'mirror') {
    conditions.push(sql`is_found = 1`, sql`upstream = ${upstreamOf(index)}`);
    if (query.hiddenNames.length > 0) conditions.push(sql`name not in (${sql.join(query.hiddenNames)})`);
  }
  if (query.filter !== '') conditions.push(sql`name like ${`%${query.filter}%`}`);
  if (query.except !== undefined) {
    const own = sql.table(query.except.type === 'mirror' ? 'mirror_project' : 'project');
    conditions.push(
      sql`not exists (select 1 from ${own} as own where own.index_id = ${query.except.id} and own.name = ${table}.name)`,
    );
  }
  return sql`select name${more} from ${table} where ${sql.join(conditions, sql` and `)}`;
}

/** Which stages have these projects. */
export async function findStagesOf(
  db: Db,
  names: readonly string[],
  stages: readonly number[],
): Promise<{ readonly name: string; readonly indexId: number }[]> {
  if (names.length === 0 || stages.length === 0) return [];
  const rows = await tables(db)
    .selectFrom('project')
    .select(['name', 'index_id'])
    .where('name', 'in', names)
    .where('index_id', 'in', stages)
    .execute();
  return rows.map((row) => ({ name: row.name, indexId: row.index_id }));
}

/** Names that a mirror has kept and one of these stages has, too. */
export async function findSharedNames(
  db: Db,
  mirrors: readonly number[],
  stages: readonly number[],
): Promise<string[]> {
  if (mirrors.length === 0 || stages.length === 0) return [];
  const rows = await tables(db)
    .selectFrom('project')
    .innerJoin('mirror_project', 'mirror_project.name', 'project.name')
    .where('project.index_id', 'in', stages)
    .where('mirror_project.index_id', 'in', mirrors)
    .select('project.name')
    .distinct()
    .execute();
  return rows.map(({ name }) => name);
}

/** A file with what a list says of its project; a project that has no files is one row without a file. */
export interface ListedFile {
  readonly name: string;
  readonly displayName: string;
  readonly indexId: number;
  readonly releaseId: number | null;
  readonly version: string | null;
  readonly filename: string | null;
  readonly yanked: string | null;
  readonly uploadedAt: number | null;
}

/** Everything that stages have of these projects, without metadata. */
export async function listFilesOf(
  db: Db,
  names: readonly string[],
  stages: readonly number[],
): Promise<ListedFile[]> {
  if (names.length === 0 || stages.length === 0) return [];
  return await tables(db)
    .selectFrom('project')
    .leftJoin('release', 'release.project_id', 'project.id')
    .leftJoin('release_file', 'release_file.release_id', 'release.id')
    .where('project.name', 'in', names)
    .where('project.index_id', 'in', stages)
    .select([
      'project.name',
      'project.display_name as displayName',
      'project.index_id as indexId',
      'release.id as releaseId',
      'release.version',
      'release_file.filename',
      'release_file.yanked',
      'release_file.uploaded_at as uploadedAt',
    ])
    .execute();
}

/** The `summary` of releases, without reading their descriptions. */
export async function listSummaries(
  { db, dialect }: Pick<Context, 'db' | 'dialect'>,
  releaseIds: readonly number[],
): Promise<Map<number, string>> {
  if (releaseIds.length === 0) return new Map();
  const summary =
    dialect === 'postgres'
      ? sql<string | null>`metadata::json ->> 'summary'`
      : sql<string | null>`metadata ->> '$.summary'`;
  const rows = await tables(db)
    .selectFrom('release')
    .where('id', 'in', releaseIds)
    .select(['id', summary.as('summary')])
    .execute();
  return new Map(rows.map(({ id, summary: text }) => [id, text ?? '']));
}

/** The stored pages of these projects, of mirrors. */
export async function listStoredPages(
  db: Db,
  names: readonly string[],
  mirrors: readonly Index[],
): Promise<{ readonly name: string; readonly indexId: number; readonly page: StoredPage }[]> {
  if (names.length === 0 || mirrors.length === 0) return [];
  const rows = await tables(db)
    .selectFrom('mirror_project')
    .select(['name', 'index_id', 'page', 'upstream'])
    .where('name', 'in', names)
    .where(
      'index_id',
      'in',
      mirrors.map(({ id }) => id),
    )
    .where('is_found', '=', 1)
    .execute();
  const upstreams = new Map(mirrors.map((mirror) => [mirror.id, upstreamOf(mirror)]));
  return rows.flatMap((row) =>
    row.page !== null && upstreams.get(row.index_id) === row.upstream
      ? [{ name: row.name, indexId: row.index_id, page: new StoredPage(row.page) }]
      : [],
  );
}

/** How many projects each of these indexes has itself; of a mirror those that were asked for. */
export async function countProjects(db: Db, indexes: readonly Index[]): Promise<Map<number, number>> {
  const count = async (table: 'project' | 'mirror_project', ids: readonly number[]) =>
    ids.length === 0
      ? []
      : await tables(db)
          .selectFrom(table)
          .where('index_id', 'in', ids)
          .groupBy('index_id')
          .select((eb) => ['index_id', eb.fn.countAll<number>().as('n')])
          .execute();
  const idsOf = (type: Index['type']) => indexes.filter((index) => index.type === type).map(({ id }) => id);
  const rows = [
    ...(await count('project', idsOf('stage'))),
    ...(await count('mirror_project', idsOf('mirror'))),
  ];
  return new Map(rows.map((row) => [row.index_id, Number(row.n)]));
}

/** Every project of these indexes; of mirrors those that were asked for. */
export async function listHoldings(
  db: Db,
  indexes: readonly Index[],
): Promise<{ readonly name: string; readonly indexId: number }[]> {
  const idsOf = (type: Index['type']) => indexes.filter((index) => index.type === type).map(({ id }) => id);
  const list = async (table: 'project' | 'mirror_project', ids: readonly number[]) =>
    ids.length === 0
      ? []
      : await tables(db)
          .selectFrom(table)
          .select(['name', 'index_id'])
          .where('index_id', 'in', ids)
          .execute();
  const rows = [
    ...(await list('project', idsOf('stage'))),
    ...(await list('mirror_project', idsOf('mirror'))),
  ];
  return rows.map((row) => ({ name: row.name, indexId: row.index_id }));
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}
