import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type Auth, type TestApp } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { PYPI_URL } from '../../packages/indexes/create-root-pypi.ts';

const HASH = '$argon2id$v=19$m=64,t=2,p=8$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

describe.each(databases)('users on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => await app.close());

  test('a new user is shown with every given field and without password fields', async () => {
    const fields = { email: 'a@example.com', title: 'T', description: 'D', custom_data: { a: [1] } };
    const created = await app.request('PUT', '/alice', { json: { password: 'x', ...fields } });

    expect(created).toMatchObject({ status: 201, headers: { 'content-type': 'application/json' } });
    expect(created.json()).toEqual({
      type: 'userconfig',
      result: {
        username: 'alice',
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        ...fields,
        indexes: {},
      },
    });
    expect(await app.events()).toEqual(['accounts.user-created']);
    const auth = ['alice', 'x'] as const;
    expect((await app.request('GET', '/alice', { auth })).json()).toEqual(created.json());
    expect((await app.request('GET', '/alice/', { auth })).json()).toEqual(created.json());
  });

  test('the list of users holds every user with the indexes', async () => {
    const index = await app.index();

    const list = (await app.get('/')).json();

    expect(list.type).toBe('list:userconfig');
    expect(Object.keys(list.result)).toEqual(expect.arrayContaining(['root', index.user.name]));
    expect(list.result.root.indexes.pypi).toEqual({
      type: 'mirror',
      volatile: false,
      title: 'PyPI',
      mirror_url: `${PYPI_URL}/simple/`,
      mirror_web_url_fmt: `${PYPI_URL}/project/{name}/`,
    });
    expect(list.result[index.user.name].indexes[index.name].type).toBe('stage');
  });

  test.each([
    ['a taken name', 'root', { password: 'x' }, 409, 'user already exists'],
    ['no password', 'newcomer', {}, 400, 'password needs to be set'],
    ['a lone pwhash', 'newcomer', { pwhash: HASH }, 400, 'password needs to be set'],
    ['unknown keys', 'newcomer', { password: 'x', a: 1, b: 2 }, 400, 'Unknown keys in user config: a, b'],
    ['a password that is no text', 'newcomer', { password: 5 }, 400, "'password' must be a string"],
    ['an email that is no text', 'newcomer', { password: 'x', email: {} }, 400, "'email' must be a string"],
    [
      'a pwhash that a stranger gives',
      'newcomer',
      { password: 'x', pwhash: HASH },
      403,
      "only root may set 'pwhash'; send a 'password'",
    ],
    [
      'a blocked character',
      'x%20y',
      { password: 'x' },
      400,
      "username 'x y' contains characters that aren't allowed. Any ascii symbol besides -.@_ is blocked.",
    ],
    ['only dots', '%2E%2E', { password: 'x' }, 400, "username '..' consists of dots only"],
    ['a name that is too long', 'n'.repeat(201), { password: 'x' }, 400, expect.stringContaining('200')],
    ['a body that is no object', 'newcomer', ['password'], 400, 'the body must be a JSON object'],
  ])('a user with %s is refused', async (_what, name, json, status, message) => {
    const before = await app.contents();

    const response = await app.request('PUT', `/${name}`, { json, headers: { accept: 'application/json' } });

    expect(response).toMatchObject({ status, headers: { 'content-type': 'application/json' } });
    expect(response.json().message).toEqual(message);
    expect(await app.contents()).toEqual(before);
  });

  test.each(['plain', HASH.replace('m=64,t=2', 'm=1048576,t=4')])(
    'root cannot store the pwhash %s, which is none or costs too much to check',
    async (pwhash) => {
      for (const [method, path] of [
        ['PUT', '/newcomer'],
        ['PATCH', '/root'],
      ] as const) {
        const response = await app.request(method, path, {
          json: { password: 'x', pwhash },
          auth: ROOT,
          headers: { accept: 'application/json' },
        });

        expect(response.status).toBe(400);
        expect(response.json().message).toMatch(/^'pwhash' must be an argon2 hash.*argon2-memory-kib/);
      }
      expect(await app.events()).toEqual([]);
    },
  );

  test('a user cannot set the own pwhash', async () => {
    const user = await app.user();

    const response = await app.request('PATCH', `/${user.name}`, { json: { pwhash: HASH }, auth: user.auth });

    expect(response.status).toBe(403);
    expect(await app.events()).toEqual([]);
  });

  test('the fields of a user and a password have a limit, which the refusal names', async () => {
    const user = await app.user();
    const large = 'x'.repeat(65_537);
    const most = { custom_data: 'x'.repeat(65_000) };
    expect((await app.request('PATCH', `/${user.name}`, { json: most, auth: user.auth })).status).toBe(200);
    expect(await app.events()).toEqual(['accounts.user-modified']);

    const refusals = [
      ['PUT', '/newcomer', { password: large }],
      ['PUT', '/newcomer', { password: 'x', email: large }],
      ['PUT', '/newcomer', { password: 'x', custom_data: [large] }],
      ['PUT', '/newcomer', { password: 'x', title: large.slice(40_000), description: large.slice(20_000) }],
      ['PATCH', `/${user.name}`, { title: 'x'.repeat(1000) }],
      ['PATCH', `/${user.name}`, { password: large }],
    ] as const;
    for (const [method, path, json] of refusals) {
      const response = await app.request(method, path, {
        json,
        headers: { accept: 'application/json' },
        ...(method === 'PATCH' && { auth: user.auth }),
      });
      expect([response.status, response.json().message]).toEqual([
        400,
        expect.stringMatching(/65536 bytes.*accounts\.max-user-bytes/),
      ]);
    }
    expect(await app.events()).toEqual([]);
  });

  test('unknown keys of a change count for nothing and are not in the event', async () => {
    const user = await app.user();
    const json = { title: 'T', [`a${'x'.repeat(10_000)}`]: 1, indexes: {} };

    expect((await app.request('PATCH', `/${user.name}`, { json, auth: user.auth })).status).toBe(200);

    expect(await app.eventsWithData()).toMatchObject([{ data: { user: user.name, changed: ['title'] } }]);
  });

  test('e-mail and custom_data are shown to the user and root, and to no stranger', async () => {
    const [user, other] = [await app.user(), await app.user()];
    const details = { email: 'a@example.com', custom_data: { a: 1 } };
    await app.request('PATCH', `/${user.name}`, { json: { ...details, title: 'T' }, auth: user.auth });
    const shown = async (auth?: Auth) => {
      const one = (await app.request('GET', `/${user.name}`, { ...(auth && { auth }) })).json().result;
      const all = (await app.request('GET', '/', { ...(auth && { auth }) })).json().result;
      expect(all[user.name]).toEqual(one);
      return one;
    };

    for (const auth of [user.auth, ROOT]) expect(await shown(auth)).toMatchObject({ ...details, title: 'T' });
    for (const auth of [undefined, other.auth]) {
      const result = await shown(auth);
      expect(result).toMatchObject({ title: 'T' });
      expect(Object.keys(result)).not.toContain('email');
      expect(Object.keys(result)).not.toContain('custom_data');
    }
    await app.events();
  });

  test('a change of the own user that lost its password meanwhile is refused', async () => {
    const user = await app.user();
    const answers = await Promise.all(
      ['first', 'second', 'third'].map((password) =>
        app.request('PATCH', `/${user.name}`, { json: { password }, auth: user.auth }),
      ),
    );

    const statuses = answers.map(({ status }) => status).toSorted();
    // 401 where the password was right when it was checked, 403 where it no longer was.
    expect(statuses[0]).toBe(200);
    for (const status of statuses.slice(1)) expect([401, 403]).toContain(status);
    await app.events();
  });

  test('names may hold any letter and -.@_', async () => {
    for (const name of ['jürgen', '李', 'a-b.c@d_e']) {
      const path = `/${encodeURIComponent(name)}`;
      expect((await app.request('PUT', path, { json: { password: 'x' } })).status).toBe(201);
      expect((await app.get(path)).json().result.username).toBe(name);
      expect((await app.request('GET', '/+api', { auth: [name, 'x'] })).json().result.authstatus[1]).toBe(
        name,
      );
    }
    expect(await app.events()).toEqual(Array.from({ length: 3 }, () => 'accounts.user-created'));
  });

  test('a pwhash beside the password wins', async () => {
    const { hashPassword } = await import('../passwords/password.ts');
    const pwhash = await hashPassword('from the hash', 64);

    await app.request('PUT', '/hashed', { json: { password: 'ignored', pwhash }, auth: ROOT });

    const status = async (secret: string) =>
      (await app.request('GET', '/+api', { auth: ['hashed', secret] })).json().result.authstatus[0];
    expect(await status('from the hash')).toBe('ok');
    expect(await status('ignored')).toBe('noauth');
    await app.events();
  });

  test('PATCH changes fields, removes them with null or an empty text, and ignores unknown keys', async () => {
    const user = await app.user();
    const patch = async (json: unknown) => {
      const response = await app.request('PATCH', `/${user.name}`, { json, auth: user.auth });
      expect(response.status).toBe(200);
      expect(response.json()).toEqual({ message: 'user updated' });
      return (await app.request('GET', `/${user.name}`, { auth: user.auth })).json().result;
    };

    expect(await patch({ email: 'x@y', title: 'T', custom_data: 0, unknown: 1 })).toMatchObject({
      email: 'x@y',
      title: 'T',
      custom_data: 0,
      modified: expect.stringMatching(/Z$/),
    });
    const emptied = await patch({ email: null, title: '', custom_data: null });

    expect(Object.keys(emptied).sort()).toEqual(['created', 'indexes', 'modified', 'username']);
    expect(await app.events()).toEqual(['accounts.user-modified', 'accounts.user-modified']);
  });

  test('a new password answers with a fresh login and works at once', async () => {
    const user = await app.user();

    const response = await app.request('PATCH', `/${user.name}`, {
      json: { password: 'new' },
      auth: user.auth,
    });

    expect(response.json()).toEqual({
      type: 'userpassword',
      message: 'user updated, new proxy auth',
      result: { password: expect.stringMatching(/^whl-/), expiration: 36_000 },
    });
    const { password } = response.json().result;
    for (const [secret, status] of [
      ['new', 'ok'],
      [password, 'ok'],
      [user.auth[1], 'noauth'],
    ] as const) {
      const api = await app.request('GET', '/+api', { auth: [user.name, secret] });
      expect(api.json().result.authstatus[0]).toBe(status);
    }
    expect(await app.events()).toEqual(['accounts.user-modified']);
  });

  test('an empty password may be set', async () => {
    const user = await app.user();

    await app.request('PATCH', `/${user.name}`, { json: { password: '' }, auth: user.auth });

    expect((await app.request('GET', '/+api', { auth: [user.name, ''] })).json().result.authstatus[0]).toBe(
      'ok',
    );
    await app.events();
  });

  test('only the user and root may change a user', async () => {
    const [user, stranger] = [await app.user(), await app.user()];
    const patch = (json: unknown, auth?: readonly [string, string]) =>
      app.request('PATCH', `/${user.name}`, { json, auth, headers: { accept: 'application/json' } });

    for (const change of [{ password: 'x' }, { title: 'x' }]) {
      const refused = await patch(change, stranger.auth);
      expect([refused.status, refused.json().message]).toEqual([
        403,
        `no permission to modify user ${user.name}`,
      ]);
    }
    expect((await patch({ title: 'x' })).status).toBe(403);
    expect(await app.events()).toEqual([]);

    expect((await patch({ title: 'x' }, ROOT)).status).toBe(200);
    expect(await app.events()).toEqual(['accounts.user-modified']);
  });

  test('changing a user that does not exist answers 404 to root', async () => {
    const response = await app.request('PATCH', '/nobody', { json: { title: 'x' }, auth: ROOT });

    expect([response.status, await app.events()]).toEqual([404, []]);
  });

  test('deleting a user deletes the indexes, and the name is free again', async () => {
    const index = await app.index();

    const response = await app.request('DELETE', `/${index.user.name}`, { auth: index.user.auth });

    expect([response.status, response.json()]).toEqual([
      200,
      { message: `user '${index.user.name}' deleted` },
    ]);
    expect(await app.events()).toEqual(['packages.index-deleted', 'accounts.user-deleted']);
    expect((await app.get(index.path)).status).toBe(404);
    const missing = await app.get(`/${index.user.name}`, { accept: 'application/json' });
    expect([missing.status, missing.json().message]).toEqual([404, `no user '${index.user.name}'`]);
    await app.user(index.user.name);
    expect((await app.get(`/${index.user.name}`)).json().result.indexes).toEqual({});
  });

  test('a user with a non-volatile index stays', async () => {
    const index = await app.index({ volatile: false });

    const response = await app.request('DELETE', `/${index.user.name}`, {
      auth: index.user.auth,
      headers: { accept: 'application/json' },
    });

    expect([response.status, response.json().message]).toEqual([
      403,
      `user '${index.user.name}' has non-volatile index: ${index.name}`,
    ]);
    expect(await app.events()).toEqual([]);
  });

  test('deleting nobody answers 404, deleting root 403', async () => {
    const nobody = await app.request('DELETE', '/nobody', {
      auth: ROOT,
      headers: { accept: 'application/json' },
    });

    expect([nobody.status, nobody.json().message]).toEqual([404, "required user 'nobody' does not exist"]);
    expect((await app.request('DELETE', '/root', { auth: ROOT })).status).toBe(403);
    expect(await app.events()).toEqual([]);
  });
});

