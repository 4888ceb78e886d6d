import { afterAll, beforeAll, expect, test } from 'vitest';
import { testApp, type TestApp } from '#test/app.ts';

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
let app: TestApp;
beforeAll(async () => {
  app = await testApp({ database: 'sqlite' });
});
afterAll(async () => await app.close());

test.each([
  ['/root/pypi/nothing-like-it/+files', ['/root/pypi/nothing-like-it', '/root/pypi']],
  ['/root/pypi/+nonsense/x', ['/root/pypi']],
  ['/nobody', []],
  ['/+nonsense', []],
])('what is not at %s comes with what is above it', async (path, above) => {
  const { status, text } = await app.get(path, browser);

  expect(status).toBe(404);
  const [, places = ''] = /What is above it:(.*?)<\/p>/s.exec(text) ?? [];
  expect([...places.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual(above);
});

test('what turns the direction of a text is shown as what it is', async () => {
  const { text } = await app.get('/root/pypi-%E2%80%AE', browser);

  expect(text).toContain('pypi-\\u202e');
  expect(text).not.toContain('\u202e');
});

test('who is not logged in is sent to log in, and comes back', async () => {
  const { status, headers } = await app.get('/+account?a=b', browser);

  expect([status, headers['location']]).toEqual([303, '/+login?next=%2F%2Baccount%3Fa%3Db']);
});

test('a program is told 401 where a browser is sent to log in', async () => {
  expect((await app.get('/+tokens')).status).toBe(401);
});
