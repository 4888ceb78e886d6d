import { expect, test } from 'vitest';
import { sourceName, useLines, type UsedIndex } from './use-lines.ts';

const index: UsedIndex = {
  user: 'alice',
  name: 'dev',
  url: 'https://wheels.example.org/alice/dev',
  isPrivate: false,
  hasMirror: true,
  takesUploads: true,
  project: 'demo',
};

const texts = (given: Partial<UsedIndex>) =>
  useLines({ ...index, ...given }).flatMap(({ steps }) => steps.map(({ text }) => text));

test('the lines of a public index name no token but for uploading', () => {
  const lines = useLines(index);

  expect(lines.map(({ tool }) => tool)).toEqual(['pip', 'uv', 'poetry', 'pdm', 'twine']);
  expect(texts({})).toContain('pip install --index-url https://wheels.example.org/alice/dev/+simple/ demo');
  expect(texts({}).join('\n')).not.toContain('machine');
  expect(texts({}).join('\n')).not.toContain('trusted');
});

test('the lines of a private index have the token in a file or a variable, never in an address or an argument', () => {
  for (const line of texts({ isPrivate: true })) {
    expect(line).not.toMatch(/\/\/[^/\s]*@|--password|-p |--token/);
  }
  expect(texts({ isPrivate: true })).toContain('machine wheels.example.org login __token__ password TOKEN');
});

test('the lines of a mirror do not upload', () => {
  const lines = useLines({ ...index, takesUploads: false });

  expect(lines.map(({ tool }) => tool)).toEqual(['pip', 'uv', 'poetry', 'pdm']);
  expect(JSON.stringify(lines)).not.toMatch(/publish|upload/);
});

test.each([
  ['http://wheels.example.org:3141/alice/dev', true],
  ['http://localhost:3141/alice/dev', false],
  ['http://127.0.0.1:3141/alice/dev', false],
  ['http://[::1]:3141/alice/dev', false],
])('the lines for %s trust the host: %s', (url, isTrusted) => {
  expect(texts({ url }).some((text) => text.includes('--trusted-host wheels.example.org:3141'))).toBe(
    isTrusted,
  );
});

test('uv asks nobody else where everything comes through the index', () => {
  const add = (hasMirror: boolean) => texts({ hasMirror }).find((text) => text.startsWith('uv add'));

  expect(add(true)).toContain('--default-index alice-dev=');
  expect(add(false)).toContain('--index alice-dev=');
});

test.each([
  ['Alice', 'dev.1', 'alice-dev-1'],
  ['ä', 'ö', 'wheelhouse'],
])('%s/%s is kept as %s', (user, name, source) => expect(sourceName({ user, name })).toBe(source));
