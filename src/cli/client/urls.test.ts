import { describe, expect, it, test } from 'vitest';
import { readIndexUrl } from './index-url.ts';
import { readServerUrl } from './server-url.ts';

describe('the URL of an index', () => {
  test.each([
    ['http://localhost:3141/root/pypi', 'http://localhost:3141/root/pypi'],
    ['http://localhost:3141/root/pypi/', 'http://localhost:3141/root/pypi'],
    ['http://localhost:3141/root/pypi/+simple', 'http://localhost:3141/root/pypi'],
    ['https://host/prefix/root/pypi/+simple/', 'https://host/prefix/root/pypi'],
  ])('%s is %s', (given, url) => {
    expect(readIndexUrl(given)).toMatchObject({ url, name: 'root/pypi', user: 'root', index: 'pypi' });
  });

  test.each([
    ['localhost:3141/root/pypi', 'is no URL of an index'],
    ['http://localhost:3141/root', 'is no URL of an index'],
    ['http://localhost:3141', 'is no URL of an index'],
    ['ftp://localhost/root/pypi', 'is no URL of an index'],
    ['http://me:secret@localhost/root/pypi', 'the URL of the index carries a user name or a password'],
  ])('%s is refused', (given, message) => {
    expect(() => readIndexUrl(given)).toThrow(message);
  });

  it('is not repeated when it has a password', () => {
    expect(() => readIndexUrl('http://me:secret@localhost/root')).toThrow(/^(?!.*secret)/);
  });
});

describe('the URL of a server', () => {
  test.each([
    ['http://localhost:3141', 'http://localhost:3141'],
    ['https://host/prefix/', 'https://host/prefix'],
  ])('%s is %s', (given, url) => {
    expect(readServerUrl(given)).toBe(url);
    expect(readIndexUrl(`${given}/alice/dev`.replace('//alice', '/alice')).server).toBe(url);
  });

  test.each(['localhost:3141', 'ftp://host', 'http://me:secret@host', 'me:secret@host'])(
    '%s is refused, and no password repeated',
    (given) => {
      expect(() => readServerUrl(given)).toThrow(/^(?!.*secret)/);
    },
  );
});
