import { sql } from 'kysely';
import type { Migration, SchemaBuilder } from '#kernel/db/migrate.ts';
import type { Tx } from '#kernel/db/db.ts';
import { rebuildEntry } from './record-entry.ts';
import { lastUploadOf, listProjectsAfter } from './store.ts';

const BATCH = 500;

/**
 * The table of what projects are found by, with what each database has for texts: on SQLite an index of words, on
 * PostgreSQL one of lists, neither of which must be installed. Then an entry for every project that is there.
 */
export const searchMigration: Migration = { name: '0015-search', up: createSearch };

async function createSearch({ tx, dialect }: SchemaBuilder): Promise<void> {
  const isSqlite = dialect === 'sqlite';
  await tx.schema
    .createTable('search_entry')
    .addColumn('project_id', isSqlite ? 'integer' : 'bigint', (column) =>
      column.primaryKey().references('project.id').onDelete('cascade'),
    )
    .addColumn('index_id', 'bigint', (column) => column.notNull())
    // Ranges of names are those of their bytes, whatever language the database is in.
    .addColumn('name', isSqlite ? 'text' : sql`text collate "C"`, (column) => column.notNull())
    .addColumn('version', 'text')
    .addColumn('summary', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('grams', 'text', (column) => column.notNull())
    .execute();
  await tx.schema
    .createIndex('search_entry_by_name')
    .on('search_entry')
    .columns(['name', 'index_id'])
    .execute();
  if (isSqlite) await createWordIndex(tx);
  else {
    await sql`create index search_entry_by_grams on search_entry using gin (string_to_array(grams, ' '))`.execute(
      tx,
    );
  }
  await recordAllProjects(tx);
}

/** The triggers keep it equal to the table, also where a foreign key deletes rows. */
async function createWordIndex(tx: Tx): Promise<void> {
  await sql`create virtual table search_gram using fts5(grams, content='search_entry', content_rowid='project_id', tokenize="ascii tokenchars '^#'", detail=none)`.execute(
    tx,
  );
  const add = 'insert into search_gram (rowid, grams) values (new.project_id, new.grams);';
  const take =
    "insert into search_gram (search_gram, rowid, grams) values ('delete', old.project_id, old.grams);";
  const triggers = { insert: add, delete: take, 'update of grams': `${take} ${add}` };
  for (const [event, work] of Object.entries(triggers)) {
    const name = `search_entry_${event.split(' ', 1)[0]}`;
    await sql.raw(`create trigger ${name} after ${event} on search_entry begin ${work} end`).execute(tx);
  }
}

async function recordAllProjects(tx: Tx): Promise<void> {
  for (let after = 0, projects = await listProjectsAfter(tx, after, BATCH); projects.length > 0;) {
    for (const project of projects) await rebuildEntry(tx, project, await lastUploadOf(tx, project.id));
    after = projects.at(-1)?.id ?? Infinity;
    projects = await listProjectsAfter(tx, after, BATCH);
  }
}
