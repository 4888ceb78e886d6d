import { sql } from 'kysely';
import type { Db, DialectName } from '#kernel/db/db.ts';
import type { PackagesTables } from '../tables.ts';
import { wordsIn } from './words.ts';

/** Where a text stands. */
export type TextKind = 'keywords' | 'description' | 'documentation';

/** A long text of a project: what its newest release says of itself, or a page of its newest documentation. */
export interface SearchText {
  readonly projectId: number;
  readonly indexId: number;
  readonly kind: TextKind;
  readonly version: string;
  /** Of a page, below `+doc/`; else empty. */
  readonly path: string;
  readonly title: string;
  readonly body: string;
}

interface Databases {
  readonly db: Db;
  readonly dialect: DialectName;
}

/** What the texts of a project were read from; undefined if they never were. */
export async function findTextSource(db: Db, projectId: number): Promise<string | undefined> {
  const row = await tables(db)
    .selectFrom('search_source')
    .select('source')
    .where('project_id', '=', projectId)
    .executeTakeFirst();
  return row?.source;
}

/** Up to `limit` projects whose texts nobody has read. */
export async function listUnread(db: Db, limit: number) {
  return await tables(db)
    .selectFrom('project')
    .leftJoin('search_source', 'search_source.project_id', 'project.id')
    .select(['project.id', 'project.index_id as indexId'])
    .where('search_source.project_id', 'is', null)
    .limit(limit)
    .execute();
}

export async function saveTextSource(tx: Db, projectId: number, source: string): Promise<void> {
  await tables(tx)
    .insertInto('search_source')
    .values({ project_id: projectId, source })
    .onConflict((conflict) => conflict.column('project_id').doUpdateSet({ source }))
    .execute();
}

export async function deleteTexts(tx: Db, projectId: number): Promise<void> {
  await tables(tx).deleteFrom('search_text').where('project_id', '=', projectId).execute();
}

export async function insertText({ db: tx, dialect }: Databases, text: SearchText): Promise<void> {
  const words = wordsIn(`${text.title} ${text.body}`);
  const { id } = await tables(tx)
    .insertInto('search_text')
    .values({
      project_id: text.projectId,
      index_id: text.indexId,
      kind: text.kind,
      version: text.version,
      path: text.path,
      title: text.title,
      body: text.body,
      ...(dialect === 'postgres' && { words: sql<string>`array_to_tsvector(${words}::text[])` }),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  if (dialect === 'sqlite') {
    await sql`insert into search_word (rowid, words) values (${id}, ${words.join(' ')})`.execute(tx);
  }
}

/** So many texts are looked at: who gets more must ask for less. */
export const MAX_TEXTS = 500;
/** Shorter words are found whole only. */
const MIN_PREFIX = 3;

/** A text that was found, without its body. */
export type FoundText = Omit<SearchText, 'body'> & { readonly id: number };

/** The bodies of these texts by their ids. */
export async function findBodies(db: Db, ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  if (ids.length === 0) return new Map();
  const rows = await tables(db)
    .selectFrom('search_text')
    .select(['id', 'body'])
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map(({ id, body }) => [id, body]));
}

/** Texts with words that begin as all of these do, in no particular order. */
export async function findTexts(
  { db, dialect }: Databases,
  indexIds: readonly number[],
  words: readonly string[],
): Promise<FoundText[]> {
  if (indexIds.length === 0 || words.length === 0) return [];
  const own = tables(db)
    .selectFrom('search_text')
    .select(['project_id as projectId', 'index_id as indexId', 'kind', 'version', 'path', 'title', 'id'])
    .where('index_id', 'in', indexIds)
    .limit(MAX_TEXTS);
  const isPrefix = (word: string) => Array.from(word).length >= MIN_PREFIX;
  // Words are letters, digits and marks, so that neither language reads anything else into them.
  const found =
    dialect === 'sqlite'
      ? own
          .innerJoin(sql`search_word`.as('search_word'), (join) =>
            join.on(sql<boolean>`search_word.rowid = search_text.id`),
          )
          .where(
            sql<boolean>`search_word match ${words.map((word) => `"${word}"${isPrefix(word) ? ' *' : ''}`).join(' ')}`,
          )
      : own.where(
          sql<boolean>`words @@ ${words.map((word) => `'${word}'${isPrefix(word) ? ':*' : ''}`).join(' & ')}::tsquery`,
        );
  return (await found.execute()) as FoundText[];
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}
