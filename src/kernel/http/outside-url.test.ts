import { expect, test } from 'vitest';
import type { IncomingHttpHeaders } from 'node:http';
import { outsidePrefix, outsideUrl, routedPath, type Addressed } from './outside-url.ts';

const addressed = (headers: IncomingHttpHeaders, protocol = 'http', host = headers.host): Addressed => ({
  headers,
  protocol: protocol as 'http',
  host: host as string,
  socket: { remoteAddress: '127.0.0.1' } as Addressed['socket'],
});
const header = (value: string) => ({ 'x-outside-url': value, host: 'inner:3141' });

test.each([
  [{}, undefined, 'http://localhost'],
  [{ host: 'inner:3141' }, undefined, 'http://inner:3141'],
  [{ host: 'inner:3141' }, 'https://set.example/', 'https://set.example'],
  [header('https://proxy.example/sub/'), 'https://set.example/', 'https://proxy.example/sub'],
  [header('https://proxy.example'), undefined, 'https://proxy.example'],
  [header('nonsense'), undefined, 'http://inner:3141'],
  [header('javascript:alert(1)'), undefined, 'http://inner:3141'],
  [header('https://user@proxy.example'), undefined, 'http://inner:3141'],
])('headers %j and the setting %s make %s', (headers, configured, url) => {
  expect(outsideUrl(addressed(headers), configured, () => false)).toBe(url);
});

test.each([
  ['/sub', 'https://proxy.example/sub'],
  ['/a/b+c/', 'https://proxy.example/a/b+c'],
  ['sub', 'https://proxy.example'],
  ['//evil.example', 'https://proxy.example'],
  ['/a b', 'https://proxy.example'],
  ['/<script>', 'https://proxy.example'],
])('X-Forwarded-Prefix: %s of a trusted proxy makes %s', (prefix, url) => {
  const request = addressed({ 'x-forwarded-prefix': prefix }, 'https', 'proxy.example');

  expect(outsideUrl(request, undefined, (address) => address === '127.0.0.1')).toBe(url);
  expect(outsideUrl(request, undefined, () => false)).toBe('https://proxy.example');
});

test.each(['evil"host', 'a/b', 'a, b', ''])(
  'a forwarded host "%s", which is none, gives way to Host',
  (host) => {
    expect(outsideUrl(addressed({ host: 'inner' }, 'https', host), undefined, () => true)).toBe(
      'https://inner',
    );
  },
);

test.each([
  ['https://x', ''],
  ['https://x/', ''],
  ['https://x/a/b/', '/a/b'],
])('of %s the prefix is "%s"', (url, prefix) => {
  expect(outsidePrefix(header(url))).toBe(prefix);
});

test.each([
  ['/u/i/%2Bsimple/', undefined, '/u/i/+simple/'],
  ['/u/i/%2bf/a%2Bb?x=%2B', undefined, '/u/i/+f/a+b?x=%2B'],
  ['/sub/+api', 'https://x/sub', '/+api'],
  ['/sub/+api?y', 'https://x/sub/', '/+api?y'],
  ['/+api', 'https://x/sub', '/+api'],
  ['/subway/+api', 'https://x/sub', '/subway/+api'],
  ['/sub', 'https://x/sub', '/'],
  ['/sub?x', 'https://x/sub', '/?x'],
])('%s below %s is routed as %s', (url, outside, routed) => {
  expect(routedPath(url, outside === undefined ? {} : header(outside))).toBe(routed);
});
