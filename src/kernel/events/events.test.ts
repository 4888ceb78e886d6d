import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TestClock } from '#test/clock.ts';
import { administer, databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import type { Database } from '../db/db.ts';
import { listEvents, openEvents, type Events, type StoredEvent } from './events.ts';

const log = pino({ level: 'silent' });

interface Opened {
  readonly database: Database;
  readonly events: Events;
  readonly heard: StoredEvent[];
  close(): Promise<void>;
}

describe.each(databases)('events on %s', (kind) => {
  const clock = new TestClock();
  let home: TestDatabase;
  let opened: Opened[];
  beforeEach(async () => {
    home = await testDatabase(kind);
    opened = [];
  });
  afterEach(async () => {
    for (const each of opened) await each.close();
    await home.remove();
  });

  async function open(): Promise<Opened> {
    const database = home.open();
    const events = await openEvents(database, clock, log);
    const heard: StoredEvent[] = [];
    events.listen((event) => heard.push(event));
    const all = {
      database,
      events,
      heard,
      async close() {
        await events.close();
        await database.close();
      },
    };
    opened.push(all);
    return all;
  }

  const emit = ({ events }: Opened, number: number) =>
    events.change(async (_tx, send) => send({ type: 'test.done', actor: 'me', data: { number } }));

  test('are stored with serial, actor and time, and heard before the change resolves', async () => {
    const one = await open();
    expect([one.events.serial, one.events.heardAt]).toEqual([0, 0]);

    const result = await one.events.change(async (_tx, send) => {
      await send({ type: 'test.first', actor: 'me', data: { a: [1, null] } });
      await send({ type: 'test.second', actor: null, data: {} });
      expect(one.heard).toEqual([]);
      return 'result';
    });

    expect(result).toBe('result');
    const expected = [
      { serial: 1, type: 'test.first', actor: 'me', at: clock.now(), data: { a: [1, null] } },
      { serial: 2, type: 'test.second', actor: null, at: clock.now(), data: {} },
    ];
    expect(one.heard).toEqual(expected);
    expect(await listEvents(one.database.db, 0, 10)).toEqual(expected);
    expect([one.events.serial, one.events.heardAt, one.events.isLive]).toEqual([2, clock.now(), true]);
  });

  test('of a change that fails are neither stored nor heard, and leave no gap', async () => {
    const one = await open();

    const failing = one.events.change(async (_tx, send) => {
      await send({ type: 'test.lost', actor: null, data: {} });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await emit(one, 1);

    expect(one.heard.map(({ serial, type }) => [serial, type])).toEqual([[1, 'test.done']]);
  });

  test('have serials without gaps and are heard in order, however many changes run at once', async () => {
    const one = await open();

    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, number) =>
        one.events.change(async (_tx, send) => {
          await send({ type: 'test.a', actor: null, data: { number } });
          await sleep(number % 3);
          if (number % 4 === 0) throw new Error('rolled back');
          await send({ type: 'test.b', actor: null, data: { number } });
        }),
      ),
    );

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(30);
    const serials = Array.from({ length: 60 }, (_, position) => position + 1);
    expect(one.heard.map(({ serial }) => serial)).toEqual(serials);
    expect((await listEvents(one.database.db, 0, 100)).map(({ serial }) => serial)).toEqual(serials);
  });

  test('are listed in pages', async () => {
    const one = await open();
    for (let number = 0; number < 5; number += 1) await emit(one, number);

    expect((await listEvents(one.database.db, 2, 2)).map(({ serial }) => serial)).toEqual([3, 4]);
    expect(await listEvents(one.database.db, 5, 2)).toEqual([]);
  });

  test('go on from the stored serial after a restart', async () => {
    const before = await open();
    await emit(before, 1);
    await before.close();
    opened = [];

    const after = await open();
    expect([after.events.serial, after.events.heardAt]).toEqual([1, clock.now()]);
    await emit(after, 2);

    expect(after.heard.map(({ serial }) => serial)).toEqual([2]);
  });

  test('a long gap is read to its end', async () => {
    const one = await open();

    await one.events.change(async (_tx, send) => {
      for (let number = 0; number < 1001; number += 1)
        await send({ type: 'test.many', actor: null, data: { number } });
    });

    expect(one.heard).toHaveLength(1001);
    expect(one.events.serial).toBe(1001);
  });
});

describe.runIf(databases.includes('postgres'))('events of two servers on one PostgreSQL', () => {
  const clock = new TestClock();
  let home: TestDatabase;
  beforeEach(async () => {
    home = await testDatabase('postgres');
  });
  afterEach(async () => await home.remove());

  async function pair() {
    const [one, two] = [await side(), await side()];
    return {
      one,
      two,
      async close() {
        for (const { events, database } of [one, two]) {
          await events.close();
          await database.close();
        }
      },
    };
  }

  async function side() {
    const database = home.open();
    const events = await openEvents(database, clock, log);
    const heard: number[] = [];
    events.listen(({ serial }) => heard.push(serial));
    return { database, events, heard };
  }

  const emit = (events: Events) =>
    events.change(async (_tx, send) => send({ type: 'test.done', actor: null, data: {} }));

  test('are heard by both, in order, once', async () => {
    const { one, two, close } = await pair();

    await Promise.all(
      Array.from({ length: 30 }, (_, number) => emit(number % 2 === 0 ? one.events : two.events)),
    );

    const serials = Array.from({ length: 30 }, (_, position) => position + 1);
    await vi.waitFor(() => expect([one.heard, two.heard]).toEqual([serials, serials]));
    await close();
  });

  test('are caught up after the listening connection was killed, and until then the other is not live', async () => {
    const { one, two, close } = await pair();
    await emit(one.events);
    await vi.waitFor(() => expect(two.heard).toEqual([1]));

    const name = home.setting.match(/\/(test_\w+)/)?.[1];
    await administer(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and query like 'listen %'`,
    );
    await vi.waitFor(() => expect([one.events.isLive, two.events.isLive]).toEqual([false, false]));
    await emit(one.events);
    await vi.waitFor(() => expect(two.events.isLive).toBe(true), { timeout: 5000 });
    await vi.waitFor(() => expect(two.heard).toEqual([1, 2]));

    await emit(one.events);
    await vi.waitFor(() => expect(two.heard).toEqual([1, 2, 3]));
    await close();
  });

  test('the serial row is what orders them, also for a writer outside', async () => {
    const { one, two, close } = await pair();

    await one.database.db.transaction().execute(async (tx) => {
      await sql`update serial set value = value + 1`.execute(tx);
      await sql`insert into event values (1, 'test.outside', null, 0, '{}')`.execute(tx);
    });
    await emit(one.events);

    await vi.waitFor(() =>
      expect([one.heard, two.heard]).toEqual([
        [1, 2],
        [1, 2],
      ]),
    );
    await close();
  });
});
