import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TestClock } from '#test/clock.ts';
import { databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import type { Database } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';
import { enqueue, JobRunner, type JobHandler } from './jobs.ts';

const log = pino({ level: 'silent' });
const SECOND = 1000;

describe.each(databases)('jobs on %s', (kind) => {
  let clock: TestClock;
  let home: TestDatabase;
  let database: Database;
  let runs: unknown[];
  beforeEach(async () => {
    clock = new TestClock();
    home = await testDatabase(kind);
    database = home.open();
    runs = [];
  });
  afterEach(async () => {
    await database.close();
    await home.remove();
  });

  const runner = (...handlers: JobHandler[]) => new JobRunner(database, clock, log, handlers);
  const recording: JobHandler = { name: 'record', run: async (payload) => void runs.push(payload) };
  const add = (payload: unknown, options: { key?: string; delayMs?: number; name?: string } = {}) =>
    enqueue(database.db, clock.now(), { name: 'record', payload, ...options });
  const rows = async () =>
    await database.db.withTables<KernelTables>().selectFrom('job').selectAll().orderBy('id').execute();

  test('run once, in the order of their time, and are gone', async () => {
    await add({ n: 2 }, { delayMs: 5 });
    await add({ n: 1 });
    await add(null, { delayMs: 10 });
    clock.advance(10);

    expect(await runner(recording).runDue()).toBe(3);

    expect(runs).toEqual([{ n: 1 }, { n: 2 }, null]);
    expect(await rows()).toEqual([]);
  });

  test('do not run before their time', async () => {
    await add('later', { delayMs: 10 * SECOND });
    const jobs = runner(recording);

    expect(await jobs.runDue()).toBe(0);
    clock.advance(10 * SECOND);
    expect(await jobs.runDue()).toBe(1);
  });

  test('with one key wait once', async () => {
    expect(await add('first', { key: 'k' })).toBe(true);
    expect(await add('second', { key: 'k' })).toBe(false);
    expect(await add('third')).toBe(true);

    await runner(recording).runDue();

    expect(runs).toEqual(['first', 'third']);
    expect(await add('fourth', { key: 'k' })).toBe(true);
  });

  test('that were enqueued in a transaction that failed do not exist', async () => {
    const failing = database.db.transaction().execute(async (tx) => {
      await enqueue(tx, clock.now(), { name: 'record', payload: 'x' });
      throw new Error('no');
    });

    await expect(failing).rejects.toThrow('no');
    expect(await rows()).toEqual([]);
  });

  test('that fail are tried again after growing pauses, then stay with their error', async () => {
    await add('x');
    const jobs = runner({
      name: 'record',
      run: async () => {
        runs.push(clock.now());
        throw new Error(`failure ${runs.length}`);
      },
    });

    for (let second = 0; second < 1200; second += 1) {
      await jobs.runDue();
      if (runs.length === 8) break;
      clock.advance(SECOND);
    }

    const pauses = runs.slice(1).map((at, position) => (at as number) - (runs[position] as number));
    expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128].map((seconds) => seconds * SECOND));
    expect(await rows()).toMatchObject([{ attempts: 8, last_error: 'failure 8', failed_at: clock.now() }]);
    clock.advance(3_600_000);
    expect(await jobs.runDue()).toBe(0);
  });

  test('that fail once and then succeed are gone', async () => {
    await add('x');
    const jobs = runner({
      name: 'record',
      run: async (payload) => {
        runs.push(payload);
        if (runs.length === 1) throw new Error('once');
      },
    });

    await jobs.runDue();
    expect(await rows()).toMatchObject([{ lease: null, last_error: 'once', failed_at: null }]);
    clock.advance(2 * SECOND);
    await jobs.runDue();

    expect([runs, await rows()]).toEqual([['x', 'x'], []]);
  });

  test('of a runner that died are taken up when its lease ends', async () => {
    await add('x');
    const { promise: forever } = Promise.withResolvers<void>();
    const { promise: started, resolve: hasStarted } = Promise.withResolvers<void>();
    const dying = runner({
      name: 'record',
      run: async () => {
        hasStarted();
        await forever;
      },
    });
    void dying.runDue();
    await started;
    const survivor = runner(recording);

    expect(await survivor.runDue()).toBe(0);
    clock.advance(30 * SECOND);
    expect(await survivor.runDue()).toBe(0);
    clock.advance(1);
    expect(await survivor.runDue()).toBe(1);

    expect([runs, await rows()]).toEqual([['x'], []]);
  });

  test('are run by one of two runners only', async () => {
    const second = kind === 'postgres' ? home.open() : database;
    for (let number = 0; number < 20; number += 1) await add(number);
    const runners = [runner(recording), new JobRunner(second, clock, log, [recording])];

    const counts = await Promise.all(runners.map((each) => each.runDue()));

    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(20);
    expect((runs as number[]).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, number) => number),
    );
    if (second !== database) await second.close();
  });

  test('that nobody here knows wait for somebody who does', async () => {
    await add('x', { name: 'unknown' });

    expect(await runner(recording).runDue()).toBe(0);
    expect(await rows()).toMatchObject([{ name: 'unknown', attempts: 0 }]);
  });

  test('that repeat are scheduled once and run again after their time', async () => {
    const hourly = { ...recording, everyMs: 3_600_000 };
    const [one, two] = [runner(hourly), runner(hourly)];
    await one.start();
    await two.start();
    await vi.waitFor(() => expect(runs).toHaveLength(1));
    await one.stop();
    await two.stop();

    expect(await rows()).toMatchObject([{ key: 'record', run_after: clock.now() + 3_600_000 }]);
    clock.advance(3_600_000);
    expect(await runner(hourly).runDue()).toBe(1);
    expect(await rows()).toHaveLength(1);
  });

  test('that repeat are never given up', async () => {
    const hourly = {
      name: 'record',
      everyMs: 3_600_000,
      run: async () => {
        runs.push(1);
        throw new Error('always');
      },
    };
    await add(null, { key: 'record' });
    const jobs = runner(hourly);

    for (let attempt = 0; attempt < 20; attempt += 1) {
      await jobs.runDue();
      clock.advance(600 * SECOND);
    }

    expect(runs).toHaveLength(20);
    expect(await rows()).toMatchObject([{ failed_at: null }]);
  });

  test('hear that the runner stops', async () => {
    await add('x');
    const jobs = runner({
      name: 'record',
      run: async (_payload, signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        runs.push('stopped');
      },
    });
    await jobs.start();
    await vi.waitFor(async () => expect(await rows()).toMatchObject([{ attempts: 1 }]));

    await jobs.stop();

    expect(runs).toEqual(['stopped']);
  });
});
