import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type Auth, type TestApp } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { Visitor } from '#test/visitor.ts';
import { describeAgent } from './describe-agent.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

describe.each(databases)('the account page on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => {
    await app.events();
    await app.close();
  });

  const visit = async (auth: Auth, headers = {}) => await new Visitor(app, headers).logIn(auth);

  test('lists the browsers that are logged in, and logs one of them out', async () => {
    const { auth } = await app.user();
    const here = await visit(auth);
    const there = await visit(auth, { 'user-agent': FIREFOX });
    const page = await here.get('/+account');
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.text).toContain('Firefox 140 on Linux');
    expect(page.text.match(/this one/g)).toHaveLength(1);
    const [, id = ''] = /name="session" value="([\w-]+)"/.exec(page.text) ?? [];

    const ended = await here.post('/+account/sessions', { session: id });

    expect(ended.headers['location']).toBe('/+account?done=session');
    expect((await here.get('/+account?done=session')).text).toContain('That browser is logged out.');
    expect((await there.get('/+account')).headers['location']).toBe('/+login?next=%2F%2Baccount');
    expect((await here.post('/+account/sessions', { session: id })).status).toBe(303);
  });

  test('logs out everywhere else within one request, and nobody else', async () => {
    const { auth } = await app.user();
    const [here, there, other] = [await visit(auth), await visit(auth), await visit((await app.user()).auth)];
    expect((await there.get('/+account')).status).toBe(200);

    await here.post('/+account/sessions', { all: 'others' });

    expect((await there.get('/+account')).status).toBe(303);
    expect((await here.get('/+account')).status).toBe(200);
    expect((await other.get('/+account')).status).toBe(200);
  });

  test('ends no session of others', async () => {
    const [alice, bob] = [await visit((await app.user()).auth), await visit((await app.user()).auth)];
    const { id } = JSON.parse(String((await app.contents()).rows['user_session']?.at(-1))) as { id: string };
    for (const each of [alice, bob]) await each.post('/+account/sessions', { session: `${id}x` });
    const ids = (await app.contents()).rows['user_session']?.map(
      (row) => (JSON.parse(String(row)) as { id: string }).id,
    );
    for (const session of ids ?? []) await alice.post('/+account/sessions', { session });

    expect((await bob.get('/+account')).status).toBe(200);
  });

  test('changes the password, asks for the old one, and keeps this browser alone', async () => {
    const { name, auth } = await app.user();
    const [here, there] = [await visit(auth), await visit(auth)];
    const change = { current: auth[1], password: 'a better one', again: 'a better one' };

    const cases: [Record<string, string>, string][] = [
      [{ ...change, current: 'wrong' }, 'This is not your password.'],
      [{ ...change, password: 'seven77', again: 'seven77' }, '7 characters; at least 8 are needed.'],
      [{ ...change, again: 'a better two' }, 'This is not the same as above.'],
    ];
    for (const [fields, message] of cases) {
      const refused = await here.post('/+account/password', fields);
      expect(refused.status).toBe(422);
      expect(refused.text).toContain(message);
      expect(refused.text).not.toContain('a better');
    }
    expect((await there.get('/+account')).status).toBe(200);

    const changed = await here.post('/+account/password', change);

    expect(changed.headers['location']).toBe('/+account?done=password');
    expect((await here.get('/+account')).status).toBe(200);
    expect((await there.get('/+account')).status).toBe(303);
    const old = await app.request('POST', '/+login', { json: { user: name, password: auth[1] } });
    expect(old.status).toBe(401);
    await visit([name, 'a better one']);
  });

  test('keeps a theme in a cookie, which pages follow', async () => {
    const visitor = await visit((await app.user()).auth);
    expect((await visitor.get('/+account')).text).not.toContain('data-theme');

    await visitor.post('/+account/theme', { theme: 'dark' });
    expect((await visitor.get('/+account')).text).toContain('data-theme="dark"');
    await visitor.post('/+account/theme', { theme: 'system' });
    expect((await visitor.get('/+account')).text).not.toContain('data-theme');
  });

  test('is for people: an API token is refused, a stranger sent to log in', async () => {
    const { auth } = await app.user();
    const json = { name: 'ci', scopes: ['packages.upload'] };
    const made = await app.request('POST', '/+tokens', { json, auth });
    const bearer = { authorization: `Bearer ${made.json().result.token}` };

    expect((await new Visitor(app, bearer).get('/+account')).status).toBe(403);
    expect((await new Visitor(app).get('/+account')).headers['location']).toMatch(/^\/\+login/);
    expect((await new Visitor(app).post('/+account/theme', {})).headers['www-authenticate']).toBeUndefined();
  });
});

test.each([
  [FIREFOX, 'Firefox 140 on Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
    'Edge 140 on Windows',
  ],
  [
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36',
    'Chrome 140 on Android',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.5 Safari/605.1',
    'Safari 18 on macOS',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605 Version/18.5 Mobile/15E148 Safari/604.1',
    'Safari 18 on iOS',
  ],
  ['curl/8.5.0', 'curl/8.5.0'],
  ['', 'unnamed browser'],
])('%s is shown as %s', (agent, shown) => {
  expect(describeAgent(agent)).toBe(shown);
});
