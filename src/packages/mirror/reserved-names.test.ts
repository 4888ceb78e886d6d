import { expect, test } from 'vitest';
import { parseOptions } from '../indexes/options.ts';
import { findReservation } from './reserved-names.ts';

test.each([
  [['acme'], 'acme', 'acme'],
  [['Acme_Tools'], 'acme-tools', 'acme-tools'],
  [['acme'], 'acme-tools', undefined],
  [['acme-*'], 'acme-tools', 'acme-*'],
  [['Acme.*'], 'acme-tools', 'acme-*'],
  [['acme-*'], 'acme', undefined],
  [['acme-*'], 'acmeology', undefined],
  [['*'], 'anything', '*'],
  [['one', 'two-*'], 'two-three', 'two-*'],
  [[], 'acme', undefined],
])('%j covers %s by %s', (names, project, expected) => {
  const options = parseOptions('mirror', { mirror_reserved_names: names });
  const mirror = { id: 1, user: 'root', name: 'pypi', type: 'mirror', options, isTrusted: true } as const;

  expect(findReservation(mirror, project)).toBe(expected);
});
