import { sql } from 'kysely';
import type { Database, DialectName, Tx } from './db.ts';

/** One forward step of the schema, in the SQL that SQLite and PostgreSQL share. */
export interface Migration {
  readonly name: string;
  up(schema: SchemaBuilder): Promise<void>;
}

/** What a migration may use: the transaction and the few words that differ between the dialects. */
export interface SchemaBuilder {
  readonly tx: Tx;
  /** For what the two do in ways of their own, such as searching text. */
  readonly dialect: DialectName;
  /** Type of a self-numbering primary key. */
  readonly id: 'integer' | 'bigserial';
  /** Type of a column of bytes. */
  readonly bytes: 'blob' | 'bytea';
}

type MigrationTables = { migration: { name: string; applied_at: number } };

const MIGRATION_LOCK = 7_415_963;

/**
 * Applies the migrations that are missing, in the given order, all in one transaction and under a lock, so
 * that two servers that start at once do it once. Returns the names that were applied.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  return await database.db.transaction().execute(async (tx) => {
    if (database.dialect === 'postgres')
      await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(tx);
    await tx.schema
      .createTable('migration')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('applied_at', 'bigint', (column) => column.notNull())
      .execute();
    const own = tx.withTables<MigrationTables>();
    const applied = new Set(
      (await own.selectFrom('migration').select('name').execute()).map((row) => row.name),
    );
    const missing = migrations.filter((migration) => !applied.has(migration.name));
    for (const migration of missing) {
      await migration.up(schemaBuilder(tx, database.dialect));
      await own.insertInto('migration').values({ name: migration.name, applied_at: Date.now() }).execute();
    }
    return missing.map((migration) => migration.name);
  });
}

function schemaBuilder(tx: Tx, dialect: DialectName): SchemaBuilder {
  const isPostgres = dialect === 'postgres';
  return { tx, dialect, id: isPostgres ? 'bigserial' : 'integer', bytes: isPostgres ? 'bytea' : 'blob' };
}
