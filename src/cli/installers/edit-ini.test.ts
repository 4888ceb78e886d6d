import { expect, test } from 'vitest';
import { readIni, removeIni, removeIniSection, setIni } from './edit-ini.ts';

const index = (text: string, url: string) =>
  setIni(text, { section: 'global', key: 'index-url', values: [url], isAnywhere: true });

test('an option is added to its section, which is added where it is missing', () => {
  expect(index('', 'http://x/')).toBe('[global]\nindex-url = http://x/\n');
  expect(index('[global]\ntimeout = 3\n', 'http://x/')).toBe(
    '[global]\nindex-url = http://x/\ntimeout = 3\n',
  );
  expect(index('; mine\n[install]\nuser = yes', 'http://x/')).toBe(
    '; mine\n[install]\nuser = yes\n\n[global]\nindex-url = http://x/\n',
  );
});

test('an option changes where it stands, however it is spelled, and comments stay', () => {
  const text = '# a\n[global]\n# b\nIndex_URL: http://old/  \n\n[install]\nindex-url=http://other/\n';

  const changed = index(text, 'http://x/');

  expect(changed).toBe('# a\n[global]\n# b\nIndex_URL: http://x/\n\n[install]\nindex-url=http://x/\n');
  expect(readIni(changed, 'index-url', 'install')).toEqual(['http://x/']);
  expect(removeIni(changed, 'index-url')).toBe('# a\n[global]\n# b\n');
});

test('an option of several lines is one option', () => {
  const text = '[global]\ntrusted-host =\n    a\n    b\ntimeout = 3\n';

  expect(readIni(text, 'trusted-host', 'global')).toEqual(['a', 'b']);
  expect(setIni(text, { section: 'global', key: 'trusted-host', values: ['a', 'b', 'c'] })).toBe(
    '[global]\ntrusted-host =\n    a\n    b\n    c\ntimeout = 3\n',
  );
  expect(removeIni(text, 'trusted-host')).toBe('[global]\ntimeout = 3\n');
});

test('what was added goes without a trace', () => {
  const text = '[install]\nuser = yes\n';

  expect(removeIni(index(text, 'http://x/'), 'index-url')).toBe(text);
  expect(removeIni(index('', 'http://x/'), 'index-url')).toBe('');
  expect(removeIniSection('[a]\nb = c\n\n[d]\ne = f\n', 'd')).toBe('[a]\nb = c\n');
  expect(removeIniSection('[a]\nb = c\n[d]\ne = f\n', 'a')).toBe('[d]\ne = f\n');
});
