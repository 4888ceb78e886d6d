import { expect, test } from 'vitest';
import { isSameVersion } from './same-version.ts';

test.each([
  ['1.0', '1.0'],
  ['1.0', '1'],
  ['1.0.0', '1.0'],
  ['1.0-alpha.1', '1.0a1'],
  ['v1.0', '1.0'],
  ['1.0-1', '1.0.post1'],
  ['1.0+cu118', '1.0_cu118'],
  ['1.0+local.1', '1.0+local-1'],
  ['1!2.0', '1!2'],
  ['dev-1', 'dev_1'],
])('%s and %s are one version', (left, right) => {
  expect(isSameVersion(left, right)).toBe(true);
});

test.each([
  ['1.0', '1.1'],
  ['10', '1'],
  ['1.0', '1.0+local'],
  ['1!1.0', '1.0'],
  ['1.0a1', '1.0b1'],
  ['1.0.post1', '1.0.1'],
  ['dev', 'stable'],
  ['1.20261120123456789012', '1.20261120123456789013'],
])('%s and %s are two versions', (left, right) => {
  expect(isSameVersion(left, right)).toBe(false);
});
