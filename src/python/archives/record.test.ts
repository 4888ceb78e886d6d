import { expect, test } from 'vitest';
import { parseRecord, type RecordLine } from './record.ts';

const SHA256 = `sha256=${Buffer.alloc(32, 7).toString('base64url')}`;
function lines(text: string): RecordLine[] {
  return [...parseRecord(text)];
}

const DIGEST = Buffer.alloc(32, 7);

test('a line is a path, a hash and a size', () => {
  expect(lines(`a.py,${SHA256},12\r\n\nRECORD,,\n`)).toEqual([
    { path: 'a.py', hash: { algorithm: 'sha256', digest: DIGEST }, bytes: 12 },
    { path: 'RECORD' },
  ]);
});

test('quoted paths may hold commas, quotes and line breaks', () => {
  expect(lines('"a,b","",\n"c""d",,\n"e\nf",,')).toEqual([
    { path: 'a,b' },
    { path: 'c"d' },
    { path: 'e\nf' },
  ]);
});

test.each([
  [`sha384=${Buffer.alloc(48).toString('base64url')}`, 'sha384'],
  [`sha512=${Buffer.alloc(64).toString('base64url')}`, 'sha512'],
  [`sha256=${DIGEST.toString('hex')}`, 'sha256'],
  [`sha256=${DIGEST.toString('base64url')}=`, 'sha256'],
])('%s is a hash', (hash, algorithm) => {
  expect(lines(`a,${hash},`)[0]?.hash?.algorithm).toBe(algorithm);
});

test.each([
  ['a', 'wheel.record-syntax'],
  ['a,', 'wheel.record-syntax'],
  [',,', 'wheel.record-syntax'],
  ['a,,,', 'wheel.record-syntax'],
  ['a,b,c,d,e', 'wheel.record-syntax'],
  ['"a,,', 'wheel.record-syntax'],
  ['"a"b,,', 'wheel.record-syntax'],
  ['a,sha256=abc,', 'wheel.record-syntax'],
  ['a,sha256,', 'wheel.record-syntax'],
  [`a,${SHA256},-1`, 'wheel.record-syntax'],
  [`a,${SHA256},1e3`, 'wheel.record-syntax'],
  ['a,md5=abc,', 'wheel.record-hash-algorithm'],
  ['a,sha1=abc,', 'wheel.record-hash-algorithm'],
  ['a,constructor=abc,', 'wheel.record-hash-algorithm'],
])('%j breaks %s', (text, rule) => {
  expect(() => lines(text)).toThrow(expect.objectContaining({ rule }));
});
