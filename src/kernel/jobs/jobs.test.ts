import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TestClock } from '#test/clock.ts';
import { databases, testDatabase, type TestDatabase } from '#test/databases.ts';
import type { Database } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';
import { createMetrics } from '../http/metrics.ts';
import { enqueue } from './enqueue.ts';
import type { JobHandler, RunningJob } from './job-handler.ts';
import { JobRunner } from './job-runner.ts';
import { measureJobs } from './measure-jobs.ts';

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
      run: async (_payload, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        runs.push('stopped');
      },
    });
    await jobs.start();
    await vi.waitFor(async () => expect(await rows()).toMatchObject([{ attempts: 1 }]));

    await jobs.stop();

    expect(runs).toEqual(['stopped']);
  });

  /** A handler whose runs begin, and end when they are let. */
  function heldHandler(name: string, slots: number) {
    const begun: RunningJob[] = [];
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const handler: JobHandler = {
      name,
      queue: { name: 'held', slots },
      run: async (payload, job) => {
        runs.push(payload);
        begun.push(job);
        await released;
      },
    };
    return { handler, begun, release };
  }

  /** As many rounds as a job that always fails needs to be given up. */
  async function exhaust(jobs: JobRunner) {
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await jobs.runDue();
      clock.advance(600 * SECOND);
    }
  }

  test('of one queue do not hold up those of another', async () => {
    const long = heldHandler('long', 1);
    await add('long', { name: 'long' });
    const jobs = runner(long.handler, recording);
    await jobs.start();
    await vi.waitFor(() => expect(runs).toEqual(['long']));

    await add('short');
    await add('shorter');

    await vi.waitFor(async () => expect(await rows()).toMatchObject([{ name: 'long' }]), 5000);
    expect(runs).toEqual(['long', 'short', 'shorter']);
    long.release();
    await jobs.stop();
    expect(await rows()).toEqual([]);
  });

  test('of one queue run at once in as many slots as it has', async () => {
    const held = heldHandler('record', 3);
    for (let number = 0; number < 5; number += 1) await add(number);
    const jobs = runner(held.handler);
    const ended = jobs.runDue();

    await vi.waitFor(() => expect(runs).toEqual([0, 1, 2]));
    expect((await rows()).map(({ attempts }) => attempts)).toEqual([1, 1, 1, 0, 0]);
    held.release();

    expect([await ended, runs]).toEqual([5, [0, 1, 2, 3, 4]]);
  });

  test('of one queue leave the slots of others free when many wait', async () => {
    const held = heldHandler('held', 2);
    for (let number = 0; number < 10; number += 1) await add(number, { name: 'held' });
    await add('late');
    const ended = runner(held.handler, recording).runDue();

    await vi.waitFor(() => expect(runs).toEqual([0, 1, 'late']));

    held.release();
    expect(await ended).toBe(11);
  });

  test('agree on the slots of the queue that they share', () => {
    const [two, three] = [2, 3].map((slots) => ({
      ...recording,
      name: `record-${slots}`,
      queue: { name: 'shared', slots },
    }));

    expect(() => runner(two as JobHandler, three as JobHandler)).toThrow(
      'the queue shared has 2 slots and 3',
    );
  });

  test('with the key of a running one run again when it has ended, and not beside it', async () => {
    const held = heldHandler('record', 3);
    await add('first', { key: 'k' });
    const ended = runner(held.handler).runDue();
    await vi.waitFor(() => expect(runs).toEqual(['first']));

    expect(await add('second', { key: 'k' })).toBe(true);
    expect(await add('third', { key: 'k' })).toBe(false);
    expect(await runner(recording).runDue()).toBe(0);
    held.release();

    expect(await ended).toBe(2);
    expect([runs, await rows()]).toEqual([['first', 'second'], []]);
  });

  test('with the key of a running one that dies are not lost', async () => {
    const held = heldHandler('record', 1);
    await add('first', { key: 'k' });
    const dying = runner(held.handler);
    void dying.runDue();
    await vi.waitFor(() => expect(runs).toEqual(['first']));
    await add('second', { key: 'k' });

    clock.advance(30 * SECOND + 1);

    expect(await runner(recording).runDue()).toBe(2);
    expect(runs).toEqual(['first', 'first', 'second']);
    held.release();
    await dying.stop();
  });

  test('that fail pause also if their key was enqueued meanwhile', async () => {
    await add(null, { key: 'k' });
    const failing = runner({
      name: 'record',
      run: async () => {
        runs.push(clock.now());
        await add(null, { key: 'k' });
        throw new Error('no');
      },
    });

    expect(await failing.runDue()).toBe(1);

    expect(await rows()).toMatchObject([{ attempts: 1, run_after: clock.now() + 2 * SECOND }]);
  });

  test('that are given up do not keep others with their key away', async () => {
    await add('x', { key: 'k' });
    const failing = runner({
      name: 'record',
      run: async () => {
        runs.push('failed');
        // While the last attempt runs.
        if (runs.length === 8) await add('y', { key: 'k' });
        throw new Error('always');
      },
    });
    await exhaust(failing);
    expect(await rows()).toMatchObject([
      { key: null, failed_at: expect.any(Number), last_error: 'always' },
      // It has eight attempts of its own, of which the first has come at once.
      { key: 'k', attempts: 1, payload: '"y"', failed_at: null },
    ]);

    await exhaust(failing);

    expect(await add('z', { key: 'k' })).toBe(true);
    expect(await runner(recording).runDue()).toBe(1);
    expect(runs.at(-1)).toBe('z');
  });

  test('that were overtaken can write nothing, and are told', async () => {
    await add('x');
    const held = heldHandler('record', 1);
    const overtaken = runner(held.handler).runDue();
    await vi.waitFor(() => expect(held.begun).toHaveLength(1));
    const [job] = held.begun as [RunningJob];
    const write = () =>
      database.db.transaction().execute(async (tx) => {
        await enqueue(tx, clock.now(), { name: 'written', payload: null });
        await job.fence(tx);
      });
    await write();
    expect(await rows()).toMatchObject([{ name: 'record' }, { name: 'written' }]);

    clock.advance(30 * SECOND + 1);
    const survivor = heldHandler('record', 1);
    const survived = runner(survivor.handler).runDue();
    await vi.waitFor(() => expect(survivor.begun).toHaveLength(1));

    await expect(write()).rejects.toThrow('the lease of the job is lost');
    expect(job.signal.aborted).toBe(true);
    expect((await rows()).filter(({ name }) => name === 'written')).toHaveLength(1);
    held.release();
    expect(await overtaken).toBe(1);
    expect(await rows()).toMatchObject([{ name: 'record', attempts: 2 }, { name: 'written' }]);
    survivor.release();
    await survived;
    expect(await rows()).toMatchObject([{ name: 'written' }]);
  });

  test('are told that their lease was lost without asking', async () => {
    await add('x');
    const held = heldHandler('record', 1);
    const ended = new JobRunner(database, clock, log, [held.handler], { leaseMs: 30 }).runDue();
    await vi.waitFor(() => expect(held.begun).toHaveLength(1));
    const [job] = held.begun as [RunningJob];
    expect(job.signal.aborted).toBe(false);

    await database.db.withTables<KernelTables>().updateTable('job').set({ lease: 'of another' }).execute();

    await vi.waitFor(() => expect(job.signal.aborted).toBe(true));
    held.release();
    await ended;
  });

  test('keep their lease while they run', async () => {
    await add('x');
    const held = heldHandler('record', 1);
    const ended = new JobRunner(database, clock, log, [held.handler], { leaseMs: 30 }).runDue();
    await vi.waitFor(() => expect(held.begun).toHaveLength(1));

    clock.advance(600 * SECOND);

    await vi.waitFor(async () =>
      expect(await rows()).toMatchObject([{ attempts: 1, leased_until: clock.now() + 30 }]),
    );
    held.release();
    await ended;
  });

  test('are not run twice in a process that slept longer than a lease', async () => {
    await add('x');
    const held = heldHandler('record', 2);
    const jobs = runner(held.handler);
    const ended = jobs.runDue();
    await vi.waitFor(() => expect(held.begun).toHaveLength(1));

    clock.advance(600 * SECOND);
    await add('y');
    const endedAlso = jobs.runDue();

    await vi.waitFor(() => expect(runs).toEqual(['x', 'y']));
    expect(await rows()).toMatchObject([{ attempts: 1 }, { attempts: 1 }]);
    held.release();
    await Promise.all([ended, endedAlso]);
  });

  test('that end because the process stops wait for the next one, and have not failed', async () => {
    await add('x', { key: 'k' });
    const jobs = runner({
      name: 'record',
      run: async (_payload, { signal }) => {
        runs.push('begun');
        await new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      },
    });
    await jobs.start();
    await vi.waitFor(() => expect(runs).toEqual(['begun']));

    await jobs.stop();

    expect(await rows()).toMatchObject([{ attempts: 0, lease: null, key: 'k', last_error: null }]);
    expect(await runner(recording).runDue()).toBe(1);
  });

  test('are counted for each queue by what they do', async () => {
    const held = heldHandler('held', 1);
    const metrics = createMetrics();
    measureJobs(metrics, database.db, clock, [held.handler, recording]);
    await add(1, { name: 'held' });
    await add(2, { name: 'held' });
    await add('later', { delayMs: SECOND });
    await add('of others', { name: 'unknown' });
    const ended = runner(held.handler).runDue();
    await vi.waitFor(() => expect(held.begun).toHaveLength(1));

    const text = async () =>
      (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('wheelhouse_jobs{'));
    expect(await text()).toEqual([
      'wheelhouse_jobs{queue="held",state="waiting"} 1',
      'wheelhouse_jobs{queue="held",state="running"} 1',
      'wheelhouse_jobs{queue="held",state="failed"} 0',
      'wheelhouse_jobs{queue="maintenance",state="waiting"} 0',
      'wheelhouse_jobs{queue="maintenance",state="running"} 0',
      'wheelhouse_jobs{queue="maintenance",state="failed"} 0',
    ]);

    held.release();
    await ended;
    clock.advance(SECOND);
    await exhaust(runner({ name: 'record', run: async () => Promise.reject(new Error('always')) }));
    expect(await text()).toContain('wheelhouse_jobs{queue="maintenance",state="failed"} 1');
    expect(await text()).toContain('wheelhouse_jobs{queue="held",state="running"} 0');
  });
});
