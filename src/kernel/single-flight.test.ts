import { expect, test } from 'vitest';
import { SingleFlight } from './single-flight.ts';

test('work runs once for all who ask while it is under way, and again afterwards', async () => {
  const flight = new SingleFlight<number>();
  let runs = 0;
  const gate = Promise.withResolvers<void>();
  const work = async () => {
    await gate.promise;
    return (runs += 1);
  };

  const waiting = [flight.run('a', work), flight.run('a', work), flight.run('b', work)];
  expect(flight.running('a')).toBe(waiting[0]);
  gate.resolve();

  expect(await Promise.all(waiting)).toEqual([1, 1, 2]);
  expect(flight.running('a')).toBeUndefined();
  expect(await flight.run('a', work)).toBe(3);
});

test('a failure is told to all who wait, and is forgotten', async () => {
  const flight = new SingleFlight<string>();
  const failing = () => Promise.reject(new Error('no'));

  const waiting = await Promise.allSettled([flight.run('a', failing), flight.run('a', failing)]);

  expect(waiting.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await flight.run('a', async () => 'yes')).toBe('yes');
});

test('settling waits for everything, and a failure that nobody waits for ends nothing', async () => {
  const flight = new SingleFlight<void>();
  let hasEnded = false;
  void flight.run('a', async () => {
    await Promise.resolve();
    hasEnded = true;
    throw new Error('nobody hears this');
  });

  await flight.settle();

  expect(hasEnded).toBe(true);
});
