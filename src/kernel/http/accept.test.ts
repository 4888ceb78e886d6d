import { expect, test } from 'vitest';
import { chooseCoding, isNamed, parseWeighted, prefersJson, weightOf } from './accept.ts';

test.each([
  ['a/b', [{ name: 'a/b', weight: 1 }]],
  [
    'A/B;Q=0.5 , c/d;level=1;q=0.25',
    [
      { name: 'a/b', weight: 0.5 },
      { name: 'c/d', weight: 0.25 },
    ],
  ],
  ['a/b;q=0', [{ name: 'a/b', weight: 0 }]],
  ['a/b;q=2, c/d;q=-1, e/f;q=x, g/h', [{ name: 'g/h', weight: 1 }]],
  [', ,', []],
  ['', []],
])('"%s" is read as %j', (header, ranges) => {
  expect(parseWeighted(header)).toEqual(ranges);
});

test('of an endless header only the start is read', () => {
  expect(parseWeighted('a/b,'.repeat(10_000))).toHaveLength(50);
});

test.each([
  ['text/html, */*;q=0.1', 'text/html', 1],
  ['text/*;q=0.3, */*;q=0.1', 'text/html', 0.3],
  ['*/*;q=0.1', 'text/html', 0.1],
  ['text/html;q=0, */*', 'text/html', 0],
  ['image/png', 'text/html', 0],
])('"%s" gives %s the weight %d', (header, type, weight) => {
  expect(weightOf(parseWeighted(header), type)).toBe(weight);
});

test('a type is named by itself only, and not when it is refused', () => {
  expect(isNamed(parseWeighted('text/html'), 'text/html')).toBe(true);
  expect(isNamed(parseWeighted('text/*, */*'), 'text/html')).toBe(false);
  expect(isNamed(parseWeighted('text/html;q=0'), 'text/html')).toBe(false);
});

test.each([
  [undefined, 'identity'],
  ['', 'identity'],
  ['gzip', 'gzip'],
  ['gzip, deflate', 'gzip'],
  ['gzip, deflate, zstd', 'zstd'],
  ['gzip;q=1, zstd;q=0.9', 'gzip'],
  ['*', 'zstd'],
  ['*;q=0', 'identity'],
  ['zstd;q=0, *', 'gzip'],
  ['br', 'identity'],
] as const)('Accept-Encoding: %s is answered with %s', (header, coding) => {
  expect(chooseCoding(header)).toBe(coding);
});

test.each([
  [undefined, true],
  ['*/*', true],
  ['application/json', true],
  ['text/html', false],
  ['text/html,application/xhtml+xml,*/*;q=0.8', false],
  ['text/html, application/json', false],
  ['text/html;q=0.5, application/json', true],
])('Accept: %s prefers JSON: %s', (header, is) => {
  expect(prefersJson(header)).toBe(is);
});
