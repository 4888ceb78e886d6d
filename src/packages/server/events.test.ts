import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '#kernel/clock.ts';
import { ROOT, testApp, type Auth, type TestApp, type TestIndex, type TestUser } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';

const DAY = 86_400_000;

describe.each(databases)('the event log on %s', (database) => {
  let app: TestApp;
  let now = Date.UTC(2026, 10, 1);
  let open: TestIndex;
  let secret: TestIndex;
  let reader: TestUser;
  let first: number;
  beforeAll(async () => {
    const clock: Clock = { now: () => (now += 1) };
    app = await testApp({ database, clock });
    open = await app.index();
    reader = await app.user();
    secret = await app.index({ acl_read: [reader.name] });
    first = app.context.events.serial;
    await app.fill(open, wheelUpload());
    now += 2 * DAY;
    await app.fill(secret, wheelUpload({ name: 'hidden' }));
    now += 2 * DAY;
    const json = { reason: 'broken' };
    await app.request('PUT', `${open.path}/demo/1.0/+yank`, { json, auth: open.user.auth });
  });
  afterAll(() => app.close());

  async function read(query: string, auth?: Auth) {
    const response = await app.request('GET', `/+events?${query}`, { auth });
    expect(response.status, response.text).toBe(200);
    return response.json();
  }
  async function types(query: string, auth?: Auth): Promise<string[]> {
    const { events } = await read(query, auth);
    return events.map(({ type }: { type: string }) => type.replace('packages.', ''));
  }

  test('shows everybody what is about indexes that they may read, and root everything', async () => {
    const visible = ['project-created', 'file-uploaded', 'release-yanked'];
    const all = ['project-created', 'file-uploaded', ...visible];

    expect(await types(`since=${first}`)).toEqual(visible);
    expect(await types(`since=${first}`, open.user.auth)).toEqual(visible);
    expect(await types(`since=${first}`, reader.auth)).toEqual(all);
    expect(await types(`since=${first}`, secret.user.auth)).toEqual(all);
    expect(await types(`since=${first}`, ROOT)).toEqual(all);
    expect((await app.get('/+events?since=0')).text).not.toContain('hidden');
    expect(await types(`index=${secret.full}`)).toEqual([]);
    expect((await app.get('/+events')).headers['cache-control']).toBe('private, no-cache');
  });

  test('counts what is hidden as looked at, with the same numbers for everybody', async () => {
    for (const auth of [undefined, reader.auth, ROOT]) {
      const { serial, scanned } = await read(`since=${first}`, auth);
      expect([serial, scanned]).toEqual([app.context.events.serial, app.context.events.serial]);
    }
  });

  test('shows nothing of an index any more when its readers change or it goes', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload());
    const query = `index=${index.full}`;
    expect(await types(query)).toContain('file-uploaded');

    await app.request('PATCH', index.path, { json: ['acl_read=root'], auth: index.user.auth });
    expect(await types(query)).toEqual([]);
    await app.request('PATCH', index.path, { json: ['acl_read-=root'], auth: index.user.auth });
    await app.request('PATCH', index.path, { json: ['acl_read-='], auth: index.user.auth });
    expect(await types(query)).toContain('file-uploaded');

    await app.request('DELETE', index.path, { auth: index.user.auth });
    expect(await types(query)).toEqual([]);
    await app.index({ user: index.user, name: index.name });
    expect(await types(query)).toEqual(['index-created']);
    expect(await types(query, ROOT)).toContain('file-uploaded');
  });

  test('shows users what is about themselves, and not what was about another one of that name', async () => {
    const user = await app.user('carol');
    const json = { name: 'ci', scopes: ['packages.read'], days: 1 };
    const made = await app.request('POST', '/+tokens', { json, auth: user.auth });
    expect(made.status, made.text).toBeLessThan(300);
    const own = ['accounts.user-created', 'accounts.token-created'];
    expect(await types('type=accounts', user.auth)).toEqual(own);
    expect(await types('type=accounts', reader.auth)).not.toContain('accounts.token-created');
    expect(await types('type=accounts')).toEqual([]);

    await app.request('DELETE', '/carol', { auth: user.auth });
    const again = await app.user('carol');
    expect(await types('type=accounts', again.auth)).toEqual(['accounts.user-created']);
  });

  test('shows an API token what it may read: itself by server.read, an index by packages.read', async () => {
    let tokens = 0;
    async function token(scopes: readonly string[], on?: readonly string[]): Promise<Auth> {
      const json = { name: `ci${(tokens += 1)}`, scopes, days: 1, ...(on && { on }) };
      const made = await app.request('POST', '/+tokens', { json, auth: secret.user.auth });
      expect(made.status, made.text).toBeLessThan(300);
      return ['__token__', made.json().result.token];
    }
    const hidden = `index=${secret.full}`;
    expect(await types(hidden, await token(['packages.read']))).toContain('file-uploaded');
    expect(await types(hidden, await token(['packages.read'], [open.full]))).toEqual([]);
    expect(await types(hidden, await token(['server.read']))).toEqual([]);
    expect(await types('type=accounts', await token(['packages.read']))).toEqual([]);
    expect(await types('type=accounts', await token(['server.read']))).toContain('accounts.token-created');
  });

  test('filters by user, type, index, project and time', async () => {
    const query = `since=${first}&until=${first + 5}`;
    expect(await types(`${query}&type=yank`, ROOT)).toEqual(['release-yanked']);
    expect(await types(`${query}&project=hidden`, ROOT)).toEqual(['project-created', 'file-uploaded']);
    expect(await types(`${query}&index=${open.full}&type=upload`, ROOT)).toEqual(['file-uploaded']);
    expect(await types(`${query}&user=${secret.user.name}`, ROOT)).toEqual([
      'project-created',
      'file-uploaded',
    ]);
    expect(await types('since=2026-11-04&until=2026-11-06&type=packages', ROOT)).toContain('release-yanked');
    expect(await types('since=2026-11-02&until=2026-11-04&type=upload', ROOT)).toEqual(['file-uploaded']);
    expect(await types('since=2027-01-01', ROOT)).toEqual([]);
    expect(await types('since=1h&type=yank', ROOT)).toEqual(['release-yanked']);
    expect(await types(`type=_ank`.replace('_', '.'), ROOT)).toEqual([]);
    expect(await types('project=%22%7D%25', ROOT)).toEqual([]);
  });

  test('gives the newest first, and goes on before the last one', async () => {
    const page = async (query: string) => {
      const { events, scanned } = await read(`${query}&limit=2&order=newest`, ROOT);
      return { serials: events.map(({ serial }: { serial: number }) => serial), scanned };
    };
    const { serial } = app.context.events;

    const one = await page('');
    expect(one).toEqual({ serials: [serial, serial - 1], scanned: serial - 1 });
    expect(await page(`before=${one.scanned}`)).toEqual({
      serials: [serial - 2, serial - 3],
      scanned: serial - 3,
    });
    expect(await page('before=1')).toEqual({ serials: [], scanned: 1 });
  });
});
