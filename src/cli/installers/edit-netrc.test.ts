import { expect, test } from 'vitest';
import { readNetrc, removeNetrc, setNetrc } from './edit-netrc.ts';

const HOST = 'packages.example.com';
const LINE = `machine ${HOST} login __token__ password wh_1\n`;

test('a token is added, replaced and taken away, and everything else stays', () => {
  const others =
    '# mine\nmachine a.example\n  login me\n  password "x y" # work\n\nmacdef init\nmachine b\n\n';

  const added = setNetrc(others, HOST, 'wh_1');
  expect(added).toBe(`${others}${LINE}`);
  expect(readNetrc(added, HOST)).toBe('token');
  expect(setNetrc(added, HOST, 'wh_2')).toBe(`${others}${LINE.replace('wh_1', 'wh_2')}`);
  expect(removeNetrc(added, HOST)).toBe(others);
  expect(removeNetrc(others, HOST)).toBe(others);
  expect(readNetrc(others, 'b')).toBe('nothing');
});

test('it stands before the default, where programs stop', () => {
  const text = 'machine a login b password c\ndefault login anonymous password me';

  const added = setNetrc(text, HOST, 'wh_1');

  expect(added).toBe(`machine a login b password c\n${LINE}default login anonymous password me`);
  expect(removeNetrc(added, HOST)).toBe(text);
});

test('what somebody wrote for the host stays', () => {
  const text = `machine ${HOST} login alice password wh_mine\n`;

  expect(readNetrc(text, HOST)).toBe('other');
  expect(removeNetrc(text, HOST)).toBe(text);
});

test('a file without a line break at its end gets one', () => {
  expect(setNetrc('machine a login b password c', HOST, 'wh_1')).toBe(
    `machine a login b password c\n${LINE}`,
  );
});
