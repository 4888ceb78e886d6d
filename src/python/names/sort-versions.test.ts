import { expect, test } from 'vitest';
import { compareVersions } from './compare-versions.ts';
import { newestFirst } from './sort-versions.ts';

const PARTS = [
  ['', '1!'],
  ['0', '1', '1.0', '1.2', '1.10', '2.0.1'],
  ['', 'a1', 'a2', 'b1', 'rc1'],
  ['', '.post0', '.post2'],
  ['', '.dev0', '.dev3'],
  ['', '+a.1', '+a.10', '+1'],
];

test('versions are sorted as they compare', () => {
  const every = PARTS.reduce<string[]>(
    (all, part) => all.flatMap((start) => part.map((end) => start + end)),
    [''],
  );
  const versions = [...every, 'none', 'also none', 'v1.0', '1.0-1', '1.0-alpha.1', ''];

  expect(newestFirst(versions)).toEqual(versions.toSorted((a, b) => compareVersions(b, a)));
});
