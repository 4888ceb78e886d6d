import { expect, test } from 'vitest';
import { hashPassword, isPasswordHash, verifyPassword } from './password.ts';

test('a hash has the form and parameters that devpi stores', async () => {
  const hash = await hashPassword('secret', 64);

  expect(hash).toMatch(/^\$argon2id\$v=19\$m=64,t=2,p=8\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(isPasswordHash(hash)).toBe(true);
  expect(await verifyPassword('secret', hash)).toBe(true);
  expect(await verifyPassword('Secret', hash)).toBe(false);
  expect(await verifyPassword('', hash)).toBe(false);
});

test('equal passwords have different hashes', async () => {
  expect(await hashPassword('x', 64)).not.toBe(await hashPassword('x', 64));
});

test('any text can be a password', async () => {
  for (const password of ['', ' ', 'grün', '密碼', 'x'.repeat(5000), 'a:b', '\u0000']) {
    expect(await verifyPassword(password, await hashPassword(password, 64))).toBe(true);
  }
});

test.each([
  [
    'argon2-cffi',
    'devpi',
    '$argon2id$v=19$m=102400,t=2,p=8$uBLaXVh99NoN8VnJLIkzSg$qpEOW/EBDKGjD4ssRmPq8LXdpYIYRI7t+Rc8qX+mOfQ',
  ],
  [
    'argon2-cffi',
    'grün',
    '$argon2id$v=19$m=64,t=1,p=1$7X2ey/vvauBzc0Jr017CYQ$+CAGGsBuc8v6A7vJE0uh1w2x9tJpiT4Ko5dUtuDJLfg',
  ],
  [
    'argon2-cffi',
    'x',
    '$argon2i$v=19$m=64,t=2,p=2$n6PRQyte0lLhbzdUaya2kQ$xPo2z9+2UpIOldiEUNMuc60aeOIASEU4+egcc9K+GSw',
  ],
  ['argon2-cffi', 'x', '$argon2d$v=19$m=64,t=2,p=2$1qNu1Qkr6Z4$thJalExjRqWSPus/B6fjZQ'],
  [
    'passlib',
    '',
    '$argon2id$v=19$m=102400,t=2,p=8$vZdSqlVKKaV0DgHAGMNYqw$zNWwIAdDgOCmPUcQq76iDNR/ZObflr8Nvbx/WbJKlqM',
  ],
])('a hash that %s made of "%s" is understood', async (_maker, password, hash) => {
  expect(isPasswordHash(hash)).toBe(true);
  expect(await verifyPassword(password, hash)).toBe(true);
  expect(await verifyPassword(`${password}.`, hash)).toBe(false);
});

test.each([
  '',
  'plain',
  '$argon2id$v=19$m=64,t=2,p=8$c2FsdHNhbHQ',
  '$argon2id$v=16$m=64,t=2,p=8$c2FsdHNhbHQ$c2FsdHNhbHQ',
  '$2b$12$abcdefghijklmnopqrstuu',
  '$argon2id$v=19$m=999999999,t=2,p=8$c2FsdHNhbHQ$c2FsdHNhbHQ',
])('the text %s is no hash and matches no password', async (hash) => {
  expect(isPasswordHash(hash)).toBe(false);
  expect(await verifyPassword('', hash)).toBe(false);
});

test.each([
  ['too little memory', 'm=1,t=1,p=1', 'c2FsdHNhbHRzYWx0'],
  ['too little memory for its lanes', 'm=64,t=1,p=200', 'c2FsdHNhbHRzYWx0'],
  ['no pass', 'm=64,t=0,p=1', 'c2FsdHNhbHRzYWx0'],
  ['no lane', 'm=64,t=1,p=0', 'c2FsdHNhbHRzYWx0'],
  ['a short salt', 'm=64,t=1,p=1', 'c2FsdHNh'],
  ['16 GiB of memory', 'm=16777216,t=1,p=1', 'c2FsdHNhbHRzYWx0'],
  ['work for minutes', 'm=1048576,t=999,p=1', 'c2FsdHNhbHRzYWx0'],
])('a hash with %s cannot be stored and matches no password', async (_what, parameters, salt) => {
  const hash = `$argon2id$v=19$${parameters}$${salt}$c2FsdHNhbHRzYWx0`;

  expect(isPasswordHash(hash)).toBe(false);
  expect(await verifyPassword('x', hash)).toBe(false);
});

test.each(['m=102401,t=1,p=1', 'm=102400,t=3,p=1', 'm=1048576,t=4,p=1'])(
  'a hash that costs more than those of devpi cannot be stored: %s',
  (parameters) => {
    expect(isPasswordHash(`$argon2id$v=19$${parameters}$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0`)).toBe(false);
  },
);

test('a hash may cost as much as those that this server makes', () => {
  const hash = '$argon2id$v=19$m=204800,t=2,p=8$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0';

  expect(isPasswordHash(hash)).toBe(false);
  expect(isPasswordHash(hash, 204_800)).toBe(true);
});
