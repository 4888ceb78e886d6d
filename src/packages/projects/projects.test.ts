import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';
import { compareVersions } from '#python/names/compare-versions.ts';

const JSON_ONLY = { accept: 'application/json' };
const WHEEL = 'demo-1.0-py3-none-any.whl';
const SDIST = 'demo-1.0.tar.gz';

describe.each(databases)('projects on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => await app.close());

  async function filled(options: Record<string, unknown> = {}): Promise<TestIndex> {
    const index = await app.index(options);
    await app.fill(index, wheelUpload(), sdistUpload(), wheelUpload({ version: '2.0' }));
    return index;
  }

  async function send(method: string, path: string, auth?: Auth, json?: unknown) {
    const response = await app.request(method, path, { auth, json, headers: JSON_ONLY });
    return [response.status, (response.json() as { message?: string }).message] as const;
  }

  describe('are read', () => {
    test('as versions with metadata, newest first', async () => {
      const index = await app.index();
      for (const version of ['1.0', '1.10', '1.9', '2.0a1', '1.0.post1']) {
        await app.fill(index, wheelUpload({ version }));
      }

      const response = await app.get(`${index.path}/demo`, JSON_ONLY);

      expect(response.headers['content-type']).toBe('application/json');
      expect(response.json().type).toBe('projectconfig');
      expect(Object.keys(response.json().result)).toEqual(['2.0a1', '1.10', '1.9', '1.0.post1', '1.0']);
      expect((await app.get(`${index.path}/demo/`, JSON_ONLY)).text).toBe(response.text);
    });

    test('one version at a time', async () => {
      const index = await filled();

      const response = await app.get(`${index.path}/demo/2.0`, JSON_ONLY);

      expect(response.json()).toMatchObject({
        type: 'versiondata',
        result: { name: 'demo', version: '2.0' },
      });
      expect((await app.get(`${index.path}/demo/2.0/`, JSON_ONLY)).text).toBe(response.text);
      expect((await app.get(`${index.path}/DEMO/2.0`, JSON_ONLY)).status).toBe(200);
      expect(await send('GET', `${index.path}/demo/9`)).toEqual([
        404,
        'The version 9 of project demo does not exist.',
      ]);
    });

    test.each(['__proto__', 'constructor', 'toString'])(
      'and the version %s does not exist',
      async (version) => {
        const index = await filled();

        expect((await app.get(`${index.path}/demo/${version}`, JSON_ONLY)).status).toBe(404);
      },
    );

    test('under the normalized name, to which others are sent', async () => {
      const index = await app.index();
      await app.fill(index, wheelUpload({ name: 'My.Demo' }));

      const response = await app.get(`${index.path}/My_Demo?ignore_bases=`, JSON_ONLY);

      expect(response).toMatchObject({
        status: 302,
        headers: { location: `${app.url}${index.path}/my-demo?ignore_bases=` },
      });
    });

    test('by installers on the simple page', async () => {
      const index = await filled();
      const location = `${app.url}${index.path}/+simple/`;

      for (const agent of ['pip/24.0', 'uv/0.9', 'Python-urllib/3.9 setuptools/65', 'pex/2']) {
        const project = await app.get(`${index.path}/Demo`, { 'user-agent': agent });
        expect([project.status, project.headers['location']]).toEqual([302, `${location}demo/`]);
        const list = await app.get(`${index.path}/`, { 'user-agent': agent });
        expect([list.status, list.headers['location']]).toEqual([302, location]);
      }
      for (const agent of ['poetry/2.0', 'twine/6', 'xpip/1', 'Pip/24']) {
        expect((await app.get(`${index.path}/demo`, { 'user-agent': agent })).status).toBe(200);
      }
      const accept = 'application/vnd.pypi.simple.v1+json';
      expect((await app.get(`${index.path}/demo`, { accept })).headers['location']).toBe(`${location}demo/`);
      expect((await app.get(`${index.path}`, { accept })).headers['location']).toBe(location);
    });

    test.each([
      ['nothing', 404, "no project 'nothing'"],
      ['d%C3%A9mo', 400, 'unicode project names not allowed'],
      ['-demo-', 404, "'-demo-' can never be a project name"],
    ])('and %s answers %i', async (name, status, message) => {
      const index = await app.index();

      expect(await send('GET', `${index.path}/${name}`)).toEqual([status, message]);
    });
  });

  describe('are removed', () => {
    test('with all that they hold', async () => {
      const index = await filled();
      const paths = await Promise.all([WHEEL, SDIST].map((filename) => app.filePath(index, filename)));

      const answer = await send('DELETE', `${index.path}/Demo`, index.user.auth);

      expect(answer).toEqual([200, `project demo deleted from stage ${index.full}`]);
      expect(await app.events()).toEqual(['packages.project-removed']);
      expect(await app.page(index)).toBe(404);
      expect(await send('GET', `${index.path}/demo`)).toEqual([404, "no project 'demo'"]);
      expect((await app.get(index.path)).json().result.projects).toEqual([]);
      for (const path of paths) expect(await send('GET', path)).toMatchObject([410, expect.any(String)]);
    });

    test('by release, the last of which takes the project along', async () => {
      const index = await filled();
      const path = await app.filePath(index, SDIST);

      expect(await send('DELETE', `${index.path}/demo/1.0`, index.user.auth)).toEqual([
        200,
        "project 'demo' version '1.0' deleted",
      ]);
      expect(await app.events()).toEqual(['packages.release-removed']);
      expect(await app.filenames(index)).toEqual(['demo-2.0-py3-none-any.whl']);
      expect((await app.get(path)).status).toBe(410);

      expect(await send('DELETE', `${index.path}/demo/2.0`, index.user.auth)).toMatchObject([200, {}]);
      expect(await app.events()).toEqual(['packages.release-removed', 'packages.project-removed']);
      expect(await app.page(index)).toBe(404);
    });

    test('by file, the last of which takes release and project along', async () => {
      const index = await app.index();
      await app.fill(index, wheelUpload(), sdistUpload());
      const wheelPath = await app.filePath(index, WHEEL);
      const sdistPath = await app.filePath(index, SDIST);

      expect(await send('DELETE', wheelPath, index.user.auth)).toEqual([
        200,
        `package '${wheelPath.slice(1)}' deleted`,
      ]);
      expect(await app.events()).toEqual(['packages.file-removed']);
      expect(await app.filenames(index)).toEqual([SDIST]);
      expect((await app.get(`${wheelPath}.metadata`)).status).not.toBe(200);

      await send('DELETE', sdistPath, index.user.auth);
      expect(await app.events()).toEqual([
        'packages.file-removed',
        'packages.release-removed',
        'packages.project-removed',
      ]);
      expect(await app.page(index)).toBe(404);
    });

    test('and a file that was removed says so, in both ways', async () => {
      const index = await filled();
      const path = await app.filePath(index, WHEEL);
      await send('DELETE', path, index.user.auth);
      await app.events();

      expect(await send('GET', path)).toEqual([410, 'file existed, deleted in later serial']);
      expect(await send('DELETE', path, index.user.auth)).toEqual([
        410,
        `file '${path.slice(1)}' existed, deleted in later serial`,
      ]);
      const never = path.replace('demo-1.0', 'demo-3.0');
      expect(await send('GET', never)).toEqual([404, 'no such file']);
      expect(await send('DELETE', never, index.user.auth)).toEqual([
        404,
        `package '${never.slice(1)}' doesn't exist`,
      ]);
      expect(await app.events()).toEqual([]);
    });

    test('from a non-volatile index with ?force only', async () => {
      const index = await filled({ volatile: false });
      const path = await app.filePath(index, WHEEL);
      const before = await app.contents();

      expect(await send('DELETE', path, index.user.auth)).toEqual([
        403,
        'cannot delete version on non-volatile index',
      ]);
      expect(await send('DELETE', `${index.path}/demo/1.0`, index.user.auth)).toEqual([
        403,
        'cannot delete version on non-volatile index',
      ]);
      expect(await send('DELETE', `${index.path}/demo`, ROOT)).toEqual([
        403,
        `project demo is on non-volatile index ${index.full}`,
      ]);
      expect(await app.contents()).toEqual(before);

      expect((await send('DELETE', `${path}?force`, index.user.auth))[0]).toBe(200);
      expect((await send('DELETE', `${index.path}/demo/2.0?force=`, index.user.auth))[0]).toBe(200);
      expect((await send('DELETE', `${index.path}/demo?force`, index.user.auth))[0]).toBe(200);
      expect(await app.events()).toEqual([
        'packages.file-removed',
        'packages.release-removed',
        'packages.project-removed',
      ]);
    });

    test('and what does not exist answers 404', async () => {
      const index = await filled();

      expect(await send('DELETE', `${index.path}/nothing`, index.user.auth)).toEqual([
        404,
        'project not found',
      ]);
      expect((await send('DELETE', `${index.path}/nothing/1.0`, index.user.auth))[0]).toBe(404);
      expect(await send('DELETE', `${index.path}/demo/9`, index.user.auth)).toEqual([
        404,
        'The version 9 of project demo does not exist.',
      ]);
      expect((await send('DELETE', `/root/nothing/demo`, ROOT))[0]).toBe(404);
      expect(await app.events()).toEqual([]);
    });

    test('from the index that was asked only, never from a base', async () => {
      const base = await filled();
      const index = await app.index({ bases: base.full, user: base.user });

      expect((await send('DELETE', `${index.path}/demo`, index.user.auth))[0]).toBe(404);
      expect(await app.filenames(index)).toHaveLength(3);
      expect(await app.events()).toEqual([]);
    });

    test('and their names can be used again', async () => {
      const index = await filled();
      const path = await app.filePath(index, WHEEL);
      await send('DELETE', `${index.path}/demo`, index.user.auth);
      await app.events();

      const response = await app.upload(index, wheelUpload());

      expect(response.status).toBe(200);
      expect(await app.events()).toEqual(['packages.project-created', 'packages.file-uploaded']);
      expect((await app.get(path)).status).toBe(200);
    });
  });

  describe('are yanked', () => {
    const yanked = async (index: TestIndex) => {
      const { files } = (await app.page(index)) as { files: { filename: string; yanked: unknown }[] };
      return Object.fromEntries(files.map((file) => [file.filename, file.yanked]));
    };
    const yank = (index: TestIndex, json?: unknown, version = '1.0') =>
      app.request('PUT', `${index.path}/Demo/${version}/+yank`, {
        auth: index.user.auth,
        headers: JSON_ONLY,
        ...(json !== undefined && { json }),
      });

    test('by release, with or without a reason, and back', async () => {
      const index = await filled();

      const response = await yank(index);
      expect([response.status, response.json()]).toEqual([200, { filenames: [WHEEL, SDIST] }]);
      expect(await yanked(index)).toEqual({
        [WHEEL]: true,
        [SDIST]: true,
        'demo-2.0-py3-none-any.whl': false,
      });

      await yank(index, { reason: 'broken <b>' });
      expect(await yanked(index)).toMatchObject({ [WHEEL]: 'broken <b>', [SDIST]: 'broken <b>' });

      const back = await app.request('DELETE', `${index.path}/demo/1.0/+yank`, { auth: index.user.auth });
      expect([back.status, back.json()]).toEqual([200, { filenames: [WHEEL, SDIST] }]);
      expect(await yanked(index)).toMatchObject({ [WHEEL]: false, [SDIST]: false });
      const events = await app.eventsWithData();
      expect(events).toMatchObject([
        { type: 'packages.release-yanked', data: { version: '1.0', reason: '', filenames: [WHEEL, SDIST] } },
        { type: 'packages.release-yanked', data: { reason: 'broken <b>' } },
        { type: 'packages.release-unyanked', data: { filenames: [WHEEL, SDIST] } },
      ]);
      expect(events).toHaveLength(3);
    });

    test('by file', async () => {
      const index = await filled();

      expect((await yank(index, { filenames: [SDIST], reason: 'x' })).json()).toEqual({ filenames: [SDIST] });
      expect(await yanked(index)).toMatchObject({ [WHEEL]: false, [SDIST]: 'x' });
      await yank(index);
      const back = await app.request('DELETE', `${index.path}/demo/1.0/+yank`, {
        auth: index.user.auth,
        json: { filenames: [WHEEL] },
      });
      expect(back.json()).toEqual({ filenames: [WHEEL] });
      expect(await yanked(index)).toMatchObject({ [WHEEL]: false, [SDIST]: true });
      expect(await app.events()).toHaveLength(3);
    });

    test('and stay downloadable', async () => {
      const index = await filled();
      await yank(index);

      expect((await app.get(await app.filePath(index, WHEEL))).status).toBe(200);
      const data = (await app.get(`${index.path}/demo/1.0`, JSON_ONLY)).json().result;
      expect(data['+links'].map((link: { yanked?: unknown }) => link.yanked)).toEqual([true, true]);
      await app.events();
    });

    test('also on a non-volatile index', async () => {
      const index = await filled({ volatile: false });

      expect((await yank(index)).status).toBe(200);
      expect(await app.events()).toEqual(['packages.release-yanked']);
    });

    test.each([
      ['a file that is not there', { filenames: ['x.whl'] }, 404, 'release 1.0 has no file x.whl'],
      ['no file', { filenames: [] }, 400, expect.stringContaining('field filenames')],
      ['a reason that is no text', { reason: 5 }, 400, expect.stringContaining('field reason')],
      ['a reason that is a book', { reason: 'x'.repeat(1001) }, 400, expect.stringContaining('field reason')],
    ])('but not with %s', async (_what, json, status, message) => {
      const index = await filled();
      const before = await app.contents();

      const response = await yank(index, json);

      expect([response.status, response.json().message]).toEqual([status, message]);
      expect(await app.contents()).toEqual(before);
    });

    test('but not if they do not exist', async () => {
      const index = await filled();

      expect((await yank(index, {}, '9')).status).toBe(404);
      expect(await send('PUT', `${index.path}/nothing/1.0/+yank`, index.user.auth)).toMatchObject([404, {}]);
      expect(await app.events()).toEqual([]);
    });
  });
});

test('versions are ordered by PEP 440, what is none comes first', () => {
  const ordered = [
    'banana',
    'x1',
    '1.0.dev1',
    '1.0a2',
    '1.0rc1',
    '1.0',
    '1.0+local',
    '1.0.post1',
    '1.9',
    '1.10',
    '1!0.1',
  ];

  expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered);
  expect(['1.0', '1.0.0'].sort(compareVersions)).toEqual(['1.0', '1.0.0']);
});