describe.each(databases)('the list of users on %s', (database) => {
  test('has every user once, in JSON as devpi writes it, however many there are', async () => {
    const app = await testApp({ database });
    const names = Array.from({ length: 120 }, (_, number) => `user${number}`);
    const user = await app.user('quoted');
    await Promise.all(names.map((name) => app.request('PUT', `/${name}`, { json: { password: 'x' } })));
    await app.index({ user, name: 'dev' });
    const [busy, last] = [await app.user('busy'), await app.user('last')];
    const indexes = Array.from({ length: 60 }, (_, number) => `index${number}`);
    for (const name of indexes) await app.index({ user: busy, name });
    await app.index({ user: last, name: 'dev' });

    const response = await app.get('/');

    const list = response.json();
    expect(response.headers['content-type']).toBe('application/json');
    expect(response.text).toBe(`${JSON.stringify(list, null, 2)}\n`);
    expect(Object.keys(list.result).toSorted()).toEqual(
      [...names, user.name, busy.name, last.name, 'root'].toSorted(),
    );
    for (const { name } of [user, last]) expect(Object.keys(list.result[name].indexes)).toEqual(['dev']);
    expect(Object.keys(list.result[busy.name].indexes).toSorted()).toEqual(indexes.toSorted());
    const alone = await app.get(`/${busy.name}`);
    expect(alone.json()).toEqual({ type: 'userconfig', result: list.result[busy.name] });
    expect(alone.text).toBe(`${JSON.stringify(alone.json(), null, 2)}\n`);
    expect((await app.request('HEAD', '/')).status).toBe(200);
    await app.events();
    await app.close();
  });
});

