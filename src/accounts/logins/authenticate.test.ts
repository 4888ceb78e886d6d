import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { basic, ROOT, testApp, type Auth, type TestApp, type TestUser } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases, testDatabase } from '#test/databases.ts';
import type { AccountsContext } from '../context.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const accountsOf = (app: TestApp) => (app.context as AccountsContext).accounts;
const headersOf = (auth: Auth): IncomingHttpHeaders => ({ authorization: basic(auth) });

async function newToken(app: TestApp, { auth }: TestUser, name = 'ci') {
  const json = { name, scopes: ['packages.upload'], days: 1 };
  const response = await app.request('POST', '/+tokens', { json, auth });
  const { id, token } = response.json().result as { id: string; token: string };
  return { id, auth: ['__token__', token] as const };
}

async function login(app: TestApp, { name, auth }: TestUser): Promise<Auth> {
  const response = await app.request('POST', '/+login', { json: { user: name, password: auth[1] } });
  return [name, response.json().result.password as string];
}

describe.each(databases)('who sends a request, on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database, clock });
  });
  afterAll(async () => {
    await app.events();
    await app.close();
  });

  const peek = (auth: Auth) => accountsOf(app).authenticator.peek(headersOf(auth));
  const identify = (auth: Auth) => accountsOf(app).authenticator.identify(headersOf(auth), '192.0.2.9');

  test('is unknown at first and known without asking from the first request on', async () => {
    const user = await app.user();
    const auths = [user.auth, await login(app, user), (await newToken(app, user)).auth];

    for (const auth of auths) {
      if (auth !== user.auth) expect(peek(auth)).toBeUndefined();
      const identity = await identify(auth);
      expect(identity).toMatchObject({ user: user.name });
      expect(peek(auth)).toEqual(identity);
    }
    expect(peek([user.name, 'wrong'])).toBeUndefined();
    expect(accountsOf(app).authenticator.peek({})).toEqual({ user: undefined, groups: [] });
  });

  test('is known in whichever header the credentials come', async () => {
    const user = await app.user();
    const token = await newToken(app, user);
    await identify(token.auth);
    const base64 = Buffer.from(token.auth.join(':')).toString('base64');

    expect(accountsOf(app).authenticator.peek({ 'x-devpi-auth': base64 })?.user).toBe(user.name);
  });

  test('is unknown again after every event that may change it', async () => {
    const user = await app.user();
    const token = await newToken(app, user);
    const session = await login(app, user);
    const changes: [string, () => Promise<unknown>, readonly Auth[]][] = [
      [
        'a title',
        () => app.request('PATCH', `/${user.name}`, { json: { title: 'T' }, auth: user.auth }),
        [user.auth, session, token.auth],
      ],
      [
        'a group',
        () => app.request('PUT', `/+groups/${user.name}`, { json: { members: [user.name] }, auth: ROOT }),
        [user.auth, session, token.auth],
      ],
      ['a revoked token', () => app.request('DELETE', `/+tokens/${token.id}`, { auth: ROOT }), [token.auth]],
      ['a deleted user', () => app.request('DELETE', `/${user.name}`, { auth: ROOT }), [user.auth, session]],
    ];

    for (const [what, change, auths] of changes) {
      for (const auth of auths) await identify(auth);
      for (const auth of auths) expect(peek(auth), what).toBeDefined();
      await change();
      for (const auth of auths) expect(peek(auth), what).toBeUndefined();
    }
    for (const auth of [user.auth, session, token.auth]) expect((await identify(auth)).user).toBeUndefined();
  });

  test('ends with the credentials', async () => {
    const user = await app.user();
    const session = await login(app, user);
    clock.advance(10 * HOUR_MS - 1000);
    await identify(session);
    expect(peek(session)).toBeDefined();
    clock.advance(1000);
    expect(peek(session)).toBeUndefined();
    expect(await identify(session)).toMatchObject({ rejected: 'expired-login' });

    const token = await newToken(app, user);
    clock.advance(DAY_MS - 1000);
    await identify(token.auth);
    expect(peek(token.auth)).toBeDefined();
    clock.advance(1000);
    expect(peek(token.auth)).toBeUndefined();
    expect(await identify(token.auth)).toMatchObject({ rejected: 'expired-token' });
  });

  test('is forgotten after five minutes', async () => {
    const user = await app.user();
    await identify(user.auth);
    clock.advance(300_000);

    expect(peek(user.auth)).toBeUndefined();
  });

  test('is not remembered when an event arrived while it was found out', async () => {
    const user = await app.user();
    const session = await login(app, user);

    const finding = identify(session);
    await app.request('PATCH', `/${user.name}`, { json: { title: 'T' }, auth: ROOT });
    await finding;
    const first = peek(session);
    await identify(session);

    expect(first === undefined || (await identify(session)).user === user.name).toBe(true);
    expect(peek(session)).toBeDefined();
  });

  test('a use that was noted without a query is in the list of tokens', async () => {
    const user = await app.user();
    const token = await newToken(app, user);
    await identify(token.auth);
    clock.advance(60_000);

    peek(token.auth);

    const list = await app.request('GET', '/+tokens', { auth: user.auth });
    const now = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    expect(list.json().result[0].last_used).toBe(now);
  });

  test('a wrong password that is sent again and again is checked once, and right once it was set', async () => {
    const user = await app.user();
    const wrong = [user.name, 'next'] as const;
    for (let i = 0; i < 20; i += 1)
      expect(await identify(wrong)).toMatchObject({ rejected: 'wrong-credentials' });

    await app.request('PATCH', `/${user.name}`, { json: { password: 'next' }, auth: user.auth });

    expect((await identify(wrong)).user).toBe(user.name);
  });

  test('too many different wrong passwords make a pause, for the user from that address only', async () => {
    const [user, other] = [await app.user(), await app.user()];
    const session = await login(app, user);
    const { authenticator } = accountsOf(app);
    const from = (address: string, auth: Auth) => authenticator.identify(headersOf(auth), address);
    for (let i = 0; i < 5; i += 1) await from('192.0.2.1', [user.name, `guess ${i}`]);

    expect(await from('192.0.2.1', [user.name, 'guess 5'])).toMatchObject({ rejected: 'paused' });
    expect((await from('192.0.2.1', session)).user).toBe(user.name);
    expect((await from('192.0.2.1', other.auth)).user).toBe(other.name);
    expect((await from('192.0.2.2', user.auth)).user).toBe(user.name);
    clock.advance(300_000);
    expect(await from('192.0.2.1', [user.name, 'guess 6'])).toMatchObject({ rejected: 'wrong-credentials' });
    expect(await from('192.0.2.1', user.auth)).toMatchObject({ rejected: 'paused' });
    clock.advance(2000);
    expect((await from('192.0.2.1', user.auth)).user).toBe(user.name);
  });

  test('the addresses of one IPv6 network count as one', async () => {
    const user = await app.user();
    const { authenticator } = accountsOf(app);
    const from = (address: string, auth: Auth) => authenticator.identify(headersOf(auth), address);
    for (let i = 0; i < 5; i += 1) await from(`2001:db8:0:1::${i}`, [user.name, `guess ${i}`]);

    expect(await from('2001:db8:0:1:ffff::1', user.auth)).toMatchObject({ rejected: 'paused' });
    expect((await from('2001:db8:0:2::1', user.auth)).user).toBe(user.name);
  });

  test('an attack through a proxy shuts nobody out who comes from elsewhere', async () => {
    const user = await app.user();
    const login = (address: string, password: string) =>
      app.request('POST', '/+login', {
        json: { user: user.name, password },
        headers: { 'x-forwarded-for': address },
      });
    for (let i = 0; i < 5; i += 1) await login('203.0.113.1', `guess ${i}`);

    expect((await login('203.0.113.1', 'guess')).status).toBe(429);
    expect((await login('203.0.113.2', user.auth[1])).status).toBe(200);
  });

  test('the empty password of root is taken from this machine alone', async () => {
    const identify = (address: string) => accountsOf(app).authenticator.identify(headersOf(ROOT), address);

    expect(await identify('192.0.2.1')).toMatchObject({ rejected: 'wrong-credentials' });
    expect((await identify('127.0.0.1')).user).toBe('root');
    expect(await identify('192.0.2.1')).toMatchObject({ rejected: 'wrong-credentials' });
    const behindProxy = await app.request('GET', '/+tokens', {
      auth: ROOT,
      headers: { 'x-forwarded-for': '203.0.113.9' },
    });
    expect(behindProxy.status).toBe(401);
    expect((await app.request('GET', '/+tokens', { auth: ROOT })).status).toBe(200);
  });

  test('a login in the pause says so, and public pages do not mind', async () => {
    const user = await app.user();
    for (let i = 0; i < 5; i += 1) {
      await app.request('POST', '/+login', { json: { user: user.name, password: `guess ${i}` } });
    }

    const response = await app.request('POST', '/+login', {
      json: { user: user.name, password: 'guess' },
      headers: { accept: 'application/json' },
    });

    expect([response.status, response.json().code]).toEqual([429, 'accounts.too-many-passwords']);
    const api = await app.request('GET', '/+api', { auth: [user.name, 'guess'] });
    expect(api.json().result.authstatus).toEqual(['noauth', '', []]);
    clock.advance(300_000);
  });
});

