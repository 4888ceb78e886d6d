import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type TestApp } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { Visitor } from '#test/visitor.ts';
import { ownPath } from './page-routes.ts';

describe.each(databases)('logging a browser in, on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database, clock });
  });
  afterAll(async () => {
    await app.events();
    await app.close();
  });

  test('gives a cookie to the right password and goes where it was wanted', async () => {
    const { name, auth } = await app.user();
    const visitor = new Visitor(app);
    const asked = await visitor.get('/+tokens?a=b');
    expect([asked.status, asked.headers['location']]).toEqual([303, '/+login?next=%2F%2Btokens%3Fa%3Db']);
    const form = await visitor.get(asked.headers['location'] ?? '');
    expect(form.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(form.headers['set-cookie']).toBeUndefined();
    expect(form.text).toMatch(/name="next" value="\/\+tokens\?a=b"/);
    expect(form.text).toMatch(/autocomplete="username"[^]*autocomplete="current-password"/);

    const sent = await visitor.post('/+login', { user: name, password: auth[1], next: '/+tokens?a=b' });

    expect([sent.status, sent.headers['location']]).toEqual([303, '/+tokens?a=b']);
    expect((await visitor.get('/+tokens')).status).toBe(200);
    expect((await visitor.get('/+login')).headers['location']).toBe('/');
    expect((await app.get('/+api', { cookie: visitor.cookie })).json().result.authstatus).toEqual([
      'ok',
      name,
      [],
    ]);
  });

  test('says that a password is wrong, keeps the name and never the password', async () => {
    const { name } = await app.user();
    const visitor = new Visitor(app);
    const wrong = await visitor.post('/+login', { user: name, password: 'hunter22', next: '/+tokens' });
    const unknown = await visitor.post('/+login', { user: 'nobody', password: 'hunter22', next: '/+tokens' });

    expect([wrong.status, visitor.cookie]).toEqual([422, '']);
    expect(wrong.text).toContain('The user name or the password is another one.');
    expect(wrong.text).toContain(`value="${name}"`);
    expect(wrong.text).toContain('value="/+tokens"');
    expect(wrong.text).not.toContain('hunter22');
    expect(wrong.headers['www-authenticate']).toBeUndefined();
    expect(unknown.text.replaceAll('nobody', name)).toBe(wrong.text);
  });

  test('waits after too many wrong passwords', async () => {
    const { name, auth } = await app.user();
    const visitor = new Visitor(app);
    for (let i = 0; i < 5; i += 1) await visitor.post('/+login', { user: name, password: `guess ${i}` });

    const paused = await visitor.post('/+login', { user: name, password: auth[1] });
    expect([paused.status, visitor.cookie]).toEqual([422, '']);
    expect(paused.text).toContain('Too many wrong passwords');

    clock.advance(300_000);
    await visitor.logIn([name, auth[1]]);
  });

  test('takes no empty password, as the one of a new server is', async () => {
    const visitor = new Visitor(app);
    const response = await visitor.post('/+login', { user: 'root', password: '' });

    expect([response.status, visitor.cookie]).toEqual([422, '']);
    expect(response.text).toContain('set one first, with wheelhouse passwd root');
  });

  test('ends where it began: the cookie is gone, and what it was counts nowhere', async () => {
    const { auth } = await app.user();
    const visitor = await new Visitor(app).logIn(auth);
    const { cookie } = visitor;

    const response = await visitor.post('/+logout', {});

    expect([response.status, response.headers['location'], visitor.cookie]).toEqual([303, '/', '']);
    expect((await app.get('/+api', { cookie })).json().result.authstatus[0]).not.toBe('ok');
    expect((await visitor.post('/+logout', {})).status).toBe(303);
  });

  test('needs a form of this very server', async () => {
    const { name, auth } = await app.user();
    const fields = { user: name, password: auth[1] };
    const host = `localhost:${new URL(app.url).port}`;
    const cases: [Record<string, string>, number][] = [
      [{}, 403],
      [{ 'sec-fetch-site': 'none' }, 403],
      [{ 'sec-fetch-site': 'same-site', origin: `http://${host}` }, 403],
      [{ 'sec-fetch-site': 'cross-site' }, 403],
      [{ origin: 'null' }, 403],
      [{ origin: `http://localhost:1` }, 403],
      [{ origin: `https://${host}` }, 403],
      [{ origin: `http://${host}` }, 303],
      [{ 'sec-fetch-site': 'same-origin' }, 303],
    ];
    for (const [headers, status] of cases) {
      const visitor = new Visitor(app);
      const response = await visitor.post('/+login', fields, headers);
      expect([response.status, visitor.cookie !== ''], JSON.stringify(headers)).toEqual([
        status,
        status === 303,
      ]);
      if (status === 403) expect(response.text).toContain('open the page of this server again');
    }
  });

  test('leaves the API at the same address as it was', async () => {
    const { name, auth } = await app.user();
    const json = await app.request('POST', '/+login', { json: { user: name, password: auth[1] } });

    expect([json.status, json.json().type, json.headers['set-cookie']]).toEqual([
      200,
      'proxyauth',
      undefined,
    ]);
  });

  test('warns where a password can be read on the way, and where the cookie would not stay', async () => {
    const textOf = async (headers: Record<string, string>) =>
      (await new Visitor(app, headers).get('/+login')).text;

    expect(await textOf({ host: 'pi.lan:3141' })).toContain('Plain http');
    expect(await textOf({})).not.toContain('Plain http');
    const outside = await testApp({ database, settings: { 'outside-url': 'https://pi.example.com/python' } });
    const texts = async (headers: Record<string, string>) =>
      (await new Visitor(outside, headers).get('/+login')).text;
    expect(await texts({ host: 'pi.lan:3141' })).toContain('Log in there');
    for (const headers of [
      { host: 'pi.example.com' },
      { host: '127.0.0.1:3141', 'x-forwarded-for': '192.0.2.1' },
      { host: '127.0.0.1:3141', 'sec-fetch-site': 'none' },
      { host: '127.0.0.1:3141', 'x-outside-url': 'https://pi.example.com/python' },
    ]) {
      expect(await texts(headers), JSON.stringify(headers)).not.toMatch(/Plain http|Log in there/);
    }
    await outside.close();
  });
});

