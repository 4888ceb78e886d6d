import { sql } from 'kysely';
import type { Migration, SchemaBuilder } from '#kernel/db/migrate.ts';

/**
 * Long texts that projects are found by, with what each database has for words: on SQLite an index that holds no text of its own,
 * on PostgreSQL a column of words. What is there already is read by a job.
 */
export const searchTextsMigration: Migration = { name: '0018-search-texts', up: createSearchTexts };

async function createSearchTexts({ tx, dialect, id }: SchemaBuilder): Promise<void> {
  const isSqlite = dialect === 'sqlite';
  const key = isSqlite ? 'integer' : 'bigint';
  await tx.schema
    .createTable('search_text')
    .addColumn('id', id, (column) => column.primaryKey())
    .addColumn('project_id', key, (column) => column.notNull().references('project.id').onDelete('cascade'))
    .addColumn('index_id', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .$call((table) => (isSqlite ? table : table.addColumn('words', sql`tsvector`)))
    .execute();
  await tx.schema.createIndex('search_text_by_project').on('search_text').column('project_id').execute();
  await tx.schema
    .createTable('search_source')
    .addColumn('project_id', key, (column) =>
      column.primaryKey().references('project.id').onDelete('cascade'),
    )
    .addColumn('source', 'text', (column) => column.notNull())
    .execute();
  if (isSqlite) {
    await sql`create virtual table search_word using fts5(words, content='', contentless_delete=1, detail=none, prefix='3', tokenize="unicode61 remove_diacritics 0")`.execute(
      tx,
    );
    // Also where a foreign key deletes rows.
    await sql`create trigger search_text_delete after delete on search_text begin delete from search_word where rowid = old.id; end`.execute(
      tx,
    );
  } else await sql`create index search_text_by_words on search_text using gin (words)`.execute(tx);
}
