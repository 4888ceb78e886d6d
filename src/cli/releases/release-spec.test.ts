import { expect, test } from 'vitest';
import { readReleaseSpec } from './release-spec.ts';

test.each([
  ['demo', ['0.1', '1.0', '2.0a1', 'old'], true],
  ['demo==1.0', ['1.0', '1.0.0'], true],
  ['demo == 1.0', ['2.0'], false],
  ['demo>=1,<2', ['1.0', '1.9.1', '1.9a1'], true],
  ['demo>=1,<2', ['0.9', '2.0', '2.0a1'], false],
  ['demo~=1.4', ['1.4', '1.9'], true],
  ['demo===old', ['old'], true],
  ['demo===old', ['1.0'], false],
])('%s says of %j whether they are meant: %s', (given, versions, expected) => {
  const { project, includes } = readReleaseSpec(given);

  expect([project, ...versions.map(includes)]).toEqual(['demo', ...versions.map(() => expected)]);
});

test.each(['', '-demo', 'demo==', 'demo 1.0', 'demo=>1', 'a/b', 'demo; python_version>"3"', '==1.0'])(
  '%j is no project with versions',
  (given) => {
    expect(() => readReleaseSpec(given)).toThrow('names no releases');
  },
);

test('a project is looked up by its normalized name, and called as it was given', () => {
  expect(readReleaseSpec('Hello.World')).toMatchObject({ name: 'Hello.World', project: 'hello-world' });
});
