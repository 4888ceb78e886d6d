import { expect, test } from 'vitest';
import { reasonPhrase } from './reason-phrase.ts';

test.each([
  ['demo-1.0.whl already exists', 'demo-1.0.whl already exists'],
  ['Grüße', 'Grüße'],
  ['two\r\nlines\tand tabs', 'two lines and tabs'],
  ['injected\r\nSet-Cookie: x', 'injected Set-Cookie: x'],
  ['naïve 密 €', 'naïve ? ?'],
  ['\u0000x\u007f', 'x'],
  ['', ''],
])('%j becomes %j', (text, phrase) => {
  expect(reasonPhrase(text)).toBe(phrase);
});

test('a long text is cut', () => {
  expect(reasonPhrase('x'.repeat(1000))).toBe(`${'x'.repeat(197)}...`);
  expect(reasonPhrase('x'.repeat(200))).toHaveLength(200);
});
