import { expect, test } from 'vitest';
import { chooseVersion } from './choose-version.ts';

test.each([
  ['the newest', ['1.0', '1.10', '1.9'], '1.10'],
  ['no pre-release while there is another', ['1.0', '2.0rc1', '2.0.dev3', '2.0a1'], '1.0'],
  ['the newest pre-release where there is nothing else', ['1.0a1', '1.0.dev9', '1.0b2'], '1.0b2 pre'],
  ['no yanked one', ['1.0', '2.0!'], '1.0'],
  ['a pre-release rather than a yanked one', ['1.0!', '2.0rc1'], '2.0rc1 pre'],
  ['the newest yanked one where all are', ['1.0!', '2.0!'], '2.0 yanked'],
  ['post-releases', ['1.0', '1.0.post1'], '1.0.post1'],
  ['epochs', ['1!0.1', '9.0'], '1!0.1'],
  ['what is no version last', ['banana', '0.1'], '0.1'],
])('an installer takes %s', (_what, given, expected) => {
  const candidates = given.map((text) => ({
    version: text.replace(/!$/, ''),
    isYanked: text.endsWith('!'),
  }));

  for (const order of [candidates, candidates.toReversed()]) {
    const chosen = chooseVersion(order);
    const words = [chosen?.version, chosen?.isPre && 'pre', chosen?.isYanked && 'yanked'];
    expect(words.filter(Boolean).join(' ')).toBe(expected);
  }
});

test('an installer takes nothing of nothing', () => {
  expect(chooseVersion([])).toBeUndefined();
});
