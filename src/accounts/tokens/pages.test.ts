import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type TestApp, type TestUser } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { Visitor } from '#test/visitor.ts';

const DAY_MS = 86_400_000;
const UPLOAD = { 'scope:packages.upload': 'yes' };

describe.each(databases)('the pages of API tokens on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database, clock });
    await app.request('PATCH', '/root', { json: { password: 'root secret' }, auth: ROOT });
  });
  afterAll(async () => {
    await app.events();
    await app.close();
  });

  const visit = async ({ auth }: Pick<TestUser, 'auth'>) => await new Visitor(app).logIn(auth);

  test('make one that is shown once and works', async () => {
    const index = await app.index();
    const visitor = await visit(index.user);
    expect((await visitor.get('/+tokens')).text).toContain('No tokens.');
    const fields = { name: 'ci <b>', ...UPLOAD, on: `${index.full}\n`, days: '5' };
    const made = await visitor.post('/+tokens', fields);

    expect([made.status, made.headers['cache-control']]).toEqual([200, 'no-store']);
    const [, token = ''] = /data-copy="(wh_[0-9a-f]{72})"/.exec(made.text) ?? [];
    expect(made.text).toContain('it cannot be shown again');
    expect(made.text).toContain(`upload releases on <code><bdi>${index.full}</bdi></code>`);
    expect(
      (
        await app.upload(index, (await import('#test/uploads.ts')).wheelUpload(), {
          auth: ['__token__', token],
        })
      ).status,
    ).toBe(await uploadsAllowed(index));

    const list = (await visitor.get('/+tokens')).text;
    expect(list).toContain('ci &lt;b&gt;');
    expect(list).toContain('in 5 days');
    expect(list).not.toContain(token);
    expect((await visitor.post('/+tokens', fields)).text).toContain('You have a token of this name');
  });

  /** The owner of a new index is who may upload there. */
  async function uploadsAllowed({ path, user }: { path: string; user: TestUser }): Promise<number> {
    const { result } = (await app.request('GET', path, { auth: user.auth })).json();
    return (result.acl_upload as string[]).includes(user.name) ? 200 : 403;
  }

  test.each([
    [{ name: '', ...UPLOAD }, 'field-name-error'],
    [{ name: 'x' }, 'Choose one at least.'],
    [{ name: 'x', ...UPLOAD, on: 'alice' }, 'must be USER/INDEX'],
    [{ name: 'x', ...UPLOAD, days: '0' }, 'field-days-error'],
    [{ name: 'x', ...UPLOAD, days: 'soon' }, 'field-days-error'],
    [{ name: 'x', ...UPLOAD, days: '367' }, 'valid for 366 days at most'],
  ])('say what is wrong with %j, and keep the rest', async (fields, message) => {
    const visitor = await visit(await app.user());
    const before = await app.contents();

    const refused = await visitor.post('/+tokens', { days: '30', ...fields } as Record<string, string>);

    expect(refused.status).toBe(422);
    expect(refused.text).toContain(message);
    if ('scope:packages.upload' in fields) {
      expect(refused.text).toMatch(/name="scope:packages\.upload"[^>]*checked/);
    }
    expect((await app.contents()).rows['api_token']).toEqual(before.rows['api_token']);
  });

  test('ask before one is revoked, and then it is, for its user and root alone', async () => {
    const user = await app.user();
    const json = { name: 'laptop', scopes: ['packages.upload', 'packages.read'], days: 30 };
    const { id, token } = (await app.request('POST', '/+tokens', { json, auth: user.auth })).json().result;
    const [visitor, stranger] = [await visit(user), await visit(await app.user())];
    const question = await visitor.get(`/+tokens/${id}/+revoke`);
    expect(question.text).toContain('Revoke laptop?');
    expect(question.text).toContain('read indexes and install from them; upload releases');
    for (const status of [
      (await stranger.get(`/+tokens/${id}/+revoke`)).status,
      (await stranger.post(`/+tokens/${id}/+revoke`, {})).status,
      (await visitor.get('/+tokens/none/+revoke')).status,
    ]) {
      expect(status).toBe(404);
    }

    const revoked = await visitor.post(`/+tokens/${id}/+revoke`, {});

    expect(revoked.headers['location']).toBe(`/+tokens?revoked=${id}`);
    expect((await visitor.get(`/+tokens?revoked=${id}`)).text).toContain('<bdi>laptop</bdi> is revoked');
    const api = await app.get('/+api', { authorization: `Bearer ${token}` });
    expect(api.json().result.authstatus[0]).not.toBe('ok');

    const other = (await app.request('POST', '/+tokens', { json, auth: user.auth })).json().result;
    const root = await visit({ auth: ['root', 'root secret'] });
    expect((await root.get(`/+tokens?user=${user.name}`)).text).toContain('laptop');
    expect((await stranger.get(`/+tokens?user=${user.name}`)).status).toBe(403);
    const byRoot = await root.post(`/+tokens/${other.id}/+revoke`, {});
    expect(byRoot.headers['location']).toBe(`/+tokens?user=${user.name}&revoked=${other.id}`);
  });

  test('say when one has ended, and give programs what they always got', async () => {
    const user = await app.user();
    const json = { name: 'old', scopes: ['packages.read'], days: 1 };
    await app.request('POST', '/+tokens', { json, auth: user.auth });
    clock.advance(2 * DAY_MS);
    const visitor = await visit(user);

    expect((await visitor.get('/+tokens')).text).toMatch(/class="badge off">ended</);
    const list = await app.request('GET', '/+tokens', { auth: user.auth });
    expect(list.json()).toMatchObject({ type: 'list:apitoken', result: [{ name: 'old' }] });
  });

  test('every scope has words of its own', async () => {
    const { accounts } = app.context as unknown as {
      accounts: { scopes: string[]; meaningOf(scope: string): string };
    };
    const words = accounts.scopes.map((scope) => accounts.meaningOf(scope));

    expect(words.filter((word, i) => word === accounts.scopes[i])).toEqual([]);
    expect(new Set(words).size).toBe(words.length);
  });
});