describe.each(databases)('confirming in a transaction on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => {
    await app.events();
    await app.close();
  });

  const identify = (auth: Auth) => accountsOf(app).authenticator.identify(headersOf(auth), '192.0.2.9');
  const confirm = async (identity: Awaited<ReturnType<typeof identify>>) =>
    await app.context.db.transaction().execute((tx) => accountsOf(app).confirm(tx, identity));
  const refused = (code: string) => ({ kind: { code, status: 401 } });

  test('what holds, holds, and has the groups of now', async () => {
    const user = await app.user();
    const auths = [user.auth, await login(app, user), (await newToken(app, user)).auth];
    const identities = await Promise.all(auths.map(identify));

    await app.request('PUT', `/+groups/${user.name}`, { json: { members: [user.name] }, auth: ROOT });

    for (const identity of identities) {
      expect(await confirm(identity)).toEqual({ ...identity, groups: [user.name] });
    }
    expect(await confirm({ user: undefined, groups: [] })).toEqual({ user: undefined, groups: [] });
  });

  test('a changed password ends passwords and logins that came before, but the one that changed it', async () => {
    const user = await app.user();
    const [changing, other] = [await login(app, user), await login(app, user)];
    const token = await identify((await newToken(app, user)).auth);
    const [password, kept, ended] = await Promise.all([user.auth, changing, other].map(identify));

    await app.request('PATCH', `/${user.name}`, { json: { password: 'new' }, auth: changing });

    for (const identity of [password, ended]) {
      await expect(confirm(identity!)).rejects.toMatchObject(refused('accounts.login-expired'));
    }
    expect((await confirm(kept!)).user).toBe(user.name);
    expect((await confirm(token)).user).toBe(user.name);
  });

  test('a revoked token ends', async () => {
    const user = await app.user();
    const token = await newToken(app, user);
    const identity = await identify(token.auth);

    await app.request('DELETE', `/+tokens/${token.id}`, { auth: user.auth });

    await expect(confirm(identity)).rejects.toMatchObject(refused('accounts.token-ended'));
  });

  test('a deleted user ends everything, also when there is a new one of that name', async () => {
    const user = await app.user();
    const auths = [user.auth, await login(app, user), (await newToken(app, user)).auth];
    const identities = await Promise.all(auths.map(identify));

    await app.request('DELETE', `/${user.name}`, { auth: user.auth });
    for (const identity of identities) {
      await expect(confirm(identity)).rejects.toMatchObject(refused('accounts.login-expired'));
    }
    await app.user(user.name);

    for (const identity of identities)
      await expect(confirm(identity)).rejects.toMatchObject({ kind: { status: 401 } });
  });
});

