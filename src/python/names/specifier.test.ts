import { expect, test } from 'vitest';
import { parseSpecifier } from './specifier.ts';
import { versionKey } from './version-key.ts';

// What stands here is what packaging 26.3 says.
test.each([
  ['', '1.0 2.0a1', ''],
  [' >= 1.1 , ', '1.1 1.1.post1 2', '1.0 1.1rc1'],
  ['>=1,<2', '1.0 1.5b1', '2 2.0a1 0.9'],
  ['<=1.0', '1 1.0+local 1.0rc1', '1.0.post1'],
  ['==1.0', '1 1.0.0 1.0+local', '1.0.post1 1.0a1'],
  ['==1.0+a.1', '1.0+a-1', '1.0 1.0+a.2'],
  ['==1.0.*', '1 1.0.3 1.0a1 1.0+local', '1.1 10.0 1!1.0'],
  ['!=3.0.*,!=3.1.*', '2.7 3.2', '3.0.4 3.1'],
  ['~=1.4', '1.4 1.9', '1.3 2.0'],
  ['~=1.4.2', '1.4.9', '1.5 1.4.1'],
  ['~=1!1.4', '1!1.5', '1.5'],
  ['<1.0', '0.9 0.9.post1', '1.0a1 1.0.dev1 1.0'],
  ['<1.0rc1', '1.0a1', '1.0rc1 1.0'],
  ['<1.0.post1', '1.0 1.0a1', '1.0.post1.dev1 1.0.post1'],
  ['>1.0', '1.0.1 1.1a1', '1.0 1.0.post1 1.0+local'],
  ['>1.0a1', '1.0a2 1.0 1.0.post1', '1.0a1 1.0a1.post1'],
  ['>1.0.post1', '1.0.post2', '1.0 1.0.post1'],
  ['>1.0', '1!0.1', ''],
  ['===1.0-RC.1', '1.0-rc.1', '1.0rc1'],
])('%j admits %s, and not %s', (text, admitted, refused) => {
  const specifier = parseSpecifier(text);
  const verdicts = (versions: string) =>
    versions.split(' ').map((version) => {
      const key = versionKey(version);
      return `${version} ${key && specifier?.admits(key)}`;
    });

  expect(verdicts(admitted)).toEqual(admitted.split(' ').map((version) => `${version} true`));
  if (refused !== '')
    expect(verdicts(refused)).toEqual(refused.split(' ').map((version) => `${version} false`));
});

test.each([
  ['>=1.0a1', true],
  ['>=1.0,<2.dev0', true],
  ['===1.0rc1', true],
  ['!=1.0a1', false],
  ['>=1.0', false],
])('%s names a pre-release: %s', (text, namesPreRelease) => {
  expect(parseSpecifier(text)).toMatchObject({ namesPreRelease });
});

test.each(['1.0', '>=3.6.*', '~=1', '=>1', '>=banana', '>=1.0+local', '==1.0a1.*', '>=1 2', '==', '>=1;x'])(
  '%j is no specifier',
  (text) => {
    expect(parseSpecifier(text)).toBeUndefined();
  },
);