test('only root creates users where the setting says so', async () => {
  const app = await testApp({ database: 'sqlite', settings: { 'accounts.sign-up': 'root' } });
  const create = async (name: string, auth?: Auth) => {
    const response = await app.request('PUT', `/${name}`, {
      json: { password: 'x' },
      headers: { accept: 'application/json' },
      ...(auth && { auth }),
    });
    return [response.status, response.json().message];
  };

  expect(await create('alice')).toEqual([403, expect.stringContaining('accounts.sign-up')]);
  expect(await create('alice', ROOT)).toEqual([201, undefined]);
  expect(await create('bob', ['alice', 'x'])).toEqual([403, expect.stringContaining('accounts.sign-up')]);
  const made = await app.request('POST', '/+tokens', {
    json: { name: 'ci', scopes: ['packages.upload'] },
    auth: ROOT,
  });
  expect((await create('bob', ['__token__', made.json().result.token]))[0]).toBe(403);
  await app.close();
});

test.each([
  ['anyone', [200, 200, 200], [true, true, true]],
  ['users', [401, 200, 200], [false, true, true]],
  ['root', [401, 403, 200], [false, false, true]],
] as const)('with readers "%s" of users nobody else sees them', async (readers, statuses, sees) => {
  const app = await testApp({
    database: 'sqlite',
    settings: { 'accounts.user-list-readers': readers, 'accounts.user-detail-readers': readers },
  });
  await app.request('PUT', '/alice', { json: { password: 'x', email: 'a@example.com' } });
  const user = await app.user();
  const callers = [{}, { auth: user.auth }, { auth: ROOT }];

  const lists = await Promise.all(callers.map((caller) => app.request('GET', '/', caller)));
  const shown = await Promise.all(callers.map((caller) => app.request('GET', '/alice', caller)));

  expect(lists.map(({ status }) => status)).toEqual(statuses);
  expect(shown.map((each) => 'email' in each.json().result)).toEqual(sees);
  await app.close();
});
