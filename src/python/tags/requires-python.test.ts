import { expect, test } from 'vitest';
import { admitsPython } from './requires-python.ts';
import { parseTarget } from './target.ts';

test.each([
  ['', true],
  ['>=3.8', true],
  ['>=3.11', true],
  ['>=3.11.4', true],
  ['>3.11', true],
  ['==3.11.*', true],
  ['==3.11.2', true],
  ['~=3.8', true],
  ['~=3.11.1', true],
  ['<3.11.3', true],
  ['<4', true],
  ['!=3.11.0,!=3.11.1', true],
  ['>=2.7,!=3.0.*,!=3.1.*', true],
  // What is no specifier is ignored, as pip does.
  ['>=3.6.*', true],
  ['3.8+', true],
  ['banana', true],
  ['<3.11', false],
  ['>=3.12', false],
  ['<3', false],
  ['!=3.11.*', false],
  ['~=3.12', false],
  ['~=3.10.0', false],
  // To installers these mean 3.11.0 alone.
  ['<=3.11', false],
  ['==3.11', false],
])('%j admits cp311: %s', (requiresPython, admits) => {
  expect(admitsPython(requiresPython, parseTarget('cp311'))).toBe(admits);
});

test('a free-threaded build is the same version of Python', () => {
  expect(admitsPython('>=3.13', parseTarget('cp313t'))).toBe(true);
  expect(admitsPython('>=3.14', parseTarget('cp313t'))).toBe(false);
});
