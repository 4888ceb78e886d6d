import { expect, test } from 'vitest';
import { readToml, removeToml, setToml } from './edit-toml.ts';

const REPOSITORY = ['repositories', 'wheelhouse', 'url'] as const;

test('a value at the top stands before the tables', () => {
  const text = '# mine\n[pip]\nindex-url = "http://other/"\n';

  const changed = setToml(text, ['index-url'], 'http://x/');

  expect(changed).toBe(`index-url = "http://x/"\n${text}`);
  expect(readToml(changed, ['index-url'])).toBe('http://x/');
  expect(setToml(changed, ['index-url'], 'http://y/')).toBe(`index-url = "http://y/"\n${text}`);
  expect(removeToml(changed, ['index-url'])).toBe(text);
});

test('a value in a table makes the table', () => {
  const text = '# mine\n[virtualenvs]\ncreate = false\n';

  const changed = setToml(text, REPOSITORY, 'http://x/');

  expect(changed).toBe(`${text}\n[repositories.wheelhouse]\nurl = "http://x/"\n`);
  expect(setToml(changed, REPOSITORY, 'http://y/')).toBe(changed.replace('/x/', '/y/'));
  expect(removeToml(changed, REPOSITORY)).toBe(text);
  expect(removeToml(text, REPOSITORY)).toBe(text);
});

test('a comment behind a value stays', () => {
  expect(setToml("url = 'a' # why\n", ['url'], 'b')).toBe('url = "b" # why\n');
});

test('what cannot be changed line by line is refused', () => {
  expect(() => setToml('[repositories]\nwheelhouse = { url = "a" }\n', REPOSITORY, 'b')).toThrow(
    'repositories.wheelhouse.url is written in a form that cannot be changed here',
  );
  expect(() => setToml('index-url = """\na"""\n', ['index-url'], 'b')).toThrow('cannot be changed');
  expect(() => setToml('no toml', ['index-url'], 'b')).toThrow();
});
