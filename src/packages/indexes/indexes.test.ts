import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type TestApp, type TestResponse } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';

const JSON_ONLY = { accept: 'application/json' };

const names = (count: number) => Array.from({ length: count }, (_, position) => `n${position}`);

describe.each(databases)('indexes on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => await app.close());

  const answer = (response: TestResponse) => [response.status, response.json().message] as const;

  /** Creates an index from options and returns its stored configuration. */
  async function created(options: Record<string, unknown>): Promise<Record<string, unknown>> {
    const user = await app.user();
    const response = await app.request('PUT', `/${user.name}/dev`, { json: options, auth: user.auth });
    expect(response.status, response.text).toBe(200);
    expect(response.json().type).toBe('indexconfig');
    expect(await app.events()).toEqual(['packages.index-created']);
    const { projects, ...shown } = (await app.get(`/${user.name}/dev`)).json().result;
    expect(projects).toEqual([]);
    expect(shown).toEqual(response.json().result);
    return shown;
  }

  test('a stage has every default option', async () => {
    const user = await app.user();

    const response = await app.request('PUT', `/${user.name}/dev`, { auth: user.auth });

    expect(response).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(response.json()).toEqual({
      type: 'indexconfig',
      result: {
        type: 'stage',
        volatile: true,
        acl_upload: [user.name],
        acl_toxresult_upload: [':ANONYMOUS:'],
        bases: [],
        mirror_whitelist: [],
        mirror_whitelist_inheritance: 'intersection',
      },
    });
    expect(await app.events()).toEqual(['packages.index-created']);
  });

  test('a mirror has no defaults but volatile, and needs no URL', async () => {
    expect(await created({ type: 'mirror' })).toEqual({ type: 'mirror', volatile: true });
  });

  test.each([
    ['volatile', false, false],
    ['volatile', 'False', false],
    ['volatile', 'no', false],
    ['volatile', 'YES', true],
    ['volatile', 'true', true],
    ['acl_upload', 'root,a , b', ['root', 'a', 'b']],
    ['acl_upload', ['root', ':anonymous:'], ['root', ':ANONYMOUS:']],
    ['acl_upload', ':authenticated:', [':AUTHENTICATED:']],
    ['acl_upload', ':group', [':group']],
    ['acl_upload', '', []],
    ['acl_upload', [], []],
    ['acl_toxresult_upload', ['x'], ['x']],
    ['bases', 'root/pypi', ['root/pypi']],
    ['bases', ['root/pypi/', '/root/pypi'], ['root/pypi']],
    ['bases', '', []],
    ['mirror_whitelist', ['My.Project_X', '*'], ['my-project-x', '*']],
    ['mirror_whitelist_inheritance', 'union', 'union'],
    ['title', 'A title', 'A title'],
    ['title', '', ''],
    ['description', 'D', 'D'],
    ['custom_data', { any: [1, null] }, { any: [1, null] }],
  ])('a stage stores %s=%j as %j', async (key, given, stored) => {
    expect((await created({ [key]: given }))[key]).toEqual(stored);
  });

  test.each([
    ['mirror_url', 'https://example.com/simple/', 'https://example.com/simple/'],
    ['mirror_cache_expiry', '600', 600],
    ['mirror_cache_expiry', 0, 0],
    ['mirror_web_url_fmt', 'https://example.com/{name}/', 'https://example.com/{name}/'],
    ['mirror_use_external_urls', 'yes', true],
    ['mirror_no_project_list', true, true],
    ['mirror_ignore_serial_header', 'no', false],
    ['mirror_provides_core_metadata', 'True', true],
    ['title', 'M', 'M'],
  ])('a mirror stores %s=%j as %j', async (key, given, stored) => {
    expect((await created({ type: 'mirror', [key]: given }))[key]).toEqual(stored);
  });

  test('options of a stage are silently dropped on a mirror', async () => {
    const dropped = {
      bases: ['no/where'],
      acl_upload: ['x'],
      acl_toxresult_upload: ['x'],
      mirror_whitelist: ['x'],
      mirror_whitelist_inheritance: 'union',
      pypi_whitelist: ['x'],
    };

    expect(await created({ type: 'mirror', ...dropped })).toEqual({ type: 'mirror', volatile: true });
  });

  test("the password in a mirror's URL is shown to nobody", async () => {
    const config = await created({ type: 'mirror', mirror_url: 'https://user:secret@example.com/simple/' });

    expect(config['mirror_url']).toBe('https://example.com/simple/');
    expect((await app.get('/')).text).not.toContain('secret@');
  });

  test.each([
    [{ foo: 'bar', b: 1 }, 'indexconfig got unexpected keyword arguments: foo=bar, b=1'],
    [{ bases: 'no/where' }, "base index 'no/where' does not exist"],
    [{ bases: ['a/b/c'] }, "invalid base index spec: 'a/b/c'"],
    [{ bases: 'a' }, "invalid base index spec: 'a'"],
    [{ bases: `a${'/'.repeat(100_000)}b` }, /^invalid base index spec: 'a\/\//],
    [{ bases: ['no/where', 'a'] }, "base index 'no/where' does not exist, invalid base index spec: 'a'"],
    [{ type: 'x' }, "unknown index type 'x'"],
    [{ volatile: 'maybe' }, "Unknown boolean value 'maybe'."],
    [{ volatile: null }, "'volatile' option must not be null"],
    [{ build_targets: 'cp313,python3' }, /^'build_targets' option: "python3" is no target/],
    // Free-threaded builds began with 3.13.
    [{ build_targets: ['cp311t'] }, /^'build_targets' option: "cp311t" is no target/],
    [{ build_targets: ['cp313-plan9'] }, /^'build_targets' option: "cp313-plan9" is no target/],
    [{ type: 'mirror', mirror_url: 'nowhere' }, "'mirror_url' option must be a URL."],
    [{ type: 'mirror', mirror_url: 'file:///etc/passwd' }, "'mirror_url' option must be a URL."],
    [{ type: 'mirror', mirror_cache_expiry: 'soon' }, "'mirror_cache_expiry' option must be an integer"],
    [{ type: 'mirror', mirror_cache_expiry: 1.5 }, "'mirror_cache_expiry' option must be an integer"],
    [
      { mirror_whitelist_inheritance: 'xx' },
      "Unknown value 'xx' for mirror_whitelist_inheritance, must be 'intersection' or 'union'.",
    ],
    [{ acl_upload: 5 }, 'Unknown list value 5.'],
    [{ acl_upload: [5] }, 'Unknown list value 5.'],
    [{ title: 5 }, "'title' option must be a string."],
    [
      { volatile: 'maybe', foo: 'bar' },
      "Unknown boolean value 'maybe'., indexconfig got unexpected keyword arguments: foo=bar",
    ],
    [{ mirror_url: 'https://example.com/' }, /unexpected keyword arguments: mirror_url/],
    [[], 'the body must be a JSON object of index options'],
    [JSON.parse('{"__proto__": {"x": 1}}'), /unexpected keyword arguments: __proto__/],
    [{ constructor: 'x' }, /unexpected keyword arguments: constructor=x/],
  ])('the options %j are refused', async (json, message) => {
    const user = await app.user();

    const response = await app.request('PUT', `/${user.name}/dev`, {
      json,
      auth: user.auth,
      headers: JSON_ONLY,
    });

    expect(response.status).toBe(400);
    expect(response.json().message).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
    expect(await app.events()).toEqual([]);
    expect((await app.get(`/${user.name}/dev`)).status).toBe(404);
  });

  test('an index name may hold letters of any script, but no blocked symbol', async () => {
    const user = await app.user();
    const put = (name: string) =>
      app.request('PUT', `/${user.name}/${name}`, { json: {}, auth: user.auth, headers: JSON_ONLY });

    expect((await put('d%C3%BC')).status).toBe(200);
    expect(answer(await put('a%20b'))).toEqual([
      400,
      "indexname 'a b' contains characters that aren't allowed. Any ascii symbol besides -.@_ is blocked.",
    ]);
    expect((await put('%2Bx')).status).toBeGreaterThanOrEqual(400);
    expect((await put('a%2Fb')).status).toBe(400);
    expect((await app.get(`/${user.name}`)).json().result.indexes).toHaveProperty('dü');
    await app.events();
  });

  test('creating asks for permission, then for the name, then for the user', async () => {
    const index = await app.index();
    const put = (path: string, auth = index.user.auth) =>
      app.request('PUT', path, { json: {}, auth, headers: JSON_ONLY });

    expect(answer(await put(index.path))).toEqual([409, `index '${index.full}' exists`]);
    const stranger = await app.user();
    expect(answer(await put(`/${index.user.name}/x`, stranger.auth))).toEqual([
      403,
      `no permission to create index ${index.user.name}/x`,
    ]);
    expect(answer(await put('/nobody/x', ROOT))).toEqual([404, "no user 'nobody'"]);
    expect((await put(`/${index.user.name}/by-root`, ROOT)).status).toBe(200);
    expect(await app.events()).toEqual(['packages.index-created']);
  });

  describe('PATCH', () => {
    const patch = async (options: Record<string, unknown>, body: unknown, query = '') => {
      const index = await app.index(options);
      const response = await app.request('PATCH', `${index.path}${query}`, {
        json: body,
        auth: index.user.auth,
        headers: JSON_ONLY,
      });
      return { index, response, events: await app.events() };
    };

    test.each([
      [{}, { volatile: false }, { volatile: false }],
      [{ title: 'T' }, { description: 'D' }, { title: 'T', description: 'D' }],
      [{}, { type: 'stage', projects: ['ignored'], title: 'T' }, { title: 'T' }],
      [{}, { type: 'indexconfig', result: { type: 'stage', title: 'T', projects: [] } }, { title: 'T' }],
      [{ acl_upload: ['a'] }, { acl_upload: '' }, { acl_upload: [] }],
      [{ title: 'T' }, { title: '' }, { title: '' }],
      [{}, ['title=T'], { title: 'T' }],
      [{}, ['title=a=b'], { title: 'a=b' }],
      [{}, ['volatile=False'], { volatile: false }],
      [{}, ['acl_upload=a,b'], { acl_upload: ['a', 'b'] }],
      [{ acl_upload: ['a'] }, ['acl_upload+=b'], { acl_upload: ['a', 'b'] }],
      [{ acl_upload: ['a', 'b'] }, ['acl_upload-=a'], { acl_upload: ['b'] }],
      [{}, ['bases+=root/pypi'], { bases: ['root/pypi'] }],
      [{ mirror_whitelist: ['a-b'] }, ['mirror_whitelist-=A_b'], { mirror_whitelist: [] }],
      [
        { acl_upload: ['a'] },
        ['acl_upload+=b', 'acl_upload-=a', 'title=T'],
        { acl_upload: ['b'], title: 'T' },
      ],
      [{ title: 'T' }, ['type=stage', 'description=D'], { description: 'D' }],
    ])('of %j with %j sets %j', async (options, body, expected) => {
      const { index, response, events } = await patch(options, body);

      expect(response.status, response.text).toBe(200);
      expect(response.json()).toMatchObject({ type: 'indexconfig', result: expected });
      expect((await app.get(`${index.path}?no_projects=`)).json()).toEqual(response.json());
      expect(events).toEqual(['packages.index-modified']);
    });

    test('key-= drops an option', async () => {
      const { response } = await patch({ title: 'T' }, ['title-=']);

      expect(response.json().result).not.toHaveProperty('title');
    });

    test.each([
      [{}, ['acl_upload-=nobody'], "The 'acl_upload' setting doesn't have value 'nobody'"],
      [{}, ['volatile-='], "Default values can't be removed."],
      [{}, ['bases-='], "Default values can't be removed."],
      [{}, ['title-='], "The 'title' setting doesn't have a value"],
      [{}, { type: 'mirror' }, "the 'type' of an index can't be changed"],
      [{}, ['type=mirror'], "the 'type' of an index can't be changed"],
      [{}, ['garbage'], 'indexconfig got unexpected keyword arguments: garbage='],
      [{}, ['foo=bar'], 'indexconfig got unexpected keyword arguments: foo=bar'],
      [{}, ['foo+=bar'], 'indexconfig got unexpected keyword arguments: foo=bar'],
      [{}, ['title+=x'], "The 'title' setting is not a list, use title=value"],
      [{}, [5], 'every operation must be a string such as key=value'],
      [{}, { volatile: null }, "'volatile' option must not be null"],
      [{}, { acl_upload: 5 }, 'Unknown list value 5.'],
      [{}, 'text', 'the body must be an object or a list of operations'],
      [{}, null, 'the body must be an object or a list of operations'],
      [{}, ['bases+=no/where'], "base index 'no/where' does not exist"],
      [{}, { bases: ['a/b/c'] }, "invalid base index spec: 'a/b/c'"],
      [{}, ['title=T', 'volatile=maybe'], "Unknown boolean value 'maybe'."],
      [
        {},
        { mirror_whitelist_inheritance: 'xx' },
        "Unknown value 'xx' for mirror_whitelist_inheritance, must be 'intersection' or 'union'.",
      ],
    ])('of %j with %j is refused', async (options, body, message) => {
      const { index, response, events } = await patch(options, body);

      expect(answer(response)).toEqual([400, message]);
      expect(events).toEqual([]);
      expect((await app.get(index.path)).json().result).not.toHaveProperty('title');
    });

    test('that changes nothing is fine, unless the client asks for an error', async () => {
      const quiet = await patch({ title: 'T' }, { title: 'T' });
      const loud = await patch({ title: 'T' }, { title: 'T' }, '?error_on_noop=');

      expect([quiet.response.status, quiet.events]).toEqual([200, []]);
      expect([answer(loud.response), loud.events]).toEqual([
        [400, 'The requested modifications resulted in no changes'],
        [],
      ]);
    });

    test('may name the index itself as a base', async () => {
      const index = await app.index();

      const response = await app.request('PATCH', index.path, {
        json: [`bases=${index.full}`],
        auth: index.user.auth,
      });

      expect(response.status).toBe(200);
      expect((await app.get(`${index.path}/+simple/`)).status).toBe(200);
      await app.events();
    });

    test('checks the permission before the existence', async () => {
      const user = await app.user();
      const send = (auth?: readonly [string, string]) =>
        app.request('PATCH', '/nobody/dev', { json: {}, auth, headers: JSON_ONLY });

      expect(answer(await send(user.auth))).toEqual([403, 'no permission to modify index nobody/dev']);
      expect((await send()).status).toBe(403);
      expect((await send(ROOT)).status).toBe(404);
    });
  });

  test('deleting an index answers 201 and takes everything in it along', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload());
    const path = await app.filePath(index, 'demo-1.0-py3-none-any.whl');

    const response = await app.request('DELETE', index.path, { auth: index.user.auth });

    expect(answer(response)).toEqual([201, `index ${index.full} deleted`]);
    expect(await app.events()).toEqual(['packages.index-deleted']);
    for (const gone of [index.path, `${index.path}/+simple/`, `${index.path}/+simple/demo/`]) {
      expect((await app.get(gone)).status, gone).toBe(404);
    }
    expect((await app.get(path)).status).toBe(410);
  });

  test('a non-volatile index cannot be deleted, whoever asks', async () => {
    const index = await app.index({ volatile: false });

    for (const auth of [index.user.auth, ROOT]) {
      const response = await app.request('DELETE', index.path, { auth, headers: JSON_ONLY });
      expect(answer(response)).toEqual([403, `index ${index.full} non-volatile, cannot delete`]);
    }
    expect(await app.events()).toEqual([]);
  });

  test('deleting checks the permission before the existence', async () => {
    const user = await app.user();

    expect((await app.request('DELETE', '/nobody/dev', { auth: user.auth })).status).toBe(403);
    expect((await app.request('DELETE', '/nobody/dev', { auth: ROOT })).status).toBe(404);
  });

  test('an index lists its own projects, filtered, counted and in slices', async () => {
    const base = await app.index();
    await app.fill(base, wheelUpload({ name: 'inherited' }));
    const index = await app.index({ bases: base.full });
    for (const name of ['Beta', 'alpha', 'alphabet']) await app.fill(index, wheelUpload({ name }));
    const read = async (query: string) => (await app.get(`${index.path}${query}`)).json().result;

    expect((await read('')).projects).toEqual(['alpha', 'alphabet', 'beta']);
    expect(await read('?no_projects')).not.toHaveProperty('projects');
    expect(await read('?no_projects=&total=')).not.toHaveProperty('total');
    expect(await read('?q=alpha&total')).toMatchObject({ projects: ['alpha', 'alphabet'], total: 2 });
    expect(await read('?q=alpha&total&limit=1&offset=1')).toMatchObject({
      projects: ['alphabet'],
      total: 2,
      limit: 1,
      offset: 1,
    });
    const bad = await app.get(`${index.path}?limit=x`, JSON_ONLY);
    expect(answer(bad)).toEqual([400, 'limit and offset must be integers']);
  });

  test.each([
    ['a list', { mirror_whitelist: names(5001) }, "'mirror_whitelist' has more than 5000 entries"],
    ['bases', { bases: names(101).map((name) => `root/${name}`) }, "'bases' has more than 100 entries"],
    [
      'all options',
      { custom_data: 'x'.repeat(300_000) },
      'the options are larger than 262144 bytes together',
    ],
  ])('%s beyond what an index may have is refused, with the setting', async (_title, json, detail) => {
    const index = await app.index();
    const before = await app.contents();

    for (const [method, path] of [
      ['PUT', `${index.path}-new`],
      ['PATCH', index.path],
    ] as const) {
      const response = await app.request(method, path, { json, auth: index.user.auth, headers: JSON_ONLY });
      expect([response.status, response.json().message]).toEqual([
        400,
        expect.stringMatching(new RegExp(`^${detail} \\(packages\\.max-[a-z-]+\\)$`)),
      ]);
    }
    expect(await app.contents()).toEqual(before);
  });

  test('a change of very many operations is refused before any is applied', async () => {
    const index = await app.index();
    const json = names(5001).map((name) => `mirror_whitelist+=${name}`);

    const response = await app.request('PATCH', index.path, {
      json,
      auth: index.user.auth,
      headers: JSON_ONLY,
    });

    expect(answer(response)).toEqual([
      400,
      "'operations' has more than 5000 entries (packages.max-option-entries)",
    ]);
  });

  test('an index that does not exist answers 404', async () => {
    expect(answer(await app.get('/root/nothing', JSON_ONLY))).toEqual([
      404,
      'The stage root/nothing could not be found.',
    ]);
  });
});