describe.runIf(databases.includes('postgres'))('with two servers on one PostgreSQL', () => {
  test('what one forgets the other forgets', async () => {
    const database = await testDatabase('postgres');
    const one = await testApp({ database: 'postgres', on: database });
    const two = await testApp({ database: 'postgres', on: database });
    const user = await one.user();
    const token = await newToken(one, user);
    const peek = () => accountsOf(two).authenticator.peek(headersOf(token.auth));
    await two.request('GET', '/+api', { auth: token.auth });
    expect(peek()).toMatchObject({ user: user.name });

    await one.request('DELETE', `/+tokens/${token.id}`, { auth: user.auth });

    await vi.waitFor(() => expect(peek()).toBeUndefined());
    await one.close();
    await two.close();
    await database.remove();
  });
});

test('sixty loops of wrong passwords leave correct logins alone', async () => {
  // Hashes that cost some milliseconds, so that a queue forms, and no pause that would end the attack.
  const app = await testApp({
    database: 'sqlite',
    settings: {
      'accounts.argon2-memory-kib': 16_384,
      'accounts.max-waiting-passwords': 16,
      'accounts.max-password-pause': 0,
    },
  });
  const [attacked, ...others] = await Promise.all(Array.from({ length: 4 }, () => app.user()));
  const end = new AbortController();
  const loops = Array.from({ length: 60 }, async (_, loop) => {
    let busy = 0;
    for (let i = 0; !end.signal.aborted; i += 1) {
      const auth = [attacked?.name ?? '', `guess ${loop} ${i}`] as const;
      busy += Number((await app.request('GET', '/+api', { auth })).status === 503);
    }
    return busy;
  });

  const statuses: number[] = [];
  for (const { name, auth } of others) {
    const json = { user: name, password: auth[1] };
    statuses.push((await app.request('POST', '/+login', { json })).status);
  }
  end.abort();
  const busy = (await Promise.all(loops)).reduce((sum, count) => sum + count, 0);

  expect(statuses).toEqual([200, 200, 200]);
  expect(busy).toBeGreaterThan(0);
  await app.close();
});
