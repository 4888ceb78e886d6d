import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, ROOT, testApp, type Auth, type TestApp, type TestUser } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';

const DAY_MS = 86_400_000;
const JSON_ONLY = { accept: 'application/json' };

interface Created {
  readonly id: string;
  readonly token: string;
}

describe.each(databases)('API tokens on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database, clock });
  });
  afterAll(async () => await app.close());

  const post = (json: unknown, auth?: Auth) =>
    app.request('POST', '/+tokens', { json, headers: JSON_ONLY, ...(auth && { auth }) });

  async function create(user: TestUser, fields: object = {}): Promise<Created> {
    const response = await post({ name: 'ci', scopes: ['packages.upload'], ...fields }, user.auth);
    expect(response.status, response.text).toBe(201);
    await app.events();
    return response.json().result as Created;
  }

  // oxlint-disable-next-line typescript/no-explicit-any
  async function list(auth: Auth, query = ''): Promise<any[]> {
    const response = await app.request('GET', `/+tokens${query}`, { auth });
    expect(response.status, response.text).toBe(200);
    return response.json().result;
  }

  const revoke = (id: string, auth?: Auth) =>
    app.request('DELETE', `/+tokens/${id}`, { headers: JSON_ONLY, ...(auth && { auth }) });

  async function authstatus(headers: Record<string, string>): Promise<unknown> {
    return (await app.get('/+api', headers)).json().result.authstatus;
  }

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const anonymous = ['noauth', '', []];

  test('a new token is shown once, with all that was asked for', async () => {
    const user = await app.user();

    const response = await post(
      { name: 'ci', scopes: ['packages.upload', 'packages.upload'], on: ['a/dev'], days: 7 },
      user.auth,
    );

    expect(response).toMatchObject({
      status: 201,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    });
    const { result, type } = response.json();
    expect(type).toBe('apitoken');
    expect(result).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      user: user.name,
      name: 'ci',
      scopes: ['packages.upload'],
      on: ['a/dev'],
      created: '2026-11-20T10:00:00Z',
      expires: '2026-11-27T10:00:00Z',
      token: expect.stringMatching(/^wh_[0-9a-f]{72}$/),
    });
    const { token, ...shown } = result;
    expect(await list(user.auth)).toEqual([shown]);
    const events = await app.eventsWithData();
    expect(events).toMatchObject([
      {
        type: 'accounts.token-created',
        actor: user.name,
        data: { user: user.name, token: result.id, name: 'ci', scopes: ['packages.upload'], on: ['a/dev'] },
      },
    ]);
    expect(JSON.stringify(events) + app.logged).not.toContain(token.slice(3, 40));
  });

  test('the token is stored nowhere', async () => {
    const user = await app.user();
    const { token } = await create(user);

    const rows = await app.context.db
      .withTables<{ api_token: { hash: string } }>()
      .selectFrom('api_token')
      .selectAll()
      .execute();

    expect(JSON.stringify(rows)).not.toContain(token.slice(3, 20));
  });

  test('a token is accepted in every header and under every name that clients use', async () => {
    const user = await app.user();
    const { token } = await create(user);
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const itself = ['ok', user.name, []];

    for (const name of ['__token__', user.name, '']) {
      expect(await authstatus({ authorization: basic([name, token]) })).toEqual(itself);
      expect(await authstatus({ 'x-devpi-auth': base64(`${name}:${token}`) })).toEqual(itself);
    }
    expect(await authstatus(bearer(token))).toEqual(itself);
  });

  test("a token works for no other user's name", async () => {
    const [user, other] = [await app.user(), await app.user()];
    const { token } = await create(user);

    expect(await authstatus({ authorization: basic([other.name, token]) })).toEqual(anonymous);
  });

  test('a token that was mistyped is refused without looking for it', async () => {
    const user = await app.user();
    const { token } = await create(user);
    const mistyped = token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');

    expect(await authstatus(bearer(mistyped))).toEqual(anonymous);
    expect(await authstatus(bearer(`wh_${'0'.repeat(72)}`))).toEqual(anonymous);
  });

  test('a login with a token answers with that token and what it has left', async () => {
    const user = await app.user();
    const { token } = await create(user, { days: 2 });
    clock.advance(DAY_MS);

    for (const name of ['__token__', user.name]) {
      const response = await app.request('POST', '/+login', { json: { user: name, password: token } });
      expect(response.json().result).toEqual({ password: token, expiration: 86_400 });
    }
  });

  test('a token lasts as long as the settings say', async () => {
    const user = await app.user();
    const { token } = await create(user);
    clock.advance(90 * DAY_MS - 1);
    expect(await authstatus(bearer(token))).toEqual(['ok', user.name, []]);

    clock.advance(1);

    expect(await authstatus(bearer(token))).toEqual(anonymous);
    const response = await app.get('/+tokens', { ...bearer(token), ...JSON_ONLY });
    expect([response.status, response.json().message]).toEqual([401, 'the API token has expired']);
  });

  test('a revoked token ends at once, and says so', async () => {
    const user = await app.user();
    const { id, token } = await create(user);
    expect(await authstatus(bearer(token))).toEqual(['ok', user.name, []]);

    const response = await revoke(id, user.auth);

    expect([response.status, response.json()]).toEqual([200, { message: `token '${id}' revoked` }]);
    expect(await app.eventsWithData()).toMatchObject([
      { type: 'accounts.token-revoked', actor: user.name, data: { user: user.name, token: id, name: 'ci' } },
    ]);
    expect(await authstatus(bearer(token))).toEqual(anonymous);
    const refused = await app.get('/+tokens', { ...bearer(token), ...JSON_ONLY });
    expect(refused).toMatchObject({
      status: 401,
      headers: { location: expect.stringMatching(/\+login$/), 'www-authenticate': 'Basic realm="pypi"' },
    });
    expect(refused.json()).toMatchObject({
      code: 'accounts.token-ended',
      message: 'the API token was revoked',
    });
    expect((await revoke(id, user.auth)).status).toBe(200);
    expect(await app.events()).toEqual([]);
    expect((await list(user.auth))[0].revoked).toMatch(/Z$/);
  });

  test('tokens end with their user, also for a new user of that name', async () => {
    const user = await app.user();
    const { token } = await create(user);

    await app.request('DELETE', `/${user.name}`, { auth: user.auth });
    expect(await authstatus(bearer(token))).toEqual(anonymous);
    const again = await app.user(user.name);

    expect(await authstatus(bearer(token))).toEqual(anonymous);
    expect(await list(again.auth)).toEqual([]);
  });

  test('a changed password leaves tokens alone', async () => {
    const user = await app.user();
    const { token } = await create(user);

    await app.request('PATCH', `/${user.name}`, { json: { password: 'new' }, auth: user.auth });

    expect(await authstatus(bearer(token))).toEqual(['ok', user.name, []]);
    await app.events();
  });

  test('the list tells when a token was used last', async () => {
    const user = await app.user();
    const { token } = await create(user);
    expect((await list(user.auth))[0]).not.toHaveProperty('last_used');

    await app.get('/+api', bearer(token));

    const now = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    expect((await list(user.auth))[0].last_used).toBe(now);
  });

  test('a token makes no tokens, lists none, revokes none, and changes no user', async () => {
    const user = await app.user();
    const { id, token } = await create(user);
    const auth = ['__token__', token] as const;
    const before = await app.contents();

    const answers = [
      await post({ name: 'more', scopes: ['packages.upload'] }, auth),
      await app.request('GET', '/+tokens', { auth }),
      await revoke(id, auth),
      await app.request('PATCH', `/${user.name}`, { json: { password: 'x' }, auth }),
      await app.request('PATCH', `/${user.name}`, { json: { title: 'x' }, auth }),
      await app.request('DELETE', `/${user.name}`, { auth }),
    ];

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 403));
    expect(await app.contents()).toEqual(before);
  });

  test('tokens are made, listed and revoked by their user and by root alone', async () => {
    const [user, other] = [await app.user(), await app.user()];
    const { id } = await create(user);

    expect((await app.get('/+tokens', JSON_ONLY)).status).toBe(401);
    expect((await post({ name: 'x', scopes: ['packages.upload'] })).status).toBe(401);
    expect((await revoke(id)).status).toBe(401);
    expect((await revoke(id, other.auth)).json().code).toBe('accounts.token-not-found');
    const foreign = await app.request('GET', `/+tokens?user=${user.name}`, { auth: other.auth });
    expect(foreign.status).toBe(403);
    expect(await list(ROOT, `?user=${user.name}`)).toMatchObject([{ id }]);
    expect(await list(user.auth, `?user=${user.name}`)).toMatchObject([{ id }]);
    expect((await revoke(id, ROOT)).status).toBe(200);
    expect(await app.events()).toEqual(['accounts.token-revoked']);
    expect((await app.request('GET', '/+tokens?user=nobody', { auth: ROOT })).status).toBe(404);
  });

  test.each([
    ['no name', { scopes: ['packages.upload'] }, /^field name: /],
    ['an empty name', { name: ' ', scopes: ['packages.upload'] }, /^field name: /],
    ['a long name', { name: 'x'.repeat(101), scopes: ['packages.upload'] }, /^field name: /],
    ['no scope', { name: 'x', scopes: [] }, /^field scopes: /],
    [
      'an unknown scope',
      { name: 'x', scopes: ['packages.fly'] },
      /^there is no scope 'packages.fly'; there are /,
    ],
    [
      'a malformed index',
      { name: 'x', scopes: ['packages.upload'], on: ['dev'] },
      /^field on.0: must be USER\/INDEX/,
    ],
    ['no days', { name: 'x', scopes: ['packages.upload'], days: 0 }, /^field days: /],
    [
      'too many days',
      { name: 'x', scopes: ['packages.upload'], days: 367 },
      /366 days.*accounts\.max-token-days/,
    ],
    ['an unknown field', { name: 'x', scopes: ['packages.upload'], forever: true }, /forever/],
  ])('a token with %s is refused', async (_what, json, message) => {
    const user = await app.user();

    const response = await post(json, user.auth);

    expect([response.status, response.json().message]).toEqual([400, expect.stringMatching(message)]);
    expect(await list(user.auth)).toEqual([]);
    expect(await app.events()).toEqual([]);
  });

  test('the name of a token is free again when the token has ended', async () => {
    const user = await app.user();
    const { id } = await create(user);
    const again = await post({ name: 'ci', scopes: ['packages.upload'] }, user.auth);
    expect([again.status, again.json().code]).toEqual([409, 'accounts.token-exists']);

    await revoke(id, user.auth);

    await app.events();
    expect((await create(user)).id).not.toBe(id);
  });

  test('of two tokens that are asked for at once under one name one is made', async () => {
    const user = await app.user();

    const answers = await Promise.all(
      Array.from({ length: 5 }, () => post({ name: 'ci', scopes: ['packages.upload'] }, user.auth)),
    );

    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409]);
    expect(await app.events()).toEqual(['accounts.token-created']);
  });

  test('ended tokens are listed for a month and forgotten with the next one that is made', async () => {
    const user = await app.user();
    await create(user, { name: 'old', days: 1 });
    clock.advance(30 * DAY_MS);
    await create(user, { name: 'second' });
    expect(await list(user.auth)).toHaveLength(2);

    clock.advance(2 * DAY_MS);
    await create(user, { name: 'third' });

    expect((await list(user.auth)).map(({ name }) => name)).toEqual(['second', 'third']);
  });

  test('an upload with a revoked token says so', async () => {
    const index = await app.index();
    const { id, token } = await create(index.user);
    await revoke(id, index.user.auth);
    await app.events();

    const response = await app.upload(index, wheelUpload(), { auth: ['__token__', token] });

    expect([response.status, response.reason]).toEqual([401, 'the API token was revoked']);
    expect(await app.events()).toEqual([]);
  });

  test('a token uploads where acl_upload lets its user', async () => {
    const [index, closed] = [await app.index(), await app.index()];
    const { token } = await create(index.user);
    const auth = ['__token__', token] as const;

    expect((await app.upload(index, wheelUpload(), { auth })).status).toBe(200);
    expect((await app.upload(closed, wheelUpload(), { auth })).status).toBe(403);
    expect(await app.events()).not.toEqual([]);
  });
});

test('a user has no more valid tokens than the setting allows', async () => {
  const app = await testApp({ database: 'sqlite', settings: { 'accounts.max-tokens': 1 } });
  const { auth } = await app.user();
  const make = (name: string) =>
    app.request('POST', '/+tokens', {
      json: { name, scopes: ['packages.upload'] },
      auth,
      headers: JSON_ONLY,
    });
  const { id } = (await make('one')).json().result;

  const refused = await make('two');

  expect([refused.status, refused.json().message]).toEqual([
    400,
    expect.stringContaining('accounts.max-tokens'),
  ]);
  await app.request('DELETE', `/+tokens/${id}`, { auth });
  expect((await make('two')).status).toBe(201);
  await app.close();
});

test('when a token was used is written when the server stops', async () => {
  const first = await testApp({ database: 'sqlite' });
  const { auth } = await first.user();
  const made = await first.request('POST', '/+tokens', {
    json: { name: 'ci', scopes: ['packages.upload'] },
    auth,
  });
  await first.get('/+api', { authorization: `Bearer ${made.json().result.token}` });

  const second = await first.restart();

  const [token] = (await second.request('GET', '/+tokens', { auth })).json().result;
  expect(token).toHaveProperty('last_used');
  await second.close();
});
