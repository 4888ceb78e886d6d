import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, type Auth, type TestApp, type TestIndex, type TestResponse } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { FixtureIndex, wheelFile } from '#test/fixture-index.ts';
import { mirrorApp, mirrorOf } from '#test/mirrors.ts';
import { wheelUpload } from '#test/uploads.ts';

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
const WHEEL = 'secret-1.0-py3-none-any.whl';

const readers = ['reader', 'member of a group', 'token of the reader', 'owner', 'root'] as const;
const refused = {
  anonymous: 401,
  'wrong password': 401,
  'ended login': 401,
  stranger: 403,
  uploader: 403,
  'token without the scope': 403,
  'token for another index': 403,
} as const;
type Caller = (typeof readers)[number] | keyof typeof refused;
const callers = [...(Object.keys(refused) as (keyof typeof refused)[]), ...readers];

/** Below an index, for a project; what is refused must be refused for any project, there or not. */
type Ask = (
  scene: Scene,
  project: string,
) => Readonly<{
  path: string;
  method?: string;
  headers?: Record<string, string>;
}>;

interface Scene {
  readonly index: TestIndex;
  /** The path of the wheel of `secret`. */
  readonly file: string;
  readonly auths: Readonly<Record<Caller, Auth | undefined>>;
}

const simple = ({ index }: Scene, project: string) => `${index.path}/+simple/${project}/`;
const fileOf = ({ file }: Scene, project: string) => file.replace('secret-1.0', `${project}-1.0`);

/** Every address below an index that tells of what is on it. */
const surfaces: Readonly<Record<string, Ask>> = {
  'the list': ({ index }) => ({ path: `${index.path}/+simple/`, headers: { accept: JSON_TYPE } }),
  'the list as HTML': ({ index }) => ({ path: `${index.path}/+simple/`, headers: { accept: 'text/html' } }),
  'the list without its slash': ({ index }) => ({ path: `${index.path}/+simple` }),
  'a page': (scene, project) => ({ path: simple(scene, project), headers: { accept: JSON_TYPE } }),
  'a page as HTML': (scene, project) => ({ path: simple(scene, project), headers: { accept: 'text/html' } }),
  'a page in gzip': (scene, project) => ({
    path: simple(scene, project),
    headers: { accept: JSON_TYPE, 'accept-encoding': 'gzip' },
  }),
  'a page by format': (scene, project) => ({
    path: `${simple(scene, project)}?format=${encodeURIComponent(JSON_TYPE)}`,
  }),
  'a page with the plus sign quoted': (scene, project) => ({
    path: simple(scene, project).replace('+', '%2B'),
  }),
  'HEAD of a page': (scene, project) => ({ path: simple(scene, project), method: 'HEAD' }),
  'a page that the client may have': (scene, project) => ({
    path: simple(scene, project),
    headers: { 'if-none-match': '*' },
  }),
  'a file': (scene, project) => ({ path: fileOf(scene, project) }),
  'HEAD of a file': (scene, project) => ({ path: fileOf(scene, project), method: 'HEAD' }),
  'a file that the client may have': (scene, project) => ({
    path: fileOf(scene, project),
    headers: { 'if-none-match': '*' },
  }),
  'a piece of a file': (scene, project) => ({
    path: fileOf(scene, project),
    headers: { range: 'bytes=0-3' },
  }),
  'no piece of a file': (scene, project) => ({
    path: fileOf(scene, project),
    headers: { range: 'bytes=99999999-' },
  }),
  'what is known of a file': (scene, project) => ({
    path: fileOf(scene, project),
    headers: { accept: 'application/json' },
  }),
  'a metadata file': (scene, project) => ({ path: `${fileOf(scene, project)}.metadata` }),
  'a file without a hash': ({ index }, project) => ({ path: `${index.path}/+e/x/${project}-1.0.tar.gz` }),
  'a removed file': ({ index }, project) => ({
    path: `${index.path}/+f/000/0000000000000/${project}-1.0.tar.gz`,
  }),
  'the index': ({ index }) => ({ path: index.path, headers: { accept: 'application/json' } }),
  'the index without projects': ({ index }) => ({ path: `${index.path}?no_projects=` }),
  'a search of the index': ({ index }) => ({ path: `${index.path}?q=secret&total` }),
  'a project': ({ index }, project) => ({ path: `${index.path}/${project}` }),
  'a project spelt otherwise': ({ index }, project) => ({ path: `${index.path}/${project.toUpperCase()}` }),
  'a project of this index only': ({ index }, project) => ({
    path: `${index.path}/${project}?ignore_bases`,
  }),
  'a release': ({ index }, project) => ({ path: `${index.path}/${project}/1.0` }),
  'why a project is there': ({ index }, project) => ({ path: `${index.path}/+why/${project}` }),
  'why a file is there': ({ index }, project) => ({
    path: `${index.path}/+why/${project}?file=${WHEEL}`,
  }),
  'a refresh': (scene, project) => ({ path: `${simple(scene, project)}refresh`, method: 'POST' }),
  'what nginx asks about a page': (scene, project) => ({
    path: '/+authcheck',
    headers: { 'x-original-uri': simple(scene, project) },
  }),
  'what nginx asks about a file': (scene, project) => ({
    path: '/+authcheck',
    headers: { 'x-original-uri': `/.${fileOf(scene, project).replaceAll('/', '//').replace('+', '%2b')}?x` },
  }),
};

