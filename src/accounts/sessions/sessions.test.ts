import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { basic, ROOT, testApp, type TestApp, type TestUser } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases, testDatabase } from '#test/databases.ts';
import { startTestSession, type TestSession } from '#test/session.ts';
import { wheelUpload } from '#test/uploads.ts';
import type { AccountsContext } from '../context.ts';
import { endOtherSessions, endSession } from './end-session.ts';
import { listSessions } from './list-sessions.ts';

const DAY_MS = 86_400_000;
const PAGE = 'application/vnd.pypi.simple.v1+json';

const contextOf = (app: TestApp) => app.context as AccountsContext;

/** Who the server takes a browser for that sends this cookie. */
async function userOf(app: TestApp, { cookie }: TestSession): Promise<string | undefined> {
  return (await identityOf(app, cookie)).user;
}

async function identityOf(app: TestApp, cookie: string) {
  const { authenticator } = contextOf(app).accounts;
  return await authenticator.identify({ host: new URL(app.url).host, cookie }, '192.0.2.7');
}

function peek(app: TestApp, { cookie }: TestSession): string | undefined {
  return contextOf(app).accounts.authenticator.peek({ host: new URL(app.url).host, cookie })?.user;
}

describe.each(databases)('a browser that is logged in, on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database, clock, settings: { 'accounts.session-days': 3 } });
  });
  afterAll(async () => await app.close());

  test('is its user, until the days of the setting are over', async () => {
    const user = await app.user();
    const session = await startTestSession(app, user);
    expect(session.setCookie).toContain('; Max-Age=259200;');

    clock.advance(3 * DAY_MS - 1000);
    expect([await userOf(app, session), peek(app, session)]).toEqual([user.name, user.name]);

    clock.advance(1000);
    expect(peek(app, session)).toBeUndefined();
    expect(await identityOf(app, session.cookie)).toMatchObject({ rejected: 'expired-login' });
  });

  test('has a secret that is stored nowhere, and counts as nothing but its cookie', async () => {
    const user = await app.user();
    const session = await startTestSession(app, user);
    expect(await userOf(app, session)).toBe(user.name);
    const value = session.cookie.split('=')[1] ?? '';

    expect(JSON.stringify((await app.contents()).rows)).not.toContain(value);
    for (const secret of [value, session.cookie]) {
      for (const authorization of [basic([user.name, secret]), basic(['', secret]), `Bearer ${secret}`]) {
        const { result } = (await app.get('/+api', { authorization })).json();
        expect(result.authstatus).toEqual(['noauth', '', []]);
      }
      const login = await app.request('POST', '/+login', { json: { user: user.name, password: secret } });
      expect(login.status).toBe(401);
    }
  });

  test('is nobody by another value, another name or after other credentials', async () => {
    const user = await app.user();
    const { cookie } = await startTestSession(app, user);
    const authstatus = async (headers: Record<string, string>) =>
      (await app.get('/+api', headers)).json().result.authstatus.slice(0, 2);

    expect(await authstatus({ cookie })).toEqual(['ok', user.name]);
    expect(await authstatus({ cookie: `${cookie.slice(0, -2)}xx` })).not.toEqual(['ok', user.name]);
    expect(await authstatus({ cookie: cookie.replace(/^[^=]+/, '__Host-wheelhouse') })).not.toContain('ok');
    expect(await authstatus({ cookie, authorization: basic(['root', '']) })).toEqual(['ok', 'root']);
    expect(await authstatus({ cookie, authorization: basic(['root', 'wrong']) })).toEqual(['noauth', '']);
    expect(await authstatus({ cookie, authorization: 'Unknown scheme' })).toEqual(['noauth', '']);
    expect(await authstatus({ cookie, 'x-devpi-auth': 'broken' })).toEqual(['noauth', '']);
  });

  test('is one in every session of its own, with a new id at each login', async () => {
    const user = await app.user();
    const [one, two] = [await startTestSession(app, user), await startTestSession(app, user)];

    expect(one.cookie).not.toBe(two.cookie);
    expect([await userOf(app, one), await userOf(app, two)]).toEqual([user.name, user.name]);
  });

  test('reads a restricted index, first by the routes and then by the caches, and nobody else does', async () => {
    const user = await app.user();
    const index = await app.index({ user, acl_read: [user.name] });
    await app.fill(index, wheelUpload());
    const { cookie } = await startTestSession(app, user);
    const { cookie: stranger } = await startTestSession(app, await app.user());
    const read = (path: string, headers: Record<string, string>) =>
      app.get(path, { accept: PAGE, ...headers });
    const page = `${index.path}/+simple/demo/`;

    for (const round of ['cold', 'hot']) {
      const response = await read(page, { cookie });
      expect(response.status, round).toBe(200);
      expect(response.headers['vary'], round).toMatch(/\bCookie\b/);
      expect(response.headers['cache-control'], round).toBe('private, no-cache');
      const file = new URL(response.json().files[0].url, `${app.url}${page}`).pathname;
      const download = await read(file, { cookie });
      expect([download.status, download.headers['vary']], round).toEqual([
        200,
        expect.stringContaining('Cookie'),
      ]);
      for (const headers of [{}, { cookie: stranger }, { cookie: `${cookie}x` }]) {
        for (const path of [page, file]) expect((await read(path, headers)).status, round).not.toBe(200);
      }
      const again = await read(page, { cookie, 'if-none-match': response.headers['etag'] ?? '' });
      expect(again.status, round).toBe(304);
      const other = await read(page, { cookie: stranger, 'if-none-match': response.headers['etag'] ?? '' });
      expect(other.status, round).not.toBe(304);
    }
  });

  test('changes nothing by the API, whose callers no browser can be made to be', async () => {
    const user = await app.user();
    const index = await app.index({ user });
    await app.fill(index, wheelUpload());
    const { cookie } = await startTestSession(app, user);
    const file = await app.filePath(index, 'demo-1.0-py3-none-any.whl');
    const before = await app.contents();
    const attempts: [string, string, unknown?][] = [
      ['PATCH', `/${user.name}`, { title: 'T' }],
      ['DELETE', `/${user.name}`],
      ['PUT', `/${user.name}/fresh`, {}],
      ['PATCH', index.path, { title: 'T' }],
      ['DELETE', index.path],
      ['DELETE', `${index.path}/demo`],
      ['PUT', `${index.path}/demo/1.0/+yank`, {}],
      ['DELETE', file],
      ['POST', '/+tokens', { name: 'x', scopes: ['packages.upload'] }],
    ];
    const own = { 'sec-fetch-site': 'same-origin', origin: app.url };
    for (const [method, path, json] of attempts) {
      for (const headers of [{ cookie }, { cookie, ...own }]) {
        const { status } = await app.request(method, path, { headers, ...(json !== undefined && { json }) });
        expect([401, 403], `${method} ${path}`).toContain(status);
      }
    }
    const { status } = await app.upload(index, wheelUpload({ version: '2.0' }), {
      auth: undefined,
      headers: { cookie, authorization: '' },
    });
    expect([401, 403]).toContain(status);

    expect(await app.contents()).toEqual(before);
  });

  test('is not logged in by tokens, wrong passwords or unknown names, which all look alike', async () => {
    const user = await app.user();
    const json = { user: user.name, password: user.auth[1] };
    const loginToken = (await app.request('POST', '/+login', { json })).json().result.password as string;
    const made = await app.request('POST', '/+tokens', {
      json: { name: 'ci', scopes: ['packages.upload'] },
      auth: user.auth,
    });
    const tries: TestUser[] = [
      ...[loginToken, made.json().result.token as string, 'wrong', ''].map((secret) => ({
        name: user.name,
        auth: [user.name, secret] as const,
      })),
      { name: 'nobody', auth: ['nobody', 'x'] },
    ];

    for (const each of tries) {
      await expect(startTestSession(app, each)).rejects.toMatchObject({
        kind: { code: 'accounts.login-failed', status: 401 },
        message: `user '${each.name}' could not be authenticated`,
      });
    }
    expect(await listSessions(contextOf(app), { identity: await identify(user) })).toEqual([]);
  });

  test('shares the limit of wrong passwords with the API', async () => {
    const user = await app.user();
    const wrong = (password: string) => ({ name: user.name, auth: [user.name, password] as const });
    for (let i = 0; i < 5; i += 1) await startTestSession(app, wrong(`guess ${i}`)).catch(() => undefined);

    await expect(startTestSession(app, user)).rejects.toMatchObject({ kind: { status: 429 } });
    clock.advance(300_000);
    expect(await userOf(app, await startTestSession(app, user))).toBe(user.name);
  });

  const identify = async ({ auth }: TestUser) =>
    await contextOf(app).accounts.authenticator.identify({ authorization: basic(auth) }, '192.0.2.9');

  test('is in the list, with when and where it logged in and was seen', async () => {
    const user = await app.user();
    const started = clock.now();
    const old = await startTestSession(app, user, { agent: 'x'.repeat(1000) });
    clock.advance(60_000);
    const session = await startTestSession(app, user);
    clock.advance(60_000);
    const identity = await identityOf(app, session.cookie);
    expect(identity).toMatchObject({ loginId: session.id, isSession: true });

    const list = await listSessions(contextOf(app), { identity });

    expect(list).toMatchObject([
      { id: session.id, seenAt: clock.now(), address: '192.0.2.7', agent: expect.stringMatching(/Test$/) },
      { id: old.id, createdAt: started, seenAt: started, endsAt: started + 3 * DAY_MS },
    ]);
    expect(list[1]?.agent).toHaveLength(300);
  });

  test('is out at once when it is ended, here or from another browser, and the others stay', async () => {
    const user = await app.user();
    const [one, two, three] = await Promise.all(Array.from({ length: 3 }, () => startTestSession(app, user)));
    const stranger = await startTestSession(app, await app.user());
    const who = async (session: TestSession | undefined) => await identityOf(app, session?.cookie ?? '');
    for (const each of [one, two, three]) expect(await userOf(app, each!)).toBe(user.name);
    await app.events();

    await expect(
      endSession(contextOf(app), { identity: await who(stranger), id: two?.id ?? '' }),
    ).rejects.toMatchObject({ kind: { code: 'accounts.session-not-found' } });
    await endSession(contextOf(app), { identity: await who(one), id: two?.id ?? '' });

    expect(await app.eventsWithData()).toMatchObject([
      { type: 'accounts.session-ended', actor: user.name, data: { user: user.name, session: two?.id } },
    ]);
    expect([peek(app, two!), await userOf(app, two!)]).toEqual([undefined, undefined]);
    expect([await userOf(app, one!), await userOf(app, three!)]).toEqual([user.name, user.name]);

    await endOtherSessions(contextOf(app), { identity: await who(three) });
    expect([await userOf(app, one!), await userOf(app, three!)]).toEqual([undefined, user.name]);
    expect(await userOf(app, stranger)).not.toBeUndefined();

    await endSession(contextOf(app), { identity: await who(three), id: three?.id ?? '' });
    expect(await userOf(app, three!)).toBeUndefined();
    await app.events();
    await endOtherSessions(contextOf(app), { identity: await identify(user) });
    expect(await app.events()).toEqual([]);
  });

  test('is out when a change began in a session that has ended meanwhile', async () => {
    const user = await app.user();
    const [one, two] = [await startTestSession(app, user), await startTestSession(app, user)];
    const [first, second] = [await identityOf(app, one.cookie), await identityOf(app, two.cookie)];
    await endSession(contextOf(app), { identity: second, id: one.id });

    await expect(endOtherSessions(contextOf(app), { identity: first })).rejects.toMatchObject({
      kind: { code: 'accounts.login-expired' },
    });
    expect(await userOf(app, two)).toBe(user.name);
  });

  test('outlives a password that it changes itself, and no other', async () => {
    const user = await app.user();
    const [one, two] = [await startTestSession(app, user), await startTestSession(app, user)];
    const identity = await identityOf(app, one.cookie);
    expect(await userOf(app, two)).toBe(user.name);
    const { modifyUser } = await import('../users/modify-user.ts');
    const change = { name: user.name, fields: { password: 'next' }, address: '192.0.2.7' };
    await modifyUser(contextOf(app), { ...change, identity });

    expect([await userOf(app, one), await userOf(app, two)]).toEqual([user.name, undefined]);
    expect(await listSessions(contextOf(app), { identity })).toMatchObject([{ id: one.id }]);

    await app.request('PATCH', `/${user.name}`, { json: { password: 'third' }, auth: ROOT });
    expect(await userOf(app, one)).toBeUndefined();
  });

  test('goes with its user, and is not there for the next one of that name', async () => {
    const user = await app.user();
    const session = await startTestSession(app, user);
    await app.request('DELETE', `/${user.name}`, { auth: user.auth });
    expect(await userOf(app, session)).toBeUndefined();

    await app.user(user.name);
    expect(await userOf(app, session)).toBeUndefined();
  });

  test('ends when its user logs in to fifty others, and rows of ended sessions go', async () => {
    const user = await app.user();
    const first = await startTestSession(app, user);
    clock.advance(1000);
    for (let i = 0; i < 50; i += 1) await startTestSession(app, user);
    expect(await userOf(app, first)).toBeUndefined();

    const identity = await identify(user);
    expect(await listSessions(contextOf(app), { identity })).toHaveLength(50);
    clock.advance(3 * DAY_MS);
    await startTestSession(app, user);
    const rows = (await app.contents()).rows['user_session']?.filter((row) =>
      String(row).includes(`"${user.name}"`),
    );
    expect(rows).toHaveLength(1);
  });
});

describe.runIf(databases.includes('postgres'))('with two servers on one PostgreSQL', () => {
  test('a browser that one logs out is out of the other', async () => {
    const database = await testDatabase('postgres');
    const one = await testApp({ database: 'postgres', on: database });
    const two = await testApp({ database: 'postgres', on: database });
    const user = await one.user();
    const session = await startTestSession(one, user, { outsideUrl: 'https://packages.example.com' });
    const headers = { cookie: session.cookie };
    const authstatus = async (app: TestApp) =>
      (await app.get('/+api', headers)).json().result.authstatus[0] as string;
    expect([await authstatus(one), await authstatus(two)]).toEqual(['ok', 'ok']);
    const { authenticator } = contextOf(two).accounts;
    expect(authenticator.peek(headers)?.user).toBe(user.name);

    const identity = await authenticator.identify({ authorization: basic(user.auth) }, '192.0.2.9');
    await endOtherSessions(contextOf(one), { identity });

    await vi.waitFor(() => expect(authenticator.peek(headers)).toBeUndefined());
    expect([await authstatus(one), await authstatus(two)]).not.toContain('ok');
    await one.close();
    await two.close();
    await database.remove();
  });
});
