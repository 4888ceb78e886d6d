import { expect, test } from 'vitest';
import { createApiToken, hashApiToken, hasRightChecksum, isApiToken } from './api-token.ts';

test('a token begins with wh_ and needs no quoting', () => {
  const token = createApiToken();

  expect(token).toMatch(/^wh_[0-9a-f]{72}$/);
  expect(isApiToken(token)).toBe(true);
  expect(hasRightChecksum(token)).toBe(true);
});

test('tokens differ, and so do their hashes, which do not hold them', () => {
  const tokens = Array.from({ length: 100 }, createApiToken);

  expect(new Set(tokens.map(hashApiToken)).size).toBe(100);
  expect(hashApiToken(tokens[0] ?? '')).toMatch(/^[0-9a-f]{64}$/);
});

test('any changed character shows in the checksum', () => {
  const token = createApiToken();

  for (let position = 3; position < token.length; position += 1) {
    const other = token[position] === '0' ? '1' : '0';
    const mistyped = token.slice(0, position) + other + token.slice(position + 1);
    expect(hasRightChecksum(mistyped), mistyped).toBe(false);
  }
});

test.each([
  '',
  'wh_',
  'wh_x',
  'whl-abc.def',
  `wh_${'0'.repeat(71)}`,
  `wh_${'0'.repeat(73)}`,
  `WH_${'0'.repeat(72)}`,
])('%j has not the form of a token', (text) => expect(isApiToken(text)).toBe(false));
