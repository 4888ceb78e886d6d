import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '#kernel/clock.ts';
import { ROOT, testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';
import { Visitor } from '#test/visitor.ts';

const NOW = Date.UTC(2026, 10, 20, 10);

describe.each(databases)('the pages over all parts, on %s', (database) => {
  let app: TestApp;
  let now = NOW;
  let open: TestIndex;
  let secret: TestIndex;
  beforeAll(async () => {
    const clock: Clock = { now: () => now };
    app = await testApp({ database, clock });
    await app.request('PATCH', '/root', { json: { password: 'of root' }, auth: ROOT });
    open = await app.index();
    secret = await app.index({ acl_read: ['root'] });
    await app.fill(open, wheelUpload({ metadata: { Summary: '<script>alert(1)</script> & \u202e' } }));
    await app.fill(secret, wheelUpload({ name: 'occult' }));
  });
  afterAll(() => app.close());

  const stranger = () => new Visitor(app);
  const owner = () => new Visitor(app).logIn(open.user.auth);
  const root = () => new Visitor(app).logIn(['root', 'of root']);

  test('the home page shows strangers what everybody may read', async () => {
    const { status, text, headers } = await stranger().get('/');

    expect(status, text).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).toContain('<title>Home · Wheelhouse</title>');
    expect(text).toContain(`href="${open.path}"`);
    expect(text).toMatch(/uploaded <a href="[^"]*\/demo\/1\.0">/);
    expect(text).not.toContain('occult');
    expect(text).not.toContain(secret.full);
  });

  test('the home page shows users their indexes and tokens that end', async () => {
    const visitor = await owner();
    const json = { name: 'nightly', scopes: ['packages.read'], days: 9 };
    await app.request('POST', '/+tokens', { json, auth: open.user.auth });
    expect((await visitor.get('/')).text).not.toContain('Needs you');

    now += 3 * 86_400_000;
    const { text, headers } = await visitor.get('/');
    expect(text).toContain('My indexes');
    expect(text).toMatch(/nightly<\/bdi><\/a> expires in \d days; never used/);
    expect(text).toContain('1 thing needs you');
    expect(text).toContain(`href="${open.path}/+upload"`);
    expect(text).toContain(`--index-url http`);
    expect(headers['cache-control']).toBe('private, no-cache');
    now = NOW;
  });

  test('the home page counts what an index holds anew after each change of it', async () => {
    const visitor = await owner();
    const files = async () =>
      /<a href="[^"]*">(?:<bdi>)?demo(?:<\/bdi>)?<\/a>\s*(?:<bdi>)?([^<\s]+)/.exec(
        (await visitor.get('/')).text,
      )?.[1];
    expect(await files()).toBe('1.0');
    now += 1000;
    await app.fill(open, wheelUpload({ version: '1.5' }));
    expect(await files()).toBe('1.5');
    await app.request('DELETE', `${open.path}/demo/1.5?force`, { auth: open.user.auth });
    expect(await files()).toBe('1.0');
  });

  test('an API client gets the list of users from the same address', async () => {
    expect((await app.get('/', { accept: 'application/json' })).json().type).toBe('list:userconfig');
    expect((await app.get('/', { accept: '*/*' })).json().type).toBe('list:userconfig');
  });

  test('the search finds with what is found escaped, and nothing that is hidden', async () => {
    const found = await stranger().get('/+search?q=dem');
    expect(found.text).toMatch(/<a href="[^"]*\/demo"><bdi>demo<\/bdi><\/a>/);
    expect(found.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(found.text).not.toContain('\u202e');
    expect((await stranger().get('/+search?q=occult')).text).toContain('Nothing fits.');
    expect((await (await root()).get('/+search?q=occult')).text).toContain(`${secret.path}/occult`);
    expect((await stranger().get('/+search?q="><img src=x>'.replaceAll(' ', '%20'))).text).not.toContain(
      '<img',
    );
    expect((await stranger().get('/+search')).status).toBe(200);
  });

  test('suggestions are options that lead somewhere', async () => {
    const { text } = await stranger().get('/+search/suggestions?q=demo');
    expect(text).toMatch(/^<li role="option" id="found-0" aria-selected="false" data-href="[^"]*\/demo"/);
    expect(text).toContain('data-href="/+search?q=demo"');
    expect(text).not.toContain('<html');
  });

  test('the events are said in words, filtered by one field, and each reader sees their own', async () => {
    const { text } = await stranger().get('/+events');
    expect(text).toMatch(/uploaded <a href="[^"]*">/);
    expect(text).not.toContain(secret.full);
    expect((await (await root()).get('/+events')).text).toContain(secret.full);

    const filtered = await stranger().get(`/+events?q=${encodeURIComponent(`${open.full} type:index`)}`);
    expect(filtered.text).toContain('made the index');
    expect(filtered.text).not.toContain('uploaded <a');
    const wrong = await stranger().get('/+events?q=since:never');
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('since must be a serial')]);
    expect((await stranger().get('/+events?q=type:nothing')).text).toContain('Nothing that fits.');
  });

  test('older events are behind a link', async () => {
    const index = await app.index();
    for (let at = 0; at < 60; at += 1) {
      await app.request('PATCH', index.path, { json: [`title=${at}`], auth: index.user.auth });
    }
    const { text } = await stranger().get('/+events');
    const [, older = ''] = /rel="next" href="([^"]+)"/.exec(text) ?? [];
    const next = (await stranger().get(older.replaceAll('&amp;', '&'))).text;
    const serials = (page: string) =>
      [...page.matchAll(/class="mono">(\d+)</g)].map(([, serial]) => Number(serial));
    expect(serials(text)).toHaveLength(50);
    expect(Math.min(...serials(text))).toBeGreaterThan(Math.max(...serials(next)));
    expect(next).toContain('>newest</a>');
  });

  test('events are taken away as a file that no spreadsheet runs', async () => {
    const json = { reason: '=cmd()' };
    await app.request('PUT', `${open.path}/demo/1.0/+yank`, { json, auth: open.user.auth });
    const csv = await stranger().get('/+events/export?format=csv');
    expect(csv.headers['content-disposition']).toBe('attachment; filename="events.csv"');
    expect(csv.text.split('\r\n')[0]).toBe('serial,at,type,actor,data');
    expect(csv.text).toContain('"{""index"":');
    expect(csv.text).not.toMatch(/(?:^|,)[=+@]/m);
    const all = JSON.parse((await stranger().get('/+events/export?format=json')).text);
    expect(all[0]).toMatchObject({ type: 'packages.release-yanked', at: expect.any(String) });
    expect(JSON.stringify(all)).not.toContain('occult');
  });

  test('new events are announced on the stream, without those that are hidden', async () => {
    const leave = new AbortController();
    const after = app.context.events.serial;
    const response = await fetch(`${app.url}/+events/stream?after=${after}`, {
      headers: { accept: 'text/event-stream' },
      signal: leave.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await app.fill(secret, wheelUpload({ name: 'more' }));
    await app.fill(open, wheelUpload({ version: '2.0' }));
    let heard = '';
    for await (const chunk of response.body ?? []) {
      heard += Buffer.from(chunk).toString();
      if (heard.includes('</p>')) break;
    }
    leave.abort();
    expect(heard).toContain('<strong>1 new</strong>');
  });

  test('an address follows fifty streams and no more, and may again when it leaves', async () => {
    const leave = new AbortController();
    const init = { headers: { accept: 'text/event-stream' }, signal: leave.signal };
    const follow = () => fetch(`${app.url}/+events/stream`, init);
    // Kept until all have come: a response that nobody holds ends.
    const answers = await Promise.all(Array.from({ length: 60 }, follow));
    const refused = answers.filter(({ status }) => status === 503).length;
    leave.abort();

    // Of the test before this one a stream may still be there.
    expect([10, 11]).toContain(refused);
    await expect
      .poll(async () => {
        const again = new AbortController();
        const { status } = await fetch(`${app.url}/+events/stream`, { ...init, signal: again.signal });
        again.abort();
        return status;
      })
      .toBe(200);
  });

  test('suggestions for a query that is cut within a character are none', async () => {
    const { status } = await stranger().get(`/+search/suggestions?q=${'a'.repeat(199)}%F0%9F%98%80`);
    expect(status).toBe(200);
  });

  test('the status is one sentence and its figures', async () => {
    const { text } = await stranger().get('/+status');
    expect(text).toContain('All is well.');
    expect(text).toContain(database === 'sqlite' ? 'SQLite' : 'PostgreSQL');
    expect(text).toContain('root/pypi');
    expect(
      (await app.get('/+status', { accept: 'application/json' })).json().result.health.database.kind,
    ).toBe(database);
  });

  test('the settings are for root, with where they come from and no secret', async () => {
    expect((await stranger().get('/+settings')).status).toBe(403);
    expect((await (await owner()).get('/+settings')).status).toBe(403);
    const { text, headers } = await (await root()).get('/+settings');
    expect(text).toContain('flag --serverdir');
    expect(text).toContain('packages.page-cache-bytes');
    expect(text).not.toMatch(/postgres:\/\/[^<`]/);
    expect(headers['cache-control']).toBe('no-store');
  });
});
