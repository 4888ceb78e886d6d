import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, testApp, type Auth, type TestApp } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';

const ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

describe.each(databases)('the pages of an index, on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(() => app.close());

  const see = (path: string, auth?: Auth) =>
    app.get(path, { accept: ACCEPT, ...(auth && { authorization: basic(auth) }) });

  test('are for browsers; others get what they always got', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload());

    const page = await see(index.path);
    const data = await app.get(index.path, { accept: 'application/json' });

    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toContain(`<a href="${index.path}/demo">demo</a>`);
    expect(page.text).toContain('volatile stage');
    expect(data.json()).toMatchObject({ type: 'indexconfig', result: { projects: ['demo'] } });
    expect((await app.get(index.path)).json()).toMatchObject({ type: 'indexconfig' });
  });

  test('show hostile names and summaries as text', async () => {
    const index = await app.index({ description: '<img src=x onerror=alert(1)>\u202e' });
    const metadata = { Summary: '"><script>alert(1)</script>' };
    await app.fill(index, wheelUpload({ metadata }));

    for (const side of ['', '/+inherited', '/+use', '/+permissions']) {
      const { text } = await see(`${index.path}${side}?filter=%22%3E%3Cscript%3E`);
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain('<img');
      expect(text).not.toContain('\u202e');
      expect(text).not.toContain('"><script>');
    }
  });

  test('filter, sort and page by the address', async () => {
    const index = await app.index();
    for (const name of ['ant', 'bee', 'bear']) await app.fill(index, wheelUpload({ name }));
    const names = async (query: string) =>
      [
        ...(await see(`${index.path}?${query}`)).text.matchAll(
          /<th scope="row"[^>]*><a href="[^"]*">([^<]*)</g,
        ),
      ].map(([, name]) => name);

    expect(await names('')).toEqual(['ant', 'bear', 'bee']);
    expect(await names('filter=be&sort=-name')).toEqual(['bee', 'bear']);
    expect(await names('sort=-changed')).toEqual(['bear', 'bee', 'ant']);
    expect(await names('page=2')).toEqual([]);
    expect(await names('sort=nonsense&page=nonsense&of=nonsense')).toEqual(['ant', 'bear', 'bee']);
  });

  test('of an index with readers are for them, and kept by nobody else', async () => {
    const index = await app.index({ acl_read: [] });
    const stranger = await app.user();

    const refused = await see(index.path);
    expect(refused.status).toBe(303);
    expect(refused.headers['location']).toBe(`/+login?next=${encodeURIComponent(index.path)}`);
    expect((await see(index.path, stranger.auth)).status).toBe(403);
    const seen = await see(index.path, index.user.auth);
    expect(seen.status).toBe(200);
    expect(seen.headers['cache-control']).toBe('private, no-cache');
    expect(seen.text).toContain('read by its owner');
  });

  test('tell nothing of a base that the reader may not read but that it is there', async () => {
    const base = await app.index();
    await app.fill(base, wheelUpload({ name: 'secret-thing' }));
    const index = await app.index({ user: base.user, bases: [base.full] });
    await app.request('PATCH', base.path, { json: { acl_read: [] }, auth: base.user.auth });

    for (const side of ['', '/+inherited', '/+use', '/+permissions']) {
      const { text } = await see(`${index.path}${side}`);
      expect(text).toContain(base.full);
      expect(text).not.toContain('secret-thing');
    }
    expect((await see(`${index.path}/+inherited`)).text).toContain('not told: you may not read it');
    expect((await see(index.path, base.user.auth)).text).toContain('secret-thing');
  });

  test('say to root that root is not listed by itself', async () => {
    const index = await app.index();

    expect((await see(`${index.path}/+permissions`, ['root', ''])).text).toContain(
      'root is not listed by itself',
    );
    expect((await see(`${index.path}/+permissions`, index.user.auth)).text).not.toContain(
      'not listed by itself',
    );
  });

  test('of an index that does not exist are 404', async () => {
    expect((await see('/nobody/nothing')).status).toBe(404);
  });
});
