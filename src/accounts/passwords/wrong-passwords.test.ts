import { expect, test } from 'vitest';
import { TestClock } from '#test/clock.ts';
import { WrongPasswords } from './wrong-passwords.ts';

const asker = { user: 'alice', address: '192.0.2.1' };

test('the pause begins with the fifth wrong password, doubles, and has an end', () => {
  const clock = new TestClock();
  const wrong = new WrongPasswords(clock, 10_000);
  const pauses = Array.from({ length: 10 }, () => {
    wrong.count(asker);
    return wrong.pause(asker);
  });

  expect(pauses).toEqual([0, 0, 0, 0, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  clock.advance(9999);
  expect(wrong.pause(asker)).toBe(1);
  clock.advance(1);
  expect(wrong.pause(asker)).toBe(0);
});

test('other users, and the same user from elsewhere, have no pause', () => {
  const wrong = new WrongPasswords(new TestClock(), 10_000);
  for (let i = 0; i < 10; i += 1) wrong.count(asker);

  expect(wrong.pause({ ...asker, user: 'bob' })).toBe(0);
  expect(wrong.pause({ ...asker, address: '192.0.2.2' })).toBe(0);
});

test('the right password, and a quarter of an hour, make wrong ones forgotten', () => {
  const clock = new TestClock();
  const wrong = new WrongPasswords(clock, 3_600_000);
  for (let i = 0; i < 5; i += 1) wrong.count(asker);
  wrong.forget(asker);
  expect(wrong.pause(asker)).toBe(0);

  for (let i = 0; i < 16; i += 1) wrong.count(asker);
  expect(wrong.pause(asker)).toBeGreaterThan(900_000);
  clock.advance(900_000);

  expect(wrong.pause(asker)).toBe(0);
});