/** No cache gives the answer to others. An error is not kept at all; where a redirect leads is no secret. */
function expectNotShared({ status, headers }: TestResponse): void {
  if (status === 302) return;
  const isError = [401, 403, 404, 410].includes(status);
  expect(headers['cache-control']).toBe(isError ? 'no-store' : 'private, no-cache');
  if (!isError) expect(headers['vary']).toContain('Authorization, X-Devpi-Auth, Cookie');
}

describe.each(databases)('an index that names its readers, on %s', (database) => {
  let app: TestApp;
  let upstream: FixtureIndex;
  let pypi: TestIndex;
  let scene: Scene;
  let other: TestIndex;

  beforeAll(async () => {
    app = await mirrorApp({ database });
    upstream = await FixtureIndex.start();
    for (const name of ['secret', 'popular']) upstream.set(name, [wheelFile({ name, version: '99.0' })]);
    pypi = await mirrorOf(app, upstream);
    other = await app.index();
    const [owner, reader, uploader, stranger, member, ended] = await Promise.all(
      ['owner', 'reader', 'uploader', 'stranger', 'member', 'ended'].map((name) =>
        app.user(`${name}-${database}`),
      ),
    );
    if (!owner || !reader || !uploader || !stranger || !member || !ended) throw new Error('no users');
    await succeed('PUT', '/+groups/team', ROOT, { members: [member.name] });
    const index = await app.index({
      user: owner,
      acl_read: [reader.name, ':team', ended.name],
      acl_upload: [owner.name, uploader.name],
      custom_data: 'secret',
    });
    for (const name of ['secret', 'secret-other']) await app.fill(index, wheelUpload({ name }));
    const { password } = (await succeed('POST', '/+login', undefined, {
      user: ended.name,
      password: ended.auth[1],
    })) as { password: string };
    await succeed('PATCH', `/${ended.name}`, ended.auth, { password: 'another' });
    const tokenFor = async (scopes: readonly string[], on: string): Promise<Auth> => {
      const { token } = (await succeed('POST', '/+tokens', reader.auth, {
        name: `${scopes} ${on}`,
        scopes,
        on: [on],
      })) as { token: string };
      return ['__token__', token];
    };
    const auths = {
      anonymous: undefined,
      'ended login': [ended.name, password],
      'member of a group': member.auth,
      'token of the reader': await tokenFor(['packages.read'], index.full),
      'token without the scope': await tokenFor(['packages.upload'], index.full),
      'token for another index': await tokenFor(['packages.read'], other.full),
      'wrong password': [reader.name, 'wrong'],
      stranger: stranger.auth,
      uploader: uploader.auth,
      reader: reader.auth,
      owner: owner.auth,
      root: ROOT,
    } as const;
    const page = await as(auths.owner, `${index.path}/+simple/secret/`);
    const url = (page.json() as { files: { url: string }[] }).files[0]?.url ?? 'missing';
    scene = { index, auths, file: new URL(url, `${app.url}${index.path}/+simple/secret/`).pathname };
  });

  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  async function succeed(method: string, path: string, auth: Auth | undefined, json: unknown) {
    const response = await app.request(method, path, { auth, json });
    expect(response.status, response.text).toBeLessThan(300);
    return (response.json() as { result: unknown }).result;
  }

  const as = (auth: Auth | undefined, path: string, headers: Record<string, string> = {}) =>
    app.request('GET', path, { auth, headers: { accept: JSON_TYPE, ...headers } });

  async function send(ask: Ask, caller: Caller, project: string): Promise<TestResponse> {
    const { path, method = 'GET', headers = {} } = ask(scene, project);
    return await app.request(method, path, { auth: scene.auths[caller], headers });
  }

  /** Nothing cached is left after a change of any index. */
  async function chill(): Promise<void> {
    const json = { title: String(Math.random()) };
    const response = await app.request('PATCH', other.path, { json, auth: other.user.auth });
    expect(response.status).toBe(200);
  }

  /** What is said, without the number of the request and the address that was asked for: a login comes back to it. */
  function said({ text }: TestResponse): string {
    return text.replace(/request (?:<code>)?\w+/, '').replace(/\?next=[^"]*/, '');
  }

  function told(response: TestResponse) {
    const { status, headers } = response;
    return { status, challenge: headers['www-authenticate'], text: said(response) };
  }

  describe.each(Object.entries(surfaces))('%s', (_name, ask) => {
    test.each(callers)('for %s', async (caller) => {
      const expected = caller in refused ? refused[caller as keyof typeof refused] : undefined;
      const check = (response: TestResponse) => {
        if (expected === undefined) expect([401, 403, 500]).not.toContain(response.status);
        else {
          expect(response.status, response.text).toBe(expected);
          expect(said(response)).not.toContain('secret');
          expect(response.headers['etag']).toBeUndefined();
          const challenge = expected === 401 ? 'Basic realm="pypi"' : undefined;
          expect(response.headers['www-authenticate']).toBe(challenge);
        }
        expectNotShared(response);
      };
      await chill();
      check(await send(ask, caller, 'secret'));

      const warmed = await send(ask, 'owner', 'secret');
      expect((await send(ask, 'owner', 'secret')).status).toBe(warmed.status);
      const again = await send(ask, caller, 'secret');
      check(again);

      if (expected === undefined) expect(again.bytes).toEqual(warmed.bytes);
      else expect(told(await send(ask, caller, 'missing'))).toEqual(told(again));
    });
  });

  test('says where to log in to everybody', async () => {
    const api = await app.get(`${scene.index.path}/+api`);

    expect([api.status, api.json().result.login]).toEqual([200, `${app.url}/+login`]);
  });

  test('is listed by name, and shows its options to its readers only', async () => {
    for (const path of ['/', `/${scene.index.user.name}`]) {
      const shown = async (caller: Caller) => {
        const { result } = (await as(scene.auths[caller], path)).json();
        return (path === '/' ? result[scene.index.user.name] : result).indexes[scene.index.name];
      };
      for (const caller of Object.keys(refused) as Caller[])
        expect(await shown(caller)).toEqual({ type: 'stage', volatile: true, bases: [] });
      for (const caller of readers)
        expect(await shown(caller), caller).toMatchObject({
          custom_data: 'secret',
          acl_read: expect.anything(),
        });
    }
  });

  test('names nothing in metrics, status, or events that others read', async () => {
    for (const path of ['/+metrics', '/+status', '/+openapi.json', '/+events']) {
      expect((await app.get(path)).text).not.toMatch(/secret-other|secret-1/);
    }
  });

  describe('as a base of a public index', () => {
    let merged: TestIndex;
    let open: TestIndex;

    beforeAll(async () => {
      open = await app.index();
      await app.fill(open, wheelUpload({ name: 'open-thing' }), wheelUpload({ name: 'both' }));
      await app.fill(scene.index, wheelUpload({ name: 'both', version: '2.0' }));
      merged = await app.index({
        bases: [scene.index.full, open.full, pypi.full],
        user: scene.index.user,
      });
    });

    const seenBy = (caller: Caller) => !(caller in refused);
    const answer = (caller: Caller, path: string, headers?: Record<string, string>) =>
      as(scene.auths[caller], `${merged.path}/${path}`, headers ?? acceptFor(path));

    const acceptFor = (path: string): Record<string, string> =>
      path.startsWith('+simple') ? {} : { accept: 'application/json' };

    /** Cold, then after the owner, then after a stranger. */
    async function eachTime(caller: Caller, path: string, check: (response: TestResponse) => void) {
      await chill();
      check(await answer(caller, path));
      for (const before of ['owner', 'stranger', 'reader'] as const) {
        await answer(before, path);
        check(await answer(caller, path));
      }
    }

    test.each(callers)('shows %s what the base allows', async (caller) => {
      const expected = seenBy(caller)
        ? ['both-1.0-py3-none-any.whl', 'both-2.0-py3-none-any.whl']
        : ['both-1.0-py3-none-any.whl'];
      await eachTime(caller, '+simple/both/', (response) => {
        const { files } = response.json() as { files: { filename: string }[] };
        expect(files.map(({ filename }) => filename)).toEqual(expected);
        expect(response.headers['cache-control']).toBe('private, no-cache');
        expect(response.headers['vary']).toBe('Accept, Accept-Encoding, Authorization, X-Devpi-Auth, Cookie');
      });
      await eachTime(caller, 'both', (response) => {
        expect(Object.keys(response.json().result)).toEqual(seenBy(caller) ? ['2.0', '1.0'] : ['1.0']);
      });
      await eachTime(caller, '+simple/', (response) => {
        const names = (response.json() as { projects: { name: string }[] }).projects.map(({ name }) => name);
        expect(names).toEqual(expect.arrayContaining(['both', 'open-thing', 'popular']));
        expect(names.includes('secret-other')).toBe(seenBy(caller));
      });
      await eachTime(caller, '+why/secret-other', (response) => {
        if (!seenBy(caller)) expect(response.text).not.toContain('has the project');
      });
    });

    test.each(callers)('gives %s nothing of the mirror under a private name', async (caller) => {
      const asked = upstream.requests(upstream.pagePath('secret'));
      await eachTime(caller, '+simple/secret/', (response) => {
        expect(response.status).toBe(seenBy(caller) ? 200 : 404);
        expect(response.text).not.toContain('99.0');
      });
      await eachTime(caller, 'secret', ({ status }) => expect(status).toBe(seenBy(caller) ? 200 : 404));
      await eachTime(caller, 'secret/99.0', ({ status }) => expect(status).toBe(404));
      await eachTime(caller, '+why/secret', (response) => {
        expect(response.json().isVisible).toBe(seenBy(caller));
      });
      await app.request('POST', `${merged.path}/+simple/secret/refresh`, { auth: scene.auths[caller] });

      expect(upstream.requests(upstream.pagePath('secret'))).toBe(asked);
    });

    test('answers strangers of a private name as of one that nobody has', async () => {
      const [hidden, missing] = await Promise.all(
        ['secret-other', 'missing-other'].map((name) => answer('anonymous', `+simple/${name}/`)),
      );
      expect(hidden?.text.replaceAll('secret', 'missing')).toBe(missing?.text);
      const [why, whyMissing] = await Promise.all(
        ['secret-other', 'missing-other'].map((name) => answer('anonymous', `+why/${name}`)),
      );
      expect(why?.text.replaceAll('secret', 'missing')).toBe(whyMissing?.text);
    });
  });

  test('takes effect at once, and so does its end', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload());
    const above = await app.index({ bases: [index.full] });
    const file = await app.filePath(index, 'demo-1.0-py3-none-any.whl');
    const paths = [`${index.path}/+simple/demo/`, `${index.path}/+simple/`, file, `${file}.metadata`];
    const statuses = async () => {
      const found = [];
      for (const path of [...paths, `${above.path}/+simple/demo/`]) found.push((await app.get(path)).status);
      return found;
    };
    const change = async (operation: string) => {
      const response = await app.request('PATCH', index.path, {
        json: [operation],
        auth: index.user.auth,
      });
      expect(response.status, response.text).toBe(200);
    };
    await statuses();
    expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
    expect((await app.get(file)).headers['cache-control']).toContain('public');

    await change('acl_read=');
    expect(await statuses()).toEqual([401, 401, 401, 401, 404]);
    await change('acl_read+=:ANONYMOUS:');
    expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
    expect((await app.get(file)).headers['cache-control']).toContain('public');
    await change('acl_read=:AUTHENTICATED:');
    expect(await statuses()).toEqual([401, 401, 401, 401, 404]);
    expect((await as(scene.auths.stranger, file)).status).toBe(200);
    await change('acl_read-=');
    expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
    expect((await app.get(index.path, { accept: 'application/json' })).json().result).not.toHaveProperty(
      'acl_read',
    );
  });

  test('on a mirror holds for its pages, files and lists, and upstream is not asked for others', async () => {
    const mirror = await mirrorOf(app, upstream, { acl_read: [scene.auths.reader?.[0]] });
    const above = await app.index({ bases: [mirror.full], user: mirror.user });
    const asked = upstream.requests();
    for (const path of ['+simple/', '+simple/popular/', 'popular', '+why/popular'])
      expect((await app.get(`${mirror.path}/${path}`)).status).toBe(401);
    expect((await app.get(`${above.path}/+simple/popular/`)).status).toBe(404);
    expect((await app.get(`${above.path}/+simple/`)).text).not.toContain('popular');
    expect(upstream.requests()).toBe(asked);

    const page = await as(scene.auths.reader, `${mirror.path}/+simple/popular/`);
    expect(page.headers['cache-control']).toBe('private, no-cache');
    const [file] = (page.json() as { files: { url: string }[] }).files;
    const path = new URL(file?.url ?? '', `${app.url}${mirror.path}/+simple/popular/`).pathname;
    expect((await app.get(path)).status).toBe(401);
    for (let time = 0; time < 2; time += 1) {
      const got = await as(scene.auths.reader, path);
      expect([got.status, got.headers['cache-control']]).toEqual([200, 'private, no-cache']);
      expect((await app.get(path)).status).toBe(401);
    }
    expect((await as(scene.auths.reader, `${above.path}/+simple/popular/`)).status).toBe(200);
    expect((await as(scene.auths.reader, `${above.path}/+simple/`)).text).toContain('popular');
    expect((await app.get(`${above.path}/+simple/`)).text).not.toContain('popular');
  });

  test('leaves no trace of its files when it is deleted', async () => {
    const index = await app.index({ acl_read: [] });
    await app.fill(index, wheelUpload());
    const page = await as(index.user.auth, `${index.path}/+simple/demo/`);
    const [file] = (page.json() as { files: { url: string }[] }).files;
    const path = new URL(file?.url ?? '', `${app.url}${index.path}/+simple/demo/`).pathname;
    await app.request('DELETE', `${index.path}/demo`, { auth: index.user.auth });
    expect((await as(index.user.auth, path)).status).toBe(410);
    expect((await app.get(path)).status).toBe(401);

    await app.request('DELETE', index.path, { auth: index.user.auth });
    expect((await app.get(path)).status).toBe(404);
  });

  test('counts a wrong password as nobody where everybody may read, and as nobody else', async () => {
    const wrong = [scene.auths.owner?.[0] ?? '', 'wrong'] as const;

    expect((await as(wrong, `${other.path}/+simple/`)).status).toBe(200);
    expect((await as(wrong, `${scene.index.path}/+simple/`)).status).toBe(401);
    expect((await as(wrong, '/+api')).json().result.authstatus).toEqual(['noauth', '', []]);
  });

  test('becomes a base by choice of its readers only, and stays one when they are no more', async () => {
    const index = await app.index({ acl_read: [] });
    const above = await app.index();
    const { auth } = above.user;
    const patch = async (path: string, operation: string, by: Auth) =>
      (await app.request('PATCH', path, { json: [operation], auth: by })).status;
    const create = async (name: string) =>
      (await app.request('PUT', `/${above.user.name}/${name}`, { json: { bases: [index.full] }, auth }))
        .status;

    expect(await create('spy')).toBe(403);
    expect((await app.get(`/${above.user.name}/spy`)).status).toBe(404);
    expect(await patch(above.path, `bases+=${index.full}`, auth)).toBe(403);
    await patch(index.path, `acl_read+=${above.user.name}`, index.user.auth);
    expect(await patch(above.path, `bases+=${index.full}`, auth)).toBe(200);
    await patch(index.path, 'acl_read=', index.user.auth);
    expect(await patch(above.path, `bases+=${other.full}`, auth)).toBe(200);
    expect((await app.get(above.path, { accept: 'application/json' })).json().result.bases).toEqual([
      index.full,
      other.full,
    ]);
    expect(await create('spy')).toBe(403);
  });

  test('refuses a list of readers that is none', async () => {
    const response = await app.request('PATCH', other.path, {
      json: { acl_read: 5 },
      auth: other.user.auth,
    });

    expect(response.status).toBe(400);
  });
});
