import { expect, test } from 'vitest';
import { createSessionCookie, findSessionCookie, forgetSessionCookie } from './session-cookie.ts';

const visit = (outsideUrl: string) => ({ headers: { host: new URL(outsideUrl).host }, outsideUrl });
const valueOf = (setCookie: string) => setCookie.split(';')[0] ?? '';

test.each([
  [
    'https://packages.example.com/python',
    /^__Host-wheelhouse=[\w-]{43}; Max-Age=172800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  ],
  ['http://pi.lan', /^wheelhouse=[\w-]{43}; Max-Age=172800; Path=\/; HttpOnly; SameSite=Lax$/],
  ['http://pi.lan:3141', /^wheelhouse-3141=[\w-]{43}; Max-Age=172800; Path=\/; HttpOnly; SameSite=Lax$/],
  ['http://[fd00::1]:3141', /^wheelhouse-3141=[\w-]{43}; /],
])('the cookie of %s is one that browsers keep there', (outsideUrl, expected) => {
  expect(createSessionCookie(visit(outsideUrl), 2).setCookie).toMatch(expected);
});

test('the secret is new each time, and found again among other cookies', () => {
  const { secret, setCookie } = createSessionCookie(visit('http://pi.lan:3141'), 1);
  const cookie = `theme=dark; ${valueOf(setCookie)}; wheelhouse-3142=${'x'.repeat(43)}`;

  expect(findSessionCookie({ host: 'pi.lan:3141', cookie })).toBe(secret);
  expect(createSessionCookie(visit('http://pi.lan:3141'), 1).secret).not.toBe(secret);
});

test('what https gave out counts under the name only that no other host can set', () => {
  const { secret, setCookie } = createSessionCookie(visit('https://pi.lan'), 1);
  const planted = valueOf(setCookie).replace('__Host-', '');

  expect(findSessionCookie({ host: 'pi.lan', cookie: valueOf(setCookie) })).toBe(secret);
  expect(findSessionCookie({ host: 'pi.lan', cookie: planted })).not.toBe(secret);
});

test.each([
  undefined,
  '',
  'theme=dark',
  'wheelhouse=',
  'wheelhouse=short',
  `wheelhouse=${'x'.repeat(44)}`,
  `wheelhouse=${'='.repeat(43)}`,
  `wheelhouse-1=${'x'.repeat(43)}`,
  `Wheelhouse=${'x'.repeat(43)}`,
  '=;;;=wheelhouse; %zz=wheelhouse',
])('there is no session in the cookie %j', (cookie) => {
  expect(findSessionCookie({ host: 'pi.lan', ...(cookie !== undefined && { cookie }) })).toBeUndefined();
});

test('the browser is told to forget the cookie that it has', () => {
  expect(forgetSessionCookie(visit('http://pi.lan'))).toBe(
    'wheelhouse=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
  );
  expect(forgetSessionCookie(visit('https://pi.lan'))).toMatch(/^__Host-wheelhouse=; Max-Age=0; .*Secure/);
});
