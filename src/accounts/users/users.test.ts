import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type TestApp } from '#test/app.ts';
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
    expect((await app.get('/alice')).json()).toEqual(created.json());
    expect((await app.get('/alice/')).json()).toEqual(created.json());
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
      return (await app.get(`/${user.name}`)).json().result;
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

    expect((await patch({ password: 'x' }, stranger.auth)).json().message).toBe(
      `no permission to change password for user ${user.name}`,
    );
    const refused = await patch({ title: 'x' }, stranger.auth);
    expect([refused.status, refused.json().message]).toEqual([
      403,
      `no permission to modify user ${user.name}`,
    ]);
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
