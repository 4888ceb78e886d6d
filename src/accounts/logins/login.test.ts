import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, testApp, type Auth, type TestApp, type TestUser } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';

const HOUR_MS = 3_600_000;

describe.each(databases)('logins on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database, clock });
  });
  afterAll(async () => await app.close());

  async function login({ name, auth }: TestUser): Promise<string> {
    const response = await app.request('POST', '/+login', { json: { user: name, password: auth[1] } });
    expect(response.status).toBe(200);
    return response.json().result.password as string;
  }

  async function authstatus(headers: Record<string, string>): Promise<unknown> {
    const response = await app.get('/+api', headers);
    expect(response.status).toBe(200);
    return response.json().result.authstatus;
  }

  const anonymous = ['noauth', '', []];

  test('a hundred requests with one password at once cost one check', async () => {
    const user = await app.user();
    const headers = { authorization: basic(user.auth) };

    const answers = await Promise.all(Array.from({ length: 100 }, () => authstatus(headers)));

    expect(answers).toEqual(answers.map(() => ['ok', user.name, []]));
  });

  test('a login answers with a token that lasts ten hours and changes nothing', async () => {
    const user = await app.user();

    const response = await app.request('POST', '/+login', {
      json: { user: user.name, password: user.auth[1] },
    });

    expect(response.headers['content-type']).toBe('application/json');
    expect(response.json()).toEqual({
      type: 'proxyauth',
      message: 'login successful',
      result: { password: expect.stringMatching(/^whl-[\w-]+\.[\w-]+$/), expiration: 36_000 },
    });
    expect(await app.events()).toEqual([]);
  });

  test.each([
    [{ user: 'nobody', password: 'x' }, 401, "user 'nobody' could not be authenticated"],
    [{ user: 'root', password: 'wrong' }, 401, "user 'root' could not be authenticated"],
    [{ user: 'root' }, 400, 'Bad request: no user/password specified'],
    [{ password: 'x' }, 400, 'Bad request: no user/password specified'],
    [{ user: 'root', password: 5 }, 400, 'Bad request: no user/password specified'],
    ['text', 400, 'Bad request: no user/password specified'],
  ])('the login %j is refused', async (json, status, message) => {
    const response = await app.request('POST', '/+login', { json, headers: { accept: 'application/json' } });

    expect([response.status, response.json().message]).toEqual([status, message]);
    expect(response.headers).not.toHaveProperty('location');
  });

  test('a login without JSON is refused', async () => {
    const response = await app.request('POST', '/+login', {
      body: '{"user": ',
      headers: { accept: 'application/json' },
    });

    expect([response.status, response.json().message]).toEqual([400, 'Bad request: could not decode json']);
  });

  test('a token or a password is accepted in every header that clients use', async () => {
    const user = await app.user();
    const token = await login(user);
    const base64 = (text: string) => Buffer.from(text).toString('base64');

    for (const secret of [token, user.auth[1]]) {
      expect(await authstatus({ authorization: basic([user.name, secret]) })).toEqual(['ok', user.name, []]);
      expect(await authstatus({ 'x-devpi-auth': base64(`${user.name}:${secret}`) })).toEqual([
        'ok',
        user.name,
        [],
      ]);
    }
    expect(await authstatus({ authorization: `Bearer ${token}` })).toEqual(['ok', user.name, []]);
    expect(await authstatus({ authorization: `bearer ${token}` })).toEqual(['ok', user.name, []]);
    expect(await authstatus({ authorization: basic(['__token__', token]) })).toEqual(['ok', user.name, []]);
    expect(await authstatus({ authorization: basic(['', token]) })).toEqual(['ok', user.name, []]);
  });

  test('X-Devpi-Auth counts before Authorization', async () => {
    const [user, other] = [await app.user(), await app.user()];

    const status = await authstatus({
      'x-devpi-auth': Buffer.from(user.auth.join(':')).toString('base64'),
      authorization: basic(other.auth),
    });

    expect(status).toEqual(['ok', user.name, []]);
  });

  test('only the first colon parts the name from the password', async () => {
    await app.request('PUT', '/colon', { json: { password: 'a:b:c' } });

    expect(await authstatus({ authorization: basic(['colon', 'a:b:c']) })).toEqual(['ok', 'colon', []]);
    await app.events();
  });

  test('a password beyond ASCII is understood in UTF-8 and in Latin-1', async () => {
    await app.request('PUT', '/umlaut', { json: { password: 'grün' } });
    await app.events();

    for (const encoding of ['utf8', 'latin1'] as const) {
      const pair = Buffer.from('umlaut:grün', encoding).toString('base64');
      expect(await authstatus({ authorization: `Basic ${pair}` })).toEqual(['ok', 'umlaut', []]);
    }
  });

  test.each([
    ['a wrong password', { authorization: basic(['root', 'wrong']) }],
    ['an unknown user', { authorization: basic(['nobody', '']) }],
    ['no colon', { authorization: `Basic ${Buffer.from('root').toString('base64')}` }],
    ['no base64', { authorization: 'Basic %%%' }],
    ['another scheme', { authorization: 'Digest username="root"' }],
    ['a scheme alone', { authorization: 'Basic' }],
    ['a forged token', { authorization: `Bearer whl-${'A'.repeat(40)}.${'A'.repeat(43)}` }],
  ])('%s makes an anonymous request and no failure', async (_what, headers: Record<string, string>) => {
    expect(await authstatus(headers)).toEqual(anonymous);
  });

  test("a token works for no other user's name", async () => {
    const [user, other] = [await app.user(), await app.user()];
    const token = await login(user);

    expect(await authstatus({ authorization: basic([other.name, token]) })).toEqual(anonymous);
  });

  test('a token with another claim under its old signature is worth nothing', async () => {
    const user = await app.user();
    const token = await login(user);
    const [payload = '', signature = ''] = token.slice(4).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown[];
    claims[0] = 'root';
    const forged = `whl-${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;

    expect(await authstatus({ authorization: `Bearer ${forged}` })).toEqual(anonymous);
  });

  test('a login can be made from a token', async () => {
    const user = await app.user();
    const token = await login(user);

    expect(await login({ name: user.name, auth: [user.name, token] })).toMatch(/^whl-/);
  });

  test('changing the password ends every login but the one that changed it', async () => {
    const user = await app.user();
    const [changing, other] = [await login(user), await login(user)];

    await app.request('PATCH', `/${user.name}`, {
      json: { password: 'new' },
      auth: [user.name, changing],
    });

    expect(await authstatus({ authorization: `Bearer ${changing}` })).toEqual(['ok', user.name, []]);
    expect(await authstatus({ authorization: `Bearer ${other}` })).toEqual(anonymous);
    await app.events();
  });

  test('changing the password with the password ends every login', async () => {
    const user = await app.user();
    const token = await login(user);

    await app.request('PATCH', `/${user.name}`, { json: { password: 'new' }, auth: user.auth });

    expect(await authstatus({ authorization: `Bearer ${token}` })).toEqual(anonymous);
    await app.events();
  });

  test('a kept login ends with the next change of the password', async () => {
    const user = await app.user();
    const kept = await login(user);
    const change = (password: string, auth: Auth) =>
      app.request('PATCH', `/${user.name}`, { json: { password }, auth });

    await change('second', [user.name, kept]);
    await change('third', [user.name, 'second']);

    expect(await authstatus({ authorization: `Bearer ${kept}` })).toEqual(anonymous);
    await app.events();
  });

  test('a changed title leaves logins alone', async () => {
    const user = await app.user();
    const token = await login(user);

    await app.request('PATCH', `/${user.name}`, { json: { title: 'T' }, auth: user.auth });

    expect(await authstatus({ authorization: `Bearer ${token}` })).toEqual(['ok', user.name, []]);
    await app.events();
  });

  test('the login of a deleted user ends, also for a new user of that name', async () => {
    const user = await app.user();
    const token = await login(user);

    await app.request('DELETE', `/${user.name}`, { auth: user.auth });
    expect(await authstatus({ authorization: `Bearer ${token}` })).toEqual(anonymous);
    await app.user(user.name);

    expect(await authstatus({ authorization: `Bearer ${token}` })).toEqual(anonymous);
  });

  test('an expired login answers 401 with a Location, and +api calls it anonymous', async () => {
    const index = await app.index();
    const token = await login(index.user);
    const auth = [index.user.name, token] as const;
    const headers = { accept: 'application/json' };
    clock.advance(10 * HOUR_MS - 1);
    expect((await app.request('PATCH', index.path, { json: { title: 'T' }, auth })).status).toBe(200);
    clock.advance(1);
    await app.events();

    const answers = [
      await app.request('PATCH', index.path, { json: { title: 'U' }, auth, headers }),
      await app.request('PUT', `${index.path}x`, { json: {}, auth, headers }),
      await app.request('DELETE', `${index.path}/demo`, { auth, headers }),
      await app.upload(index, wheelUpload(), { auth }),
    ];

    for (const { status, headers: sent } of answers) {
      expect([status, sent['location']]).toEqual([401, expect.stringMatching(/\/\+login$/)]);
    }
    expect(await authstatus({ authorization: basic(auth) })).toEqual(anonymous);
    expect(await app.events()).toEqual([]);
  });

  test('a password that was just checked is no longer accepted after it changed', async () => {
    const user = await app.user();
    expect(await authstatus({ authorization: basic(user.auth) })).toEqual(['ok', user.name, []]);

    await app.request('PATCH', `/${user.name}`, { json: { password: 'new' }, auth: user.auth });

    expect(await authstatus({ authorization: basic(user.auth) })).toEqual(anonymous);
    await app.events();
  });
});
