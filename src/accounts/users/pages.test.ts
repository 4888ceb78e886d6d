import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type TestApp, type TestUser } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { Visitor } from '#test/visitor.ts';
import { wheelUpload } from '#test/uploads.ts';

const ROOT_PASSWORD = ['root', 'root secret'] as const;

describe.each(databases)('the pages of users and groups on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  let root: Visitor;
  beforeAll(async () => {
    app = await testApp({ database, clock });
    await app.request('PATCH', '/root', { json: { password: ROOT_PASSWORD[1] }, auth: ROOT });
    root = await new Visitor(app).logIn(ROOT_PASSWORD);
  });
  afterAll(async () => {
    await app.events();
    await app.close();
  });

  const visit = async ({ auth }: TestUser) => await new Visitor(app).logIn(auth);

  test('show a user with the indexes that the reader may read', async () => {
    const index = await app.index({ title: 'For <all>' });
    const hidden = await app.index({ user: index.user, acl_read: [index.user.name] });
    const { name } = index.user;
    await app.request('PATCH', `/${name}`, {
      json: { title: 'A \u202e title', description: 'One.\n\nTwo <b>.', email: 'a@example.org' },
      auth: index.user.auth,
    });
    const stranger = await new Visitor(app).get(`/${name}`);
    const own = await (await visit(index.user)).get(`/${name}`);

    expect(stranger.text).toContain(`href="/${index.full}"`);
    expect(stranger.text).toContain('For &lt;all&gt;');
    expect(stranger.text).toContain('A \\u202e title');
    expect(stranger.text).toContain('<bdi>Two &lt;b&gt;.</bdi>');
    for (const secret of [`href="/${hidden.full}"`, 'a@example.org', '/+edit', '/+delete', '/+new-index']) {
      expect(stranger.text).not.toContain(secret);
      expect(own.text).toContain(secret);
    }
    expect(own.headers['cache-control']).toBe('private, no-cache');
    expect((await new Visitor(app).get('/nobody')).status).toBe(404);
    const json = await app.get(`/${name}`);
    expect(json.json().type).toBe('userconfig');
  });

  test('change title, description and e-mail of the own user, and of nobody else', async () => {
    const [user, stranger] = [await app.user(), await app.user()];
    const visitor = await visit(user);
    const fields = { title: 'Alice & co', description: 'First\r\nSecond', email: 'a@example.org' };

    const saved = await visitor.post(`/${user.name}/+edit`, fields);

    expect(saved.headers['location']).toBe(`/${user.name}/+edit?saved`);
    const form = (await visitor.get(`/${user.name}/+edit?saved`)).text;
    expect(form).toContain('Saved.');
    expect(form).toContain('value="Alice &amp; co"');
    const { result } = (await app.request('GET', `/${user.name}`, { auth: user.auth })).json();
    expect(result).toMatchObject({
      title: 'Alice & co',
      description: 'First\nSecond',
      email: 'a@example.org',
    });
    await visitor.post(`/${user.name}/+edit`, { title: '' });
    const cleared = (await app.request('GET', `/${user.name}`, { auth: user.auth })).json().result;
    expect([cleared.title, cleared.email]).toEqual([undefined, 'a@example.org']);

    const other = await visit(stranger);
    expect((await other.get(`/${user.name}/+edit`)).status).toBe(403);
    expect((await other.post(`/${user.name}/+edit`, fields)).status).toBe(403);
    const large = await visitor.post(`/${user.name}/+edit`, { description: 'x'.repeat(70_000) });
    expect([large.status, large.text.includes('accounts.max-user-bytes')]).toEqual([422, true]);
  });

  test('change no own password but at the account, and those of others for root', async () => {
    const user = await app.user();
    const visitor = await visit(user);
    const fields = { password: 'next password', again: 'next password' };
    await visitor.post(`/${user.name}/+edit`, fields);
    expect(
      (await app.request('POST', '/+login', { json: { user: user.name, password: fields.password } })).status,
    ).toBe(401);

    await root.post(`/${user.name}/+edit`, fields);
    expect((await visitor.get('/+account')).status).toBe(303);
    await new Visitor(app).logIn([user.name, fields.password]);
  });

  test('ask for the own password when the login is a quarter of an hour old', async () => {
    const user = await app.user();
    const visitor = await visit(user);
    expect((await visitor.get(`/${user.name}/+edit`)).text).not.toContain('name="own"');
    clock.advance(900_000);
    for (const page of ['+edit', '+delete']) {
      const path = `/${user.name}/${page}`;
      expect((await visitor.get(path)).text).toContain('name="own"');
      const fields = { title: 'T', typed: user.name };
      for (const own of ['', 'wrong']) {
        const refused = await visitor.post(path, { ...fields, own });
        expect([refused.status, refused.text.includes('This is not your password.')]).toEqual([422, true]);
      }
      expect((await visitor.post(path, { ...fields, own: user.auth[1] })).status).toBe(303);
    }
    expect((await app.get(`/${user.name}`)).status).toBe(404);
    await root.logIn(ROOT_PASSWORD);
  });

  test('delete a user whose name was typed, unless an index is not volatile', async () => {
    const index = await app.index({ volatile: false });
    const { name } = index.user;
    await app.fill(index, wheelUpload());
    const visitor = await visit(index.user);
    expect((await visitor.get(`/${name}/+delete`)).text).toContain(`Delete the user ${name}?`);

    const mistyped = await visitor.post(`/${name}/+delete`, { typed: 'somebody' });
    expect([mistyped.status, mistyped.text.includes(`Type ${name} to go on.`)]).toEqual([422, true]);
    const kept = await visitor.post(`/${name}/+delete`, { typed: name });
    expect(kept.status).toBe(422);
    expect(kept.text).toContain('has non-volatile index');
    await app.request('PATCH', index.path, { json: { volatile: true }, auth: index.user.auth });

    const gone = await visitor.post(`/${name}/+delete`, { typed: name });
    expect(gone.headers['location']).toBe('/');
    expect((await app.get(`/${name}`)).status).toBe(404);
    expect((await root.get('/root/+delete')).status).toBe(403);
  });

  test('list users by name, a page at a time, and find some of them', async () => {
    for (let i = 0; i < 52; i += 1) await app.user(`Listed_${String(i).padStart(2, '0')}`);
    const first = (await root.get('/+users?q=listed_')).text;
    expect(first).toMatch(/1 to 50 of\s+52/);
    expect(first).toContain('href="/Listed_49"');
    expect(first).not.toContain('href="/Listed_50"');
    expect((await root.get('/+users?q=listed_&page=2')).text).toContain('href="/Listed_51"');
    expect((await root.get('/+users?q=listed%25')).text).toContain('No user has');
    expect((await root.get('/+users?q=LISTED_07')).text).toMatch(/href="\/Listed_07"[^]*1 user</);
    expect((await root.get('/+users')).text).toContain('accounts.sign-up');
    expect((await new Visitor(app).get('/+users')).text).not.toContain('accounts.sign-up');
  });

  test('make, fill, empty and delete groups, for root alone', async () => {
    const user = await app.user();
    const made = await root.post('/+groups', { name: 'team', members: `${user.name}, ` });
    expect(made.headers['location']).toBe('/+groups/team');
    const cases: [string, Record<string, string>, string][] = [
      ['/+groups', { name: 'team' }, 'There is a group of this name'],
      ['/+groups', { name: 'a:b' }, 'Groupname &#39;a:b&#39; contains'],
      ['/+groups', { name: 'other', members: 'nobody' }, 'No user &#39;nobody&#39;.'],
      ['/+groups/team', { add: 'nobody' }, 'No user &#39;nobody&#39;.'],
    ];
    for (const [path, fields, message] of cases) {
      const refused = await root.post(path, fields);
      expect([refused.status, refused.text.includes(message)], message).toEqual([422, true]);
    }
    expect((await root.get('/+groups/team')).text).toContain(`href="/${user.name}"`);
    await root.post('/+groups/team', { remove: user.name });
    expect((await root.get('/+groups/team')).text).toContain('Nobody is in it.');
    await root.post('/+groups/team', { add: `${user.name} root` });
    expect((await root.get('/+groups')).text).toContain('team');

    const visitor = await visit(user);
    for (const path of ['/+groups', '/+groups/team', '/+groups/team/+delete']) {
      expect((await visitor.get(path)).status, path).toBe(403);
      if (path !== '/+groups/team/+delete')
        expect((await visitor.post(path, { add: 'root' })).status).toBe(403);
    }
    expect((await root.get('/+groups/team/+delete')).text).toContain('Its 2 members lose');
    await root.post('/+groups/team/+delete', {});
    expect((await root.get('/+groups/team')).status).toBe(404);
  });
});
