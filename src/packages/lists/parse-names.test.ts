import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { parseNames } from './parse-names.ts';

const names = async (...pieces: string[]) => [...(await parseNames(Readable.from(pieces)))];

test('names are read from lists of either form, wherever their pieces end', async () => {
  expect(await names('<html><a href="a/">A</a><br><a hr', 'ef="b/">b_', 'c</a>')).toEqual(['a', 'b-c']);
  expect(await names('{"projects": [{"na', 'me": "A"}, {"name":"b"}]}')).toEqual(['a', 'b']);
});

test('a list whose elements are nested without end is refused in time', async () => {
  const list = '<html>' + '<i>'.repeat(500_000) + '</b>'.repeat(500_000);

  await expect(names(list)).rejects.toThrow('its elements are nested without end');
});
