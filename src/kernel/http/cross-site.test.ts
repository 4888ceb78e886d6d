import { expect, test } from 'vitest';
import { AppError } from '../errors/app-error.ts';
import { credentialsOf, refuseCrossSite, requireSameOrigin } from './cross-site.ts';

const request = (method: string, headers: Record<string, string>) => ({
  method,
  headers: { host: 'inner:3141', ...headers },
  outsideUrl: 'https://packages.example.com/python',
  protocol: 'http' as const,
});

test.each([
  ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
  ['a page of a sibling host', { 'sec-fetch-site': 'same-site' }],
  ['something that no browser says', { 'sec-fetch-site': 'here' }],
  ['a page of another site over plain HTTP', { origin: 'http://evil.example' }],
  ['a page of another port', { origin: 'http://inner:3142' }],
  ['a page without an origin', { origin: 'null' }],
  ['another site, whatever its Origin', { 'sec-fetch-site': 'cross-site', origin: 'http://inner:3141' }],
])('a change that comes from %s is refused', (_what, headers) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'LINK']) {
    expect(() => refuseCrossSite(request(method, headers))).toThrow(AppError);
  }
});

test.each([
  ['a program', {}],
  ['a page of this server', { 'sec-fetch-site': 'same-origin', origin: 'https://packages.example.com' }],
  ['the address bar', { 'sec-fetch-site': 'none' }],
  ['a page of this server over plain HTTP', { origin: 'http://inner:3141' }],
  ['a page of this server behind a proxy', { origin: 'https://packages.example.com' }],
])('a change that comes from %s is let pass', (_what, headers) => {
  expect(() => refuseCrossSite(request('POST', headers))).not.toThrow();
});

test('reading is open to links of other sites', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    expect(() => refuseCrossSite(request(method, { 'sec-fetch-site': 'cross-site' }))).not.toThrow();
  }
});

test.each([
  ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://packages.example.com' }],
  ['another port of localhost', { 'sec-fetch-site': 'same-site', origin: 'http://inner:3141' }],
  ['the address bar', { 'sec-fetch-site': 'none', origin: 'http://inner:3141' }],
  ['something that no browser says', { 'sec-fetch-site': '', origin: 'http://inner:3141' }],
  ['another port over plain HTTP', { origin: 'http://inner:3142' }],
  ['the same host by another scheme', { origin: 'https://inner:3141' }],
  ['the outside host over plain HTTP', { origin: 'http://packages.example.com' }],
  ['a page that hides its origin', { origin: 'null' }],
  ['a program', {}],
])('a form that comes from %s is refused, and says what to do', (_what, headers) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    expect(() => requireSameOrigin(request(method, headers))).toThrow(
      expect.objectContaining({
        kind: expect.objectContaining({ code: 'kernel.cross-site-request', status: 403 }),
        hint: expect.stringContaining('open the page of this server again'),
      }),
    );
  }
});

test.each([
  ['localhost or https', { 'sec-fetch-site': 'same-origin', origin: 'http://inner:3141' }],
  ['plain HTTP in a LAN', { origin: 'http://inner:3141' }],
  ['a proxy that a browser reaches over https', { origin: 'https://packages.example.com' }],
])('a form of our own page over %s is taken', (_what, headers) => {
  expect(() => requireSameOrigin(request('POST', headers))).not.toThrow();
});

test('a cookie identifies who reads, and who sends a form of ours, but no other change', () => {
  const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'LINK'];
  const counts = (isForBrowsers: boolean) => (method: string) =>
    credentialsOf({ ...request(method, { cookie: 'a=b' }), outsideUrl: 'http://inner:3141' }, isForBrowsers)
      .cookie === 'a=b';

  expect(methods.filter(counts(false))).toEqual(['GET', 'HEAD', 'OPTIONS']);
  expect(methods.filter(counts(true))).toEqual(methods);
});

test('over https only a cookie that no other host can set identifies anybody', () => {
  const planted = 'a=1; wheelhouse=planted;__host-a=2; x__Host-a=3';
  const headers = { cookie: `${planted}; __Host-a=4`, authorization: 'Basic x' };

  expect(credentialsOf(request('GET', headers), true)).toMatchObject({
    cookie: '__Host-a=4',
    authorization: 'Basic x',
  });
  expect(credentialsOf(request('GET', { cookie: planted }), true)).not.toHaveProperty('cookie');
});
