import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Database } from '#kernel/db/db.ts';
import { migrate } from '#kernel/db/migrate.ts';
import { databases, testDatabase } from '#test/databases.ts';
import { parts } from '../src/parts.ts';
import { migrationsOf } from '../src/wiring.ts';

const migrations = migrationsOf(await Promise.all(parts.map((part) => part.load())));
/** What the first published version had. */
const RELEASED = ['0001-kernel', '0002-packages', '0003-mirror'];

test('migrations of all parts have numbers, and no two the same', () => {
  const numbers = migrations.map(({ name }) => /^(\d{4})-[a-z]+(?:-[a-z]+)*$/.exec(name)?.[1]);

  expect(numbers).not.toContain(undefined);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(migrations.slice(0, RELEASED.length).map(({ name }) => name)).toEqual(RELEASED);
});

describe.each(databases)('a %s database of the first version', (kind) => {
  test('keeps its rows and gets the schema of a new one', async () => {
    await using stack = new AsyncDisposableStack();
    const [old, fresh] = await Promise.all([open(), open()]);
    await migrate(old, migrations.slice(0, RELEASED.length));
    await fill(old);
    const before = await rowsOf(old, Object.keys(ROWS));

    await migrate(old, migrations);
    await migrate(fresh, migrations);

    const after = await rowsOf(old, Object.keys(ROWS));
    const { mirror_project: projects, installation, ...others } = before;
    expect(after).toMatchObject(others);
    // Absent projects are no longer kept, and there is a new fact.
    expect(after['mirror_project']).toEqual(projects?.filter((row) => row['is_found'] === 1));
    expect(after['installation']).toEqual([{ key: 'initialized', value: '1' }, ...(installation ?? [])]);
    // Mirrors that were asked are asked still.
    expect(after['package_index']).toMatchObject([
      { name: 'mirror', is_trusted: 1 },
      { name: 'stage', is_trusted: 0 },
    ]);
    expect(await rowsOf(old, ['last_package_index'])).toEqual({ last_package_index: [{ id: 2 }] });
    expect(await schemaOf(old)).toEqual(await schemaOf(fresh));

    async function open(): Promise<Database> {
      const home = await testDatabase(kind, { isBlank: true });
      stack.defer(() => home.remove());
      const database = home.open();
      stack.defer(() => database.close());
      return database;
    }
  });
});

const ROWS = {
  installation: [{ key: 'uuid', value: 'u' }],
  event: [{ serial: 1, type: 'packages.index-created', actor: 'alice', at: 1, data: '{}' }],
  job: [{ id: 1, name: 'collect', payload: '{}', run_after: 1, attempts: 0, leased_until: 0 }],
  user_account: [{ name: 'alice', password_hash: '$argon2id$', email: 'a@example.com', created_at: 1 }],
  package_index: ['mirror', 'stage'].map((type, position) => ({
    id: position + 1,
    user_name: 'alice',
    name: type,
    type,
    options: '{"title":"ours"}',
    created_at: 1,
  })),
  project: [{ id: 1, index_id: 2, name: 'demo', display_name: 'Demo' }],
  release: [{ id: 1, project_id: 1, version: '1.0', metadata: '{"name":"Demo"}' }],
  release_file: [
    {
      id: 1,
      index_id: 2,
      project_id: 1,
      release_id: 1,
      filename: 'demo-1.0.tar.gz',
      size: 3,
      sha256: 'a'.repeat(64),
      md5: 'b'.repeat(32),
      blake2b_256: 'c'.repeat(64),
      yanked: 'broken',
      uploaded_at: 1,
      log: '[]',
    },
  ],
  removed_file: [{ path: 'alice/stage/+f/aaa/bbb/demo-0.9.tar.gz', removed_at: 1 }],
  mirror_project: [
    { index_id: 1, name: 'absent', upstream: 'u', is_found: 0, page: null, expires_at: 1 },
    { index_id: 1, name: 'there', upstream: 'u', is_found: 1, page: Buffer.from('page'), expires_at: 1 },
  ],
  mirror_file: [
    {
      index_id: 1,
      relpath: '+f/aaa/bbb/there-1.0.tar.gz',
      project: 'there',
      sha256: 'd'.repeat(64),
      size: 3,
      content_type: 'application/gzip',
      stored_at: 1,
      used_at: 1,
    },
  ],
};

async function fill({ db }: Database): Promise<void> {
  for (const [table, rows] of Object.entries(ROWS)) {
    for (const row of rows) {
      const columns = sql.join(Object.keys(row).map((column) => sql.ref(column)));
      await sql`insert into ${sql.table(table)} (${columns}) values (${sql.join(Object.values(row))})`.execute(
        db,
      );
    }
  }
}

async function rowsOf({ db }: Database, tables: readonly string[]) {
  const found: Record<string, Record<string, unknown>[]> = {};
  for (const table of tables) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(db);
    found[table] = rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  return found;
}

/** Every table, column, key and index, in words that two databases with one schema share. */
async function schemaOf({ db, dialect }: Database): Promise<readonly unknown[]> {
  const { rows } = await (
    dialect === 'sqlite'
      ? sql`select type, name, sql from sqlite_master order by type, name`
      : sql`
          select table_name, column_name, data_type, is_nullable, column_default
            from information_schema.columns where table_schema = 'public'
          union all select tablename, indexname, indexdef, '', '' from pg_indexes where schemaname = 'public'
          union all select conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
            from pg_constraint where connamespace = 'public'::regnamespace
          order by 1, 2, 3`
  ).execute(db);
  return rows;
}
