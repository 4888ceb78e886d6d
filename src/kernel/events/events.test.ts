import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { TestClock } from '#test/clock.ts';
import { administer, databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import { PostgresRelay } from '#test/postgres-relay.ts';
import { openPostgres, type Database } from '../db/db.ts';
import { defineEvents, type StoredEvent } from './event-type.ts';
import { listEvents, openEvents, type Events } from './events.ts';
import { hearing } from './listeners.ts';

const log = pino({ level: 'silent' });

const testEvents = defineEvents('test', {
  done: { meaning: 'Done.', data: z.object({ number: z.number() }) },
  undone: { meaning: 'Undone.', about: 'work', data: z.object({ number: z.number() }) },
});
const types = Object.values(testEvents);

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
    const events = await openEvents(database, types, clock, log);
    const heard: StoredEvent[] = [];
    events.listen({ hears: [hearing(types, (event) => heard.push(event))], clear: () => undefined });
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
    events.change(async (_tx, send) => send(testEvents.done, { actor: 'me', data: { number } }));

  test('are stored with serial, actor and time, and heard before the change resolves', async () => {
    const one = await open();
    expect([one.events.serial, one.events.heardAt]).toEqual([0, 0]);

    const result = await one.events.change(async (_tx, send) => {
      send(testEvents.done, { actor: 'me', data: { number: 1 } });
      send(testEvents.undone, { actor: null, about: 7, data: { number: 2 } });
      expect(one.heard).toEqual([]);
      return 'result';
    });

    expect(result).toBe('result');
    const expected = [
      { serial: 1, type: 'test.done', actor: 'me', at: clock.now(), about: null, data: { number: 1 } },
      { serial: 2, type: 'test.undone', actor: null, at: clock.now(), about: 7, data: { number: 2 } },
    ];
    expect(one.heard).toEqual(expected);
    expect(await listEvents(one.database.db, 0, 10)).toEqual(expected);
    expect([one.events.serial, one.events.heardAt, one.events.isLive]).toEqual([2, clock.now(), true]);
  });

  test('of a change that fails are neither stored nor heard, and leave no gap', async () => {
    const one = await open();

    const failing = one.events.change(async (_tx, send) => {
      send(testEvents.done, { actor: null, data: { number: 1 } });
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
          send(testEvents.done, { actor: null, data: { number } });
          await sleep(number % 3);
          if (number % 4 === 0) throw new Error('rolled back');
          send(testEvents.done, { actor: null, data: { number } });
        }),
      ),
    );

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(30);
    const serials = Array.from({ length: 60 }, (_, position) => position + 1);
    expect(one.heard.map(({ serial }) => serial)).toEqual(serials);
    expect((await listEvents(one.database.db, 0, 100)).map(({ serial }) => serial)).toEqual(serials);
  });

  test('with data that are not of their type fail the change', async () => {
    const one = await open();

    const failing = one.events.change(async (_tx, send) => {
      send(testEvents.done, { actor: null, data: { number: 'one' as unknown as number } });
    });

    await expect(failing).rejects.toThrow('number');
    expect(await listEvents(one.database.db, 0, 10)).toEqual([]);
  });

  test('are stored when the change is made, so that it keeps nobody waiting for the serial', async () => {
    const one = await open();
    const { promise: isEmitted, resolve: emitted } = Promise.withResolvers<void>();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();

    const change = one.events.change(async (tx, send) => {
      send(testEvents.done, { actor: null, data: { number: 1 } });
      const { rows } = await sql<{ value: number }>`select value from serial`.execute(tx);
      expect(rows).toEqual([{ value: 0 }]);
      emitted();
      await mayEnd;
    });
    await isEmitted;
    // SQLite has one writer at a time.
    if (kind === 'postgres') {
      await emit(one, 2);
      expect(one.heard.map(({ data }) => data)).toEqual([{ number: 2 }]);
    }
    end();
    await change;

    expect(one.heard.map(({ data }) => data)).toContainEqual({ number: 1 });
  });

  test('are heard by those who name them, with their own data', async () => {
    const one = await open();
    const numbers: number[] = [];
    const clear = vi.fn<() => void>();
    one.events.listen({
      hears: [hearing([testEvents.undone], ({ data }) => numbers.push(data.number))],
      clear,
    });

    await emit(one, 1);
    await one.events.change(async (_tx, send) => {
      send(testEvents.undone, { actor: null, about: 1, data: { number: 2 } });
    });

    expect(numbers).toEqual([2]);
    expect(clear).not.toHaveBeenCalled();
  });

  test.each([
    ['of another version with other data', 'test.done', { count: 1 }],
    ['of a type that only another version has', 'test.redone', { number: 1 }],
  ])('%s make everybody forget', async (_case, type, data) => {
    const one = await open();
    const clear = vi.fn<() => void>();
    one.events.listen({ hears: [hearing([testEvents.undone], () => undefined)], clear });

    await one.database.db.transaction().execute(async (tx) => {
      await sql`update serial set value = value + 1`.execute(tx);
      await sql`insert into event (serial, type, at, data) values (1, ${type}, 0, ${JSON.stringify(data)})`.execute(
        tx,
      );
    });
    await emit(one, 1);

    expect(clear).toHaveBeenCalledOnce();
    expect(one.heard.map(({ serial }) => serial)).toEqual([2]);
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
        send(testEvents.done, { actor: null, data: { number } });
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
    const events = await openEvents(database, types, clock, log);
    const heard: number[] = [];
    events.listen({ hears: [hearing(types, ({ serial }) => heard.push(serial))], clear: () => undefined });
    return { database, events, heard };
  }

  const emit = (events: Events) =>
    events.change(async (_tx, send) => send(testEvents.done, { actor: null, data: { number: 0 } }));

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

  test('are caught up after the listening connection fell silent, and until then the other is not live', async () => {
    const one = await side();
    const relay = new PostgresRelay(home.setting);
    await relay.start();
    const database = openPostgres(relay.setting);
    const events = await openEvents(database, types, clock, log, { heartbeatMs: 100 });
    const heard: number[] = [];
    events.listen({ hears: [hearing(types, ({ serial }) => heard.push(serial))], clear: () => undefined });
    await emit(one.events);
    await vi.waitFor(() => expect(heard).toEqual([1]));

    relay.silence();
    await emit(one.events);
    await vi.waitFor(() => expect(events.isLive).toBe(false));
    await vi.waitFor(() => expect([events.isLive, heard]).toEqual([true, [1, 2]]), { timeout: 5000 });

    await emit(one.events);
    await vi.waitFor(() => expect(heard).toEqual([1, 2, 3]));
    for (const each of [one, { events, database }]) {
      await each.events.close();
      await each.database.close();
    }
    await relay.remove();
  });

  test('the serial row is what orders them, also for a writer outside', async () => {
    const { one, two, close } = await pair();

    await one.database.db.transaction().execute(async (tx) => {
      await sql`update serial set value = value + 1`.execute(tx);
      await sql`insert into event values (1, 'test.done', null, 0, '{"number":0}')`.execute(tx);
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
