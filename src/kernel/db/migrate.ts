import { sql } from 'kysely';
import { WHEELHOUSE_VERSION } from '../version.ts';
import type { Database, Db, DialectName, Tx } from './db.ts';
import type { KernelTables } from './kernel-tables.ts';

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
const MIGRATED_BY = 'migrated-by';

/** How far a database is, beside what a program knows. */
export interface MigrationState {
  /** In order; none in a new database. */
  readonly applied: readonly string[];
  /** What the program would apply. */
  readonly missing: readonly string[];
  /** What only a newer program can have applied. */
  readonly unknown: readonly string[];
  /** The version that migrated it last; undefined where that was not written down yet. */
  readonly version: string | undefined;
}

/** Reads how far the database is; changes nothing. */
export async function readMigrations(
  { db, dialect }: Pick<Database, 'db' | 'dialect'>,
  migrations: readonly Migration[],
): Promise<MigrationState> {
  const known = migrations.map(({ name }) => name);
  if (!(await hasMigrations(db, dialect))) {
    return { applied: [], missing: known, unknown: [], version: undefined };
  }
  const rows = await db.withTables<MigrationTables>().selectFrom('migration').select('name').execute();
  const fact = await db
    .withTables<KernelTables>()
    .selectFrom('installation')
    .select('value')
    .where('key', '=', MIGRATED_BY)
    .executeTakeFirst();
  const applied = rows.map(({ name }) => name).toSorted();
  return {
    applied,
    missing: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
    version: fact?.value,
  };
}

async function hasMigrations(db: Db, dialect: DialectName): Promise<boolean> {
  const query =
    dialect === 'sqlite'
      ? sql`select 1 from sqlite_master where type = 'table' and name = 'migration'`
      : sql`select 1 from pg_tables where schemaname = current_schema() and tablename = 'migration'`;
  return (await query.execute(db)).rows.length > 0;
}

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
    if (missing.length > 0) await writeVersion(tx);
    return missing.map((migration) => migration.name);
  });
}

/** So that an older program can say which version is needed. */
async function writeVersion(tx: Tx): Promise<void> {
  await tx
    .withTables<KernelTables>()
    .insertInto('installation')
    .values({ key: MIGRATED_BY, value: WHEELHOUSE_VERSION })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: WHEELHOUSE_VERSION }))
    .execute();
}

function schemaBuilder(tx: Tx, dialect: DialectName): SchemaBuilder {
  const isPostgres = dialect === 'postgres';
  return { tx, dialect, id: isPostgres ? 'bigserial' : 'integer', bytes: isPostgres ? 'bytea' : 'blob' };
}
