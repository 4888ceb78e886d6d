import { expect, test } from 'vitest';
import { FairQueue, type Asker } from './fair-queue.ts';

const refusal = () => new Error('too much waits');

/** A queue whose work ends when the test says so; `started` names it in order. */
function controlled(concurrent: number, maxWaiting: number) {
  const queue = new FairQueue(concurrent, maxWaiting, refusal);
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (name: string, asker: Partial<Asker> = {}) => {
    const done = queue.run({ user: '', address: '', ...asker }, () => {
      started.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    });
    done.catch(() => undefined);
    return done;
  };
  /** Ends work one at a time until none is left. */
  const drain = async () => {
    for (let next = ends.entries().next().value; next !== undefined; next = ends.entries().next().value) {
      ends.delete(next[0]);
      next[1]();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { add, drain, started };
}

test('no more than may run at once do, and all end in order', async () => {
  const { add, drain, started } = controlled(2, 10);
  const all = ['a', 'b', 'c', 'd'].map((name) => add(name));

  expect(started).toEqual(['a', 'b']);
  await drain();

  expect(started).toEqual(['a', 'b', 'c', 'd']);
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
});

test('a user who asks once is not behind one who asks many times', async () => {
  const { add, drain, started } = controlled(1, 100);
  for (let i = 0; i < 50; i += 1) void add(`many${i}`, { user: 'many' });

  void add('one', { user: 'one' });
  await drain();

  expect(started.indexOf('one')).toBeLessThanOrEqual(2);
});

test('an address that asks for many users is not before one that asks for one', async () => {
  const { add, drain, started } = controlled(1, 100);
  for (let i = 0; i < 50; i += 1) void add(`many${i}`, { user: `user${i}`, address: 'many' });

  void add('one', { user: 'user', address: 'one' });
  await drain();

  expect(started.indexOf('one')).toBeLessThanOrEqual(2);
});

test('when too much waits, whoever has most waiting is refused and others are not', async () => {
  const { add, drain, started } = controlled(1, 10);
  const many = Array.from({ length: 50 }, (_, i) => add(`many${i}`, { user: 'many' }));

  const one = add('one', { user: 'one' });
  await drain();

  expect(await one).toBe('one');
  const refused = (await Promise.allSettled(many)).filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(50 - 1 - 9);
  expect(refused[0]).toMatchObject({ reason: { message: 'too much waits' } });
  expect(started).toHaveLength(11);
});

test('work that fails gives its place to the next', async () => {
  const queue = new FairQueue(1, 10, refusal);
  const asker = { user: '', address: '' };

  const failed = queue.run(asker, () => Promise.reject(new Error('failed')));
  const next = queue.run(asker, () => Promise.resolve('done'));

  await expect(failed).rejects.toThrow('failed');
  expect(await next).toBe('done');
  expect(await queue.run(asker, () => Promise.resolve('again'))).toBe('again');
});
