import { expect, test } from 'vitest';
import { isProjectName, normalizeProjectName } from './project-name.ts';

test.each([
  ['Django', 'django'],
  ['zope.interface', 'zope-interface'],
  ['a-_.b', 'a-b'],
  ['A__B..C--D', 'a-b-c-d'],
])('%s is looked up as %s', (name, normalized) => {
  expect(normalizeProjectName(name)).toBe(normalized);
});

test.each(['a', '7', 'a-b', 'A.b_c', '2to3'])('%j is a project name', (name) => {
  expect(isProjectName(name)).toBe(true);
});

test.each(['', '-a', 'a-', '.a', 'a b', 'a\n', 'a/b', 'ä', '\u017f', '\u212a', 'a\0', '..', 'a'.repeat(256)])(
  '%j is no project name',
  (name) => {
    expect(isProjectName(name)).toBe(false);
  },
);

test('a long hostile name is judged at once', () => {
  const start = performance.now();

  expect(isProjectName(`a${'-'.repeat(1_000_000)}!`)).toBe(false);

  expect(performance.now() - start).toBeLessThan(1000);
});