test('behind a proxy that publishes the server below a path, every address has it', async () => {
  const app = await testApp({ database: 'sqlite' });
  const visitor = new Visitor(app, { 'x-outside-url': 'https://pi.example.com/python' });
  const { name, auth } = await app.user();
  const asked = await visitor.get('/python/+tokens');
  expect(asked.headers['location']).toBe('/python/+login?next=%2F%2Btokens');
  const form = await visitor.get('/python/+login?next=%2F%2Btokens');
  expect(form.text).toContain('action="/python/+login"');
  expect(form.text).toMatch(/href="\/python\/\+static\/[^"]+\/site\.css"/);
  expect(form.text.match(/(?:href|src|action)="\/(?!python\/)[^"]*"/g)).toBeNull();

  const sent = await visitor.post('/python/+login', { user: name, password: auth[1], next: '/+tokens' });

  expect(sent.headers['location']).toBe('/python/+tokens');
  expect(visitor.cookie).toMatch(/^__Host-wheelhouse=/);
  expect((await visitor.get('/python/+tokens')).status).toBe(200);
  await app.close();
});

test('making a user logs in who was nobody, and nobody else', async () => {
  const app = await testApp({ database: 'sqlite' });
  const visitor = new Visitor(app);
  expect((await visitor.get('/+login')).text).toContain('href="/+users/+new"');
  const fields = { user: 'newcomer', email: 'n@example.org', password: 'long enough', again: 'long enough' };

  const refused = await visitor.post('/+users/+new', { ...fields, user: 'a b', again: 'another one' });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('This is not the same as above.');
  expect(refused.text).not.toContain('long enough');
  const bad = await visitor.post('/+users/+new', { ...fields, user: 'a b' });
  expect(bad.text).toContain('Username &#39;a b&#39; contains characters');
  const made = await visitor.post('/+users/+new', fields);

  expect([made.status, made.headers['location']]).toEqual([303, '/newcomer']);
  expect((await visitor.get('/+account')).status).toBe(200);
  const again = await new Visitor(app).post('/+users/+new', fields);
  expect(again.text).toContain('There is a user of this name');
  await app.events();
  await app.close();
});

test('where root alone makes users, nobody else is offered it', async () => {
  const app = await testApp({ database: 'sqlite', settings: { 'accounts.sign-up': 'root' } });
  const visitor = new Visitor(app);

  expect((await visitor.get('/+login')).text).not.toContain('/+users/+new');
  expect((await visitor.get('/+users/+new')).status).toBe(403);
  expect((await visitor.post('/+users/+new', { user: 'x' })).status).toBe(403);
  await app.close();
});

test.each([
  ['/alice/dev?a=b#c', '/alice/dev?a=b#c'],
  ['/', '/'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['/\tevil.example', '/'],
  ['/a\r\nlocation: x', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['', '/'],
  [undefined, '/'],
  [['/a'], '/'],
  [`/${'x'.repeat(3000)}`, '/'],
])('a login that wants to go to %j leads to %j', (next, path) => {
  expect(ownPath(next)).toBe(path);
});
