import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqlite, type Database } from './db.ts';

type Tables = { note: { id: number; text: string | null } };

let directory: string;
let database: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sqlite-'));
  database = openSqlite(join(directory, 'db.sqlite'));
  await sql`create table note (id integer primary key, text text)`.execute(database.db);
});
afterEach(async () => {
  await database.close();
  rmSync(directory, { recursive: true });
});

const notes = () => database.db.withTables<Tables>();
const texts = async () =>
  (await notes().selectFrom('note').select('text').orderBy('id').execute()).map((r) => r.text);

test('reads go on while a transaction is open, and see only what is committed', async () => {
  const { promise: written, resolve: hasWritten } = Promise.withResolvers<void>();
  const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
  const transaction = database.db.transaction().execute(async (tx) => {
    await tx.withTables<Tables>().insertInto('note').values({ id: 1, text: 'new' }).execute();
    expect(await tx.withTables<Tables>().selectFrom('note').selectAll().execute()).toHaveLength(1);
    hasWritten();
    await mayCommit;
  });

  await written;
  expect(await texts()).toEqual([]);
  commit();
  await transaction;

  expect(await texts()).toEqual(['new']);
});

test('a transaction that throws leaves nothing', async () => {
  const failing = database.db.transaction().execute(async (tx) => {
    await tx.withTables<Tables>().insertInto('note').values({ id: 1, text: 'x' }).execute();
    throw new Error('no');
  });

  await expect(failing).rejects.toThrow('no');
  expect(await texts()).toEqual([]);
  await notes().insertInto('note').values({ id: 1, text: 'after' }).execute();
  expect(await texts()).toEqual(['after']);
});

test('a statement that fails in a transaction does not hold the writer for ever', async () => {
  await notes().insertInto('note').values({ id: 1, text: 'x' }).execute();

  const failing = database.db.transaction().execute(async (tx) => {
    await tx.withTables<Tables>().insertInto('note').values({ id: 1, text: 'y' }).execute();
  });

  await expect(failing).rejects.toThrow(/UNIQUE/i);
  await notes().insertInto('note').values({ id: 2, text: 'z' }).execute();
  expect(await texts()).toEqual(['x', 'z']);
});

test('writers wait for each other, in the order in which they came', async () => {
  const order: number[] = [];

  await Promise.all(
    [1, 2, 3, 4, 5].map((id) =>
      database.db.transaction().execute(async (tx) => {
        order.push(id);
        await tx
          .withTables<Tables>()
          .insertInto('note')
          .values({ id, text: String(id) })
          .execute();
        await new Promise((resolve) => setTimeout(resolve, 2));
        order.push(id);
      }),
    ),
  );

  expect(order).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
});

test('a write outside a transaction waits for the transaction', async () => {
  const transaction = database.db.transaction().execute(async (tx) => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await tx.withTables<Tables>().insertInto('note').values({ id: 1, text: 'first' }).execute();
  });
  await new Promise((resolve) => setTimeout(resolve, 1));
  const write = notes().insertInto('note').values({ id: 2, text: 'second' }).execute();

  await Promise.all([transaction, write]);

  expect(await texts()).toEqual(['first', 'second']);
});

test('values come back as they were, and undefined is null', async () => {
  const text = "o'hara \u0000 密 '; drop table note; --";
  await notes()
    .insertInto('note')
    .values([
      { id: 1, text },
      { id: 2 ** 45, text: null },
    ])
    .execute();

  expect(await notes().selectFrom('note').selectAll().orderBy('id').execute()).toEqual([
    { id: 1, text },
    { id: 2 ** 45, text: null },
  ]);
});

test('the number of changed rows and returned rows is told', async () => {
  const inserted = await notes().insertInto('note').values({ id: 7, text: 'x' }).returning('id').execute();
  const updated = await notes().updateTable('note').set({ text: 'y' }).executeTakeFirst();

  expect(inserted).toEqual([{ id: 7 }]);
  expect(updated.numUpdatedRows).toBe(1n);
});

test('references are enforced and every commit is synced', async () => {
  const read = async (name: string) =>
    Object.values(
      (await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(database.db)).rows[0] ?? {},
    )[0];

  expect(await read('foreign_keys')).toBe(1);
  expect(await read('synchronous')).toBe(2);
  expect(await read('journal_mode')).toBe('wal');
});

test('a read-only database takes no writes', async () => {
  const reader = openSqlite(join(directory, 'db.sqlite'), { readOnly: true });

  await expect(sql`insert into note values (1, 'x')`.execute(reader.db)).rejects.toMatchObject({
    kind: { code: 'kernel.serverdir-unusable' },
  });
  await reader.close();
});

test('a thousand different statements are all prepared', async () => {
  for (let number = 0; number < 1000; number += 1) {
    const { rows } = await sql<{ n: number }>`select ${sql.raw(String(number))} as n`.execute(database.db);
    expect(rows[0]?.n).toBe(number);
  }
});

test('only the owner may read the file and its companions', () => {
  const modes = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mode & 0o777]);

  expect(Object.fromEntries(modes)).toEqual({
    'db.sqlite': 0o600,
    'db.sqlite-shm': 0o600,
    'db.sqlite-wal': 0o600,
  });
});
