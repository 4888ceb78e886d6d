import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, ROOT, testApp, type Auth, type TestApp } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';

describe.each(databases)('groups on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => await app.close());

  let names = 0;
  const newName = () => `team${(names += 1)}`;

  const send = (method: string, name: string, json: unknown, auth: Auth = ROOT) =>
    app.request(method, `/+groups/${name}`, { json, auth, headers: { accept: 'application/json' } });

  const authstatus = async (auth: Auth) =>
    (await app.request('GET', '/+api', { auth })).json().result.authstatus as unknown;

  test('a group is made, listed, changed and deleted, an event each', async () => {
    const [one, two] = [await app.user(), await app.user()];
    const name = newName();

    const created = await send('PUT', name, { members: [two.name, one.name, one.name] });
    expect([created.status, created.json()]).toEqual([
      201,
      { type: 'group', result: { name, members: [one.name, two.name].toSorted() } },
    ]);
    const list = await app.request('GET', '/+groups', { auth: ROOT });
    expect(list.json()).toMatchObject({ type: 'list:group' });
    expect(list.json().result).toContainEqual(created.json().result);

    const changed = await send('PATCH', name, { add: [one.name], remove: [two.name, 'nobody'] });
    expect(changed.json().result).toEqual({ name, members: [one.name] });

    expect((await send('DELETE', name, undefined)).json()).toEqual({ message: `group '${name}' deleted` });
    expect(await app.eventsWithData()).toMatchObject([
      { type: 'accounts.group-created', actor: 'root', data: { group: name } },
      { type: 'accounts.group-changed', actor: 'root', data: { group: name, members: [one.name] } },
      { type: 'accounts.group-deleted', actor: 'root', data: { group: name } },
    ]);
  });

  test('an empty group is listed', async () => {
    const name = newName();
    await send('PUT', name, {});

    const list = await app.request('GET', '/+groups', { auth: ROOT });

    expect(list.json().result).toContainEqual({ name, members: [] });
    await app.events();
  });

  test('a member sees the groups in +api, also of a login that began before', async () => {
    const user = await app.user();
    const login = await app.request('POST', '/+login', {
      json: { user: user.name, password: user.auth[1] },
    });
    const auths = [user.auth, [user.name, login.json().result.password as string]] as const;
    for (const auth of auths) expect(await authstatus(auth)).toEqual(['ok', user.name, []]);
    const [b, a] = [newName(), newName()];

    await send('PUT', b, { members: [user.name] });
    await send('PUT', a, { members: [user.name] });
    for (const auth of auths) expect(await authstatus(auth)).toEqual(['ok', user.name, [a, b].toSorted()]);

    await send('PATCH', a, { remove: [user.name] });
    for (const auth of auths) expect(await authstatus(auth)).toEqual(['ok', user.name, [b]]);
    await send('DELETE', b, undefined);
    for (const auth of auths) expect(await authstatus(auth)).toEqual(['ok', user.name, []]);
    await app.events();
  });

  test('a group in acl_upload lets its members upload, from when until when they are in it', async () => {
    const [index, user, name] = [await app.index(), await app.user(), newName()];
    await send('PUT', name, {});
    await app.request('PATCH', index.path, { json: { acl_upload: [`:${name}`] }, auth: index.user.auth });
    const upload = async (version: string) =>
      (await app.upload(index, wheelUpload({ version }), { auth: user.auth })).status;

    expect(await upload('1.0')).toBe(403);
    await send('PATCH', name, { add: [user.name] });
    expect(await upload('1.0')).toBe(200);
    await send('PATCH', name, { remove: [user.name] });
    expect(await upload('2.0')).toBe(403);
    await app.events();
  });

  test('a deleted user is in no group, nor is a new user of that name', async () => {
    const [user, name] = [await app.user(), newName()];
    await send('PUT', name, { members: [user.name] });

    await app.request('DELETE', `/${user.name}`, { auth: user.auth });
    await app.user(user.name);

    expect(await authstatus(user.auth)).toEqual(['ok', user.name, []]);
  });

  test.each([
    ['PUT', 'a%3Ab', {}, 400, /^groupname 'a:b' contains characters/],
    ['PUT', 'fresh', { members: ['nobody'] }, 400, /^no user 'nobody'/],
    ['PUT', 'fresh', { members: 'nobody' }, 400, /^field members: /],
    ['PUT', 'fresh', { users: [] }, 400, /users/],
    ['PUT', 'taken', {}, 409, /already exists/],
    ['PATCH', 'missing', {}, 404, /^no group 'missing'/],
    ['PATCH', 'taken', { add: ['nobody'] }, 400, /^no user 'nobody'/],
    ['DELETE', 'missing', undefined, 404, /^no group 'missing'/],
  ])('%s %s with %j is refused', async (method, name, json, status, message) => {
    await send('PUT', 'taken', {});
    await app.events();

    const response = await send(method, name, json);

    expect([response.status, response.json().message]).toEqual([status, expect.stringMatching(message)]);
    expect(await app.events()).toEqual([]);
  });

  test('nobody but root manages groups, and no API token does', async () => {
    const user = await app.user();
    const made = await app.request('POST', '/+tokens', {
      json: { name: newName(), scopes: ['packages.upload'] },
      auth: ROOT,
    });
    await app.events();
    const callers = [
      {},
      { authorization: basic(user.auth) },
      { authorization: `Bearer ${made.json().result.token}` },
    ];

    for (const headers of callers) {
      for (const [method, path] of [
        ['GET', '/+groups'],
        ['PUT', '/+groups/x'],
        ['PATCH', '/+groups/x'],
        ['DELETE', '/+groups/x'],
      ] as const) {
        expect((await app.request(method, path, { json: {}, headers })).status).toBe(403);
      }
    }
    expect(await app.events()).toEqual([]);
  });
});
