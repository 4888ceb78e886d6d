import { expect, test } from 'vitest';
import { printable } from './printable.ts';

test('what a terminal would obey is shown, and nothing else changes', () => {
  expect(printable('\u001b[31mred\u0007\r\n\u009b2J')).toBe('\\x1b[31mred\\x07\\x0d\\x0a\\x9b2J');
  expect(printable('a\u202egpj.exe\u2066\u200f')).toBe('a\\u202egpj.exe\\u2066\\u200f');
  expect(printable('日本語 👩‍🔬 עברית é')).toBe('日本語 👩‍🔬 עברית é');
});
