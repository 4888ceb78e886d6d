import { expect, test } from 'vitest';
import { splitWords } from './split-words.ts';

test.each([
  ['', []],
  ['  ', []],
  ['-x', ['-x']],
  ['  -x  --tb=short ', ['-x', '--tb=short']],
  ['-k "a and not b"', ['-k', 'a and not b']],
  [`--a='x y'"z \\"q\\""`, ['--a=x yz "q"']],
  ['a\\ b $HOME `id` *', ['a b', '$HOME', '`id`', '*']],
  [`'' ""`, ['', '']],
])('%j are the words %j', (given, words) => {
  expect(splitWords(given)).toEqual(words);
});

test.each([`'a`, `b "c`, 'd \\'])('%j has no end', (given) => {
  expect(() => splitWords(given)).toThrow('not closed');
});
