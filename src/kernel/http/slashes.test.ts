import { expect, test } from 'vitest';
import { withoutTrailingSlashes } from './slashes.ts';

test.each([
  ['', ''],
  ['/', ''],
  ['///', ''],
  ['a', 'a'],
  ['a/', 'a'],
  ['/a//b//', '/a//b'],
])('%j is %j without the slashes at its end', (text, expected) => {
  expect(withoutTrailingSlashes(text)).toBe(expected);
});

test('a million slashes within a text cost no more than their number', () => {
  const text = `a${'/'.repeat(1_000_000)}b`;

  expect(withoutTrailingSlashes(text)).toBe(text);
});
