import { expect, test } from 'vitest';
import { StreamPlaces } from './stream-places.ts';

test('an address has fifty places, all together two hundred, and what is left is free again', () => {
  const places = new StreamPlaces();
  const take = (address: string, count: number) => Array.from({ length: count }, () => places.take(address));

  const first = take('192.0.2.1', 50);
  expect(() => places.take('192.0.2.1')).toThrow('too many pages follow');
  for (const other of ['192.0.2.2', '192.0.2.3', '192.0.2.4']) take(other, 50);
  expect(() => places.take('192.0.2.5')).toThrow('too many pages follow');

  first[0]?.[Symbol.dispose]();
  first[0]?.[Symbol.dispose]();
  places.take('192.0.2.5');
  expect(() => places.take('192.0.2.5')).toThrow('too many pages follow');
});
