import { expect, test } from 'vitest';
import { PacedRuns } from './paced-runs.ts';

test('the first question is answered at once, and those that come while it runs share one more run', async () => {
  const paced = new PacedRuns(20);
  const begun: number[] = [];
  const gate = Promise.withResolvers<void>();
  const work = async () => {
    begun.push(performance.now());
    await gate.promise;
  };

  const first = paced.run('a', work);
  await expect.poll(() => begun.length).toBe(1);
  const others = Array.from({ length: 300 }, () => paced.run('a', work));
  gate.resolve();
  await Promise.all([first, ...others]);

  expect(begun).toHaveLength(2);
  // Timers may fire a little early.
  expect((begun[1] ?? 0) - (begun[0] ?? 0)).toBeGreaterThan(18);
});

test('keys do not wait for each other, and a failed run does not stop the next one', async () => {
  const paced = new PacedRuns(1);
  await expect(paced.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  let runs = 0;
  const count = async () => void (runs += 1);

  await Promise.all([paced.run('a', count), paced.run('b', count)]);

  expect(runs).toBe(2);
});
