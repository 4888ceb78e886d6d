import { expect, test } from 'vitest';
import { AppError } from '../errors/app-error.ts';
import { refuseCrossSite } from './cross-site.ts';

const request = (method: string, headers: Record<string, string>) => ({
  method,
  headers: { host: 'inner:3141', ...headers },
  outsideUrl: 'https://packages.example.com/python',
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
