import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { formValues, see, submit } from '#test/browser-request.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';

describe.each(databases)('making, changing and deleting an index in a browser, on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(() => app.close());

  const options = async ({ path, user }: Pick<TestIndex, 'path' | 'user'>) =>
    (await app.request('GET', `${path}?no_projects`, { auth: user.auth })).json().result;

  /** Fills the form as it is shown, but for these fields, and confirms what it asks. */
  async function change(index: TestIndex, fields: Readonly<Record<string, string>>) {
    const { auth } = index.user;
    const path = `${index.path}/+settings`;
    const shown = formValues((await see(app, path, { auth })).text);
    const sent = { ...shown, ...fields };
    for (const [name, value] of Object.entries(sent)) if (value === 'UNCHECKED') delete sent[name];
    const asked = await submit(app, path, sent, { auth });
    if (asked.status !== 200) return { asked, done: asked };
    const { confirmation = '' } = formValues(asked.text);
    return { asked, done: await submit(app, path, { ...sent, confirmation }, { auth }) };
  }

  test('makes a stage and a mirror', async () => {
    const user = await app.user();
    const base = await app.index();
    const path = `/${user.name}/+new-index`;

    const stage = await submit(
      app,
      path,
      { name: 'dev', type: 'stage', bases: ` ${base.full} `, volatile: 'yes', title: 'T' },
      { auth: user.auth },
    );
    expect([stage.status, stage.headers['location']]).toEqual([303, `/${user.name}/dev`]);
    expect(await app.events()).toEqual(['packages.index-created']);
    expect(await options({ path: `/${user.name}/dev`, user })).toMatchObject({
      type: 'stage',
      bases: [base.full],
      volatile: true,
      title: 'T',
    });

    const mirror = await submit(
      app,
      '/root/+new-index',
      { name: 'up', type: 'mirror', mirror_url: 'https://upstream.example/simple/', bases: 'x/y' },
      { auth: ROOT },
    );
    expect(mirror.status).toBe(303);
    expect((await app.get('/root/up?no_projects')).json().result).toMatchObject({
      type: 'mirror',
      volatile: false,
    });
    await app.events();
  });

  test('shows what is wrong with a new index at its field, and keeps what was typed', async () => {
    const { user, name } = await app.index();
    const path = `/${user.name}/+new-index`;
    const before = await app.contents();

    for (const [fields, words] of [
      [{ name: 'a b' }, /aria-describedby="field-name-hint field-name-error"/],
      [{ name, title: '"kept"' }, /value="&quot;kept&quot;"/],
      [{ name: 'ok', bases: 'no/base' }, /base index &#39;no\/base&#39; does not exist|field-bases-error/],
    ] as const) {
      const refused = await submit(app, path, fields, { auth: user.auth });
      expect(refused.status).toBe(422);
      expect(refused.text).toMatch(words);
    }
    expect(await app.contents()).toEqual(before);
  });

  test('changes nothing where the form comes back as it was shown', async () => {
    const index = await app.index({
      acl_read: ['x'],
      custom_data: { a: [1] },
      title: '<b>',
      mirror_whitelist: ['*'],
    });
    const before = await options(index);

    const { done } = await change(index, {});

    expect(done.status).toBe(303);
    expect(await options(index)).toEqual(before);
    expect(await app.events()).toEqual([]);
  });

  test('says what would change before it does, and does only what it said', async () => {
    const base = await app.index();
    await app.fill(base, wheelUpload({ name: 'one' }), wheelUpload({ name: 'two' }));
    const index = await app.index({ bases: [base.full] });
    const before = await options(index);
    const { auth } = index.user;
    const path = `${index.path}/+settings`;

    const sent = { ...formValues((await see(app, path, { auth })).text), bases: '' };
    const asked = await submit(app, path, sent, { auth });
    expect(asked.status).toBe(200);
    expect(asked.text).toContain('2 projects become hidden');
    expect(asked.text).toContain('Nothing has changed yet.');
    expect(await options(index)).toEqual(before);

    const { confirmation = '' } = formValues(asked.text);
    const other = await submit(app, path, { ...sent, volatile: '', confirmation }, { auth });
    expect(other.status).toBe(200);
    expect(await options(index)).toEqual(before);

    const done = await submit(app, path, { ...sent, confirmation }, { auth });
    expect(done.status).toBe(303);
    expect(await options(index)).toEqual({ ...before, bases: [] });
    expect(await app.events()).toEqual(['packages.index-modified']);
  });

  test('sets and takes away every kind of option', async () => {
    const index = await app.index();
    const others = {
      mirror_whitelist: 'Demo_X, other\n*',
      acl_upload: `${index.user.name}\n:team`,
      title: 'T',
    };

    const set = {
      ...others,
      acl_read_named: 'yes',
      acl_read: 'bob',
      custom_data: '{"a": 1}',
      volatile: 'UNCHECKED',
    };
    expect((await change(index, set)).done.status).toBe(303);
    expect(await options(index)).toMatchObject({
      mirror_whitelist: ['demo-x', 'other', '*'],
      acl_upload: [index.user.name, ':team'],
      acl_read: ['bob'],
      custom_data: { a: 1 },
      volatile: false,
      title: 'T',
    });

    await change(index, { acl_read: '' });
    expect((await options(index)).acl_read).toEqual([]);
    await change(index, { acl_read_named: 'no', title: '', custom_data: '' });
    const last = await options(index);
    expect([last.acl_read, last.title, last.custom_data]).toEqual([undefined, undefined, undefined]);
    await app.events();
  });

  test('keeps the password of an upstream that it does not show', async () => {
    const url = 'https://u:p@upstream.example/simple/';
    const mirror = await app.index({ type: 'mirror', mirror_url: url, mirror_cache_expiry: 60 });
    const { asked } = await change(mirror, { mirror_cache_expiry: '30' });

    expect(asked.text).not.toContain('u:p');
    const stored = JSON.stringify((await app.contents()).rows['package_index']);
    expect(stored).toContain('u:p@');
    expect((await options(mirror)).mirror_cache_expiry).toBe(30);
    await app.events();
  });

  test.each([
    [{ custom_data: '{' }, 'custom_data'],
    [{ bases: 'no/base' }, 'bases'],
  ])('refuses %j at its field', async (fields, name) => {
    const index = await app.index();
    const before = await app.contents();

    const { done } = await change(index, fields);

    expect(done.status).toBe(422);
    expect(done.text).toContain(`id="field-${name}-error"`);
    expect(await app.contents()).toEqual(before);
  });

  test('deletes what is volatile once its name is typed', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload());
    const path = `${index.path}/+delete`;
    const { auth } = index.user;

    expect((await see(app, path, { auth })).text).toContain('Delete 1 project');
    expect((await submit(app, path, { typed: 'dev' }, { auth })).status).toBe(422);
    expect(await app.events()).toEqual([]);
    expect((await submit(app, path, { typed: index.full }, { auth })).status).toBe(303);
    expect(await app.events()).toEqual(['packages.index-deleted']);
  });

  test('says that what is not volatile cannot be deleted', async () => {
    const index = await app.index({ volatile: false });
    const path = `${index.path}/+delete`;
    const { auth } = index.user;

    const shown = await see(app, path, { auth });
    expect(shown.text).toContain('cannot be deleted');
    expect(shown.text).not.toMatch(/<form\s+class="form"/);
    expect((await submit(app, path, { typed: index.full }, { auth })).status).toBe(403);
    expect(await app.events()).toEqual([]);
  });

  test.each(['+settings', '+delete'])('takes no form of another site for %s', async (page) => {
    const index = await app.index();
    const before = await app.contents();

    for (const site of ['cross-site', 'same-site', 'none']) {
      const response = await submit(
        app,
        `${index.path}/${page}`,
        { typed: index.full },
        { auth: index.user.auth, site },
      );
      expect(response.status).toBe(403);
    }
    expect(await app.contents()).toEqual(before);
  });
});
