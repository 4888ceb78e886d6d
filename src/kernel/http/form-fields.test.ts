import { expect, test } from 'vitest';
import { formFields, lastValues, queryParameters } from './form-fields.ts';

test('reads all values of a name, in order', () => {
  const fields = formFields('a=1&b=x+y%26z&a=%C3%A4&__proto__=p&c&%zz=%');

  expect(Object.fromEntries(fields)).toEqual({
    a: ['1', 'ä'],
    b: ['x y&z'],
    ['__proto__']: ['p'],
    c: [''],
    '%zz': ['%'],
  });
  expect(fields.get('toString')).toBeUndefined();
  expect(formFields('').size).toBe(0);
});

test('takes the last value of a name, also of a query', () => {
  expect(lastValues(formFields('a=1&a=2&b='))).toEqual({ a: '2', b: '' });
  expect(queryParameters('a=1&a=2&b=+%2B')).toEqual({ a: '2', b: ' +' });
  expect(
    Object.keys(queryParameters(Array.from({ length: 9000 }, (_, i) => `k${i}`).join('&'))),
  ).toHaveLength(1000);
});

test.each(['a&', '&', 'a=b&'])('refuses a megabyte of %j at once', (piece) => {
  const started = performance.now();

  expect(() => formFields(piece.repeat(1024 ** 2 / piece.length))).toThrow('more than 5000 fields');
  expect(performance.now() - started).toBeLessThan(500);
});

test('reads as many fields as it takes in no time', () => {
  const text = Array.from({ length: 5000 }, (_, i) => `k${i}=%41`).join('&');
  const started = performance.now();

  expect(formFields(text).size).toBe(5000);
  expect(formFields('a&'.repeat(4999)).get('a')).toHaveLength(4999);
  expect(performance.now() - started).toBeLessThan(500);
});
