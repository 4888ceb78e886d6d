import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Identity } from '#kernel/identity.ts';
import { ROOT, testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { startTestSession } from '#test/session.ts';
import { documentationUpload, uploadForm, wheelUpload } from '#test/uploads.ts';
import { policy, type Subject } from '../src/packages/policy.ts';
import { parts } from '../src/parts.ts';

const callers = ['anonymous', 'wrong password', 'stranger', 'listed', 'owner', 'root'] as const;
type Caller = (typeof callers)[number];

/**
 * Who may send what, written out for every route: `+` may, `-` may not, in the order of `callers`. `listed` is a user whom
 * `acl_upload` of the index names; the owner is not named. A route without a row fails the test.
 */
const table: Readonly<Record<string, string>> = {
  'GET /': '++++++',
  'GET /+indexes page': '++++++',
  'GET /+login page': '++++++',
  'POST /+login page': '++++++',
  'POST /+logout page': '++++++',
  'GET /+account page': '--++++',
  'POST /+account/password page': '--++++',
  'POST /+account/sessions page': '--++++',
  'POST /+account/theme page': '--++++',
  'GET /+tokens page': '--++++',
  'GET /+tokens/+new page': '--++++',
  'POST /+tokens page': '--++++',
  'GET /+tokens/:id/+revoke page': '--++++',
  'POST /+tokens/:id/+revoke page': '--++++',
  'GET /+users page': '++++++',
  'GET /+users/+new page': '++++++',
  'POST /+users/+new page': '++++++',
  'GET /:user page': '++++++',
  'GET /:user/+edit page': '----++',
  'POST /:user/+edit page': '----++',
  'GET /:user/+delete page': '----++',
  'POST /:user/+delete page': '----++',
  'GET /+groups page': '-----+',
  'POST /+groups page': '-----+',
  'GET /+groups/:group page': '-----+',
  'POST /+groups/:group page': '-----+',
  'GET /+groups/:group/+delete page': '-----+',
  'POST /+groups/:group/+delete page': '-----+',
  'GET /+setup page': '++++++',
  'POST /+setup page': '++++++',
  'GET / page': '++++++',
  'GET /+search page': '++++++',
  'GET /+search/suggestions page': '++++++',
  'GET /+events page': '++++++',
  'GET /+events/export page': '++++++',
  'GET /+events/stream page': '++++++',
  'GET /+status page': '++++++',
  'GET /+status/stream page': '++++++',
  'GET /+settings page': '-----+',
  'GET /+static/*': '++++++',
  // Tokens of root with their own scope alone: test/replicas.test.ts.
  'GET /+replication/primary': '------',
  'GET /+replication/changes': '------',
  'GET /+replication/files/:sha256': '------',
  'GET /+api': '++++++',
  'GET /+authcheck': '++++++',
  'GET /+events': '++++++',
  'POST /+login': '++++++',
  'GET /+healthz': '++++++',
  'GET /+readyz': '++++++',
  'GET /+metrics': '++++++',
  'GET /+openapi.json': '++++++',
  'GET /+search': '++++++',
  'GET /+status': '++++++',
  'GET /+groups': '-----+',
  'PUT /+groups/:group': '-----+',
  'PATCH /+groups/:group': '-----+',
  'DELETE /+groups/:group': '-----+',
  'GET /+tokens': '--++++',
  'POST /+tokens': '--++++',
  'DELETE /+tokens/:id': '--++++',
  'GET /+webhooks page': '-----+',
  'POST /+webhooks page': '-----+',
  'GET /+webhooks/:id page': '-----+',
  'POST /+webhooks/:id/+test page': '-----+',
  'GET /+webhooks/:id/+remove page': '-----+',
  'POST /+webhooks/:id/+remove page': '-----+',
  'GET /:user/:index/+webhooks page': '----++',
  'POST /:user/:index/+webhooks page': '----++',
  'GET /:user/:index/+webhooks/:id page': '----++',
  'POST /:user/:index/+webhooks/:id/+test page': '----++',
  'GET /:user/:index/+webhooks/:id/+remove page': '----++',
  'POST /:user/:index/+webhooks/:id/+remove page': '----++',
  'POST /+builds/projects': '-----+',
  'GET /+builds/projects': '-----+',
  'DELETE /+builds/projects/:user/:index/:project': '-----+',
  'GET /+builds': '-----+',
  'GET /+builds/:id': '-----+',
  'GET /+builds/:id/log': '-----+',
  'POST /+builds/:id/log': '-----+',
  'POST /+builds/:id/retry': '-----+',
  'POST /+builds/:id/cancel': '-----+',
  'POST /+builds/:id/heartbeat': '-----+',
  'PUT /+builds/:id/files/:filename': '-----+',
  'POST /+builds/:id/result': '-----+',
  'GET /+builds page': '-----+',
  'GET /+builds/:id page': '-----+',
  'GET /+builds/:id/log page': '-----+',
  'GET /+builds/:id/log/stream page': '-----+',
  'POST /+builds/:id/retry page': '-----+',
  'GET /+builds/:id/cancel page': '-----+',
  'POST /+builds/:id/cancel page': '-----+',
  'POST /+builds/projects/:user/:index/:project/skip': '-----+',
  'POST /+builds/projects/:user/:index/:project/unskip': '-----+',
  'GET /+builds/projects page': '-----+',
  'POST /+builds/projects page': '-----+',
  'GET /+builds/projects/:user/:index/:project page': '-----+',
  'GET /+builds/projects/:user/:index/:project/+remove page': '-----+',
  'POST /+builds/projects/:user/:index/:project/+remove page': '-----+',
  'GET /+builders page': '-----+',
  'POST /+builders/:name page': '-----+',
  'GET /+builders': '-----+',
  'POST /+builders': '-----+',
  'PATCH /+builders/:name': '-----+',
  'POST /+builders/:name/lease': '-----+',
  'GET /+webhooks': '-----+',
  'POST /+webhooks': '-----+',
  'GET /+webhooks/:id': '-----+',
  'DELETE /+webhooks/:id': '-----+',
  'POST /+webhooks/:id/+test': '-----+',
  'GET /:user/:index/+webhooks': '----++',
  'POST /:user/:index/+webhooks': '----++',
  'GET /:user/:index/+webhooks/:id': '----++',
  'DELETE /:user/:index/+webhooks/:id': '----++',
  'POST /:user/:index/+webhooks/:id/+test': '----++',
  'GET /:user': '++++++',
  'PUT /:user': '++++++',
  'PATCH /:user': '----++',
  'DELETE /:user': '----++',
  'GET /:user/+api': '++++++',
  'GET /:user/:index': '++++++',
  'GET /:user/:index page': '++++++',
  'GET /:user/:index/+inherited page': '++++++',
  'GET /:user/:index/+use page': '++++++',
  'GET /:user/:index/+permissions page': '++++++',
  'GET /:user/+new-index page': '----++',
  'POST /:user/+new-index page': '----++',
  'GET /:user/:index/+settings page': '----++',
  'POST /:user/:index/+settings page': '----++',
  'GET /:user/:index/+delete page': '----++',
  'POST /:user/:index/+delete page': '----++',
  'GET /:user/:index/+upload page': '++++++',
  'POST /:user/:index/+upload page': '---+--',
  'GET /:user/:index/:project/:version/+yank page': '---+++',
  'POST /:user/:index/:project/:version/+yank page': '---+++',
  'GET /:user/:index/:project/:version/+unyank page': '---+++',
  'POST /:user/:index/:project/:version/+unyank page': '---+++',
  'GET /:user/:index/:project/:version/+remove page': '---+++',
  'POST /:user/:index/:project/:version/+remove page': '---+++',
  'GET /:user/:index/:project/+remove page': '---+++',
  'POST /:user/:index/:project/+remove page': '---+++',
  'GET /:user/:index/:project/+refresh page': '++++++',
  'POST /:user/:index/:project/+refresh page': '++++++',
  'PUT /:user/:index': '----++',
  'PATCH /:user/:index': '----++',
  'DELETE /:user/:index': '----++',
  'POST /:user/:index': '---+--',
  'POST /:user/:index/+retention': '---+++',
  'PUSH /:user/:index': '++++++',
  'GET /:user/:index/+api': '++++++',
  'GET /:user/:index/+e/*': '++++++',
  'GET /:user/:index/+f/*': '++++++',
  'POST /:user/:index/+f/*': '++++++',
  'DELETE /:user/:index/+f/*': '---+++',
  'GET /:user/:index/+simple': '++++++',
  'GET /:user/:index/+simple/:project': '++++++',
  'POST /:user/:index/+simple/:project/refresh': '++++++',
  'GET /:user/:index/+why/:project': '++++++',
  'GET /:user/:index/:project page': '++++++',
  'GET /:user/:index/+why/:project page': '++++++',
  'GET /:user/:index/:project/+history page': '++++++',
  'GET /:user/:index/:project/:version page': '++++++',
  'GET /:user/:index/:project/:version/+files page': '++++++',
  'GET /:user/:index/:project/:version/+d page': '++++++',
  'GET /:user/:index/:project/:version/+d/* page': '++++++',
  'GET /:user/:index/:project/:version/+dependencies page': '++++++',
  'GET /:user/:index/:project/:version/+metadata page': '++++++',
  'GET /:user/:index/:project/:version/+history page': '++++++',
  'GET /:user/:index/:project/:version/+toxresults/:filename page': '++++++',
  'GET /:user/:index/:project/:version/+toxresults/:filename/:result page': '++++++',
  'GET /:user/:index/:project': '++++++',
  'DELETE /:user/:index/:project': '---+++',
  'GET /:user/:index/:project/:version': '++++++',
  'DELETE /:user/:index/:project/:version': '---+++',
  'GET /:user/:index/:project/json': '++++++',
  'GET /:user/:index/:project/:version/json': '++++++',
  'GET /:user/:index/+simple/:project/json': '++++++',
  'GET /:user/:index/pypi/:project/json': '++++++',
  'GET /:user/:index/pypi/:project/:version/json': '++++++',
  'GET /:user/:index/:project/:version/+doc': '++++++',
  'GET /:user/:index/:project/:version/+doc/*': '++++++',
  'PUT /:user/:index/:project/:version/+yank': '---+++',
  'DELETE /:user/:index/:project/:version/+yank': '---+++',
};

describe('the policy of packages', () => {
  const config = { config: {} as never };
  const subject = (options: object): Subject => ({
    user: 'owner',
    name: 'owner/dev',
    index: { id: 1, user: 'owner', name: 'dev', type: 'stage', options: { ...options }, isTrusted: false },
  });
  const mayUpload = (identity: Identity, acl_upload: readonly string[]) =>
    policy.isAllowed(config, identity, 'packages.upload', subject({ acl_upload }));

  test.each([
    [['someone'], false, true],
    [[':ANONYMOUS:'], true, true],
    [[':AUTHENTICATED:'], false, true],
    [[':team'], false, false],
    [['other'], false, false],
    [[], false, false],
  ])('of the uploaders %j anonymous is one: %s, someone is one: %s', (acl, forAnonymous, forSomeone) => {
    expect(mayUpload({ user: undefined, groups: [] }, acl)).toBe(forAnonymous);
    expect(mayUpload({ user: 'someone', groups: [] }, acl)).toBe(forSomeone);
  });

  test('lets a group in acl_upload stand for its members', () => {
    expect(mayUpload({ user: 'x', groups: ['team'] }, [':team'])).toBe(true);
    expect(mayUpload({ user: 'team', groups: [] }, [':team'])).toBe(false);
  });

  const token = (scopes: readonly string[], on?: readonly string[]): Identity => ({
    user: 'someone',
    groups: [],
    token: { id: 'a', name: 'ci', scopes, ...(on && { on }) },
  });

  test('lets an API token do what its scopes say, where its user may', () => {
    expect(mayUpload(token(['packages.upload']), ['someone'])).toBe(true);
    expect(mayUpload(token(['packages.read']), ['someone'])).toBe(false);
    expect(mayUpload(token([]), ['someone'])).toBe(false);
    expect(mayUpload(token(['packages.upload']), ['other'])).toBe(false);
  });

  test('binds an API token to the indexes that it names', () => {
    expect(mayUpload(token(['packages.upload'], ['owner/dev']), ['someone'])).toBe(true);
    expect(mayUpload(token(['packages.upload'], ['owner/prod']), ['someone'])).toBe(false);
  });

  test('lets an API token do what anybody may', () => {
    expect(mayUpload(token([]), [':ANONYMOUS:'])).toBe(true);
    expect(policy.isAllowed(config, token([]), 'packages.read', subject({}))).toBe(true);
  });

  test('denies what it does not know', () => {
    const root: Identity = { user: 'root', groups: [] };

    expect(policy.isAllowed(config, root, 'packages.invented' as 'packages.read', subject({}))).toBe(false);
    expect(() => policy.authorize(config, root, 'constructor' as 'packages.read', subject({}))).toThrow();
  });
});

test('every permission is named for its part, or for the server', () => {
  for (const { name, policy: each } of parts) {
    for (const permission of Object.keys(each.scopes)) {
      expect(permission).toMatch(new RegExp(`^(?:${name}|server)\\.[a-z]+(?:-[a-z]+)*$`));
    }
  }
});

interface Scene {
  readonly index: TestIndex;
  /** Where everybody may upload: a push needs that right, too. */
  readonly open: TestIndex;
  readonly webhooks: { readonly index: string; readonly server: string };
  readonly auths: Readonly<Record<Caller, Auth | undefined>>;
  /** Of the browsers in which they are logged in: pages know them by these. */
  readonly cookies: Readonly<Record<Caller, string>>;
}

/** Discard is a port that nothing listens at. */
const NOWHERE = 'http://127.0.0.1:9/';

/** The fields of a form that a page of ours sends; pages are named by their row in the table. */
const forms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'POST /+builders/:name page': { state: 'paused' },
};

function sentByBrowser(method: string, route: string, cookie: string) {
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
  if (method === 'GET') return { headers: { accept, cookie } };
  return {
    body: new URLSearchParams(forms[route] ?? {}).toString(),
    headers: {
      accept,
      cookie,
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    },
  };
}

const root: Auth = ['root', 'root secret'];

describe('every route', () => {
  let app: TestApp;
  let current: Scene | undefined;
  let tokens = 0;
  beforeAll(async () => {
    app = await testApp({
      database: 'sqlite',
      settings: { 'packages.webhook-private-addresses': 'anyone' },
    });
    // No browser is logged in with an empty password.
    await app.request('PATCH', '/root', { json: { password: root[1] }, auth: ROOT });
  });
  afterAll(async () => await app.close());

  test('has a row in the table, and every row a route', () => {
    const routes = app.routes
      .filter(({ method }) => method !== 'HEAD')
      .map(
        ({ method, path, operation }) =>
          `${method} ${path}${operation.audience === undefined ? '' : ' page'}`,
      );

    expect(routes.toSorted()).toEqual(Object.keys(table).toSorted());
  });

  test('that answers HEAD does the same as GET', () => {
    const gets = app.routes.filter(({ method }) => method === 'GET');
    const heads = app.routes.filter(({ method }) => method === 'HEAD');

    expect(heads.map(({ path, operation }) => [path, operation])).toEqual(
      gets.map(({ path, operation }) => [path, operation]),
    );
  });

  /** An index with one file, of a fresh owner, on which somebody else may upload. */
  async function newScene(): Promise<Scene> {
    const [listed, stranger] = [await app.user(), await app.user()];
    const index = await app.index({ acl_upload: [listed.name] });
    const open = await app.index({ user: index.user, acl_upload: [':ANONYMOUS:'] });
    await app.request('PUT', `/+groups/${index.user.name}`, { json: {}, auth: root });
    const uploaded = await app.upload(index, wheelUpload(), { auth: listed.auth });
    expect(uploaded.status).toBe(200);
    const pages = documentationUpload({ 'index.html': 'Hello' });
    expect((await app.upload(index, pages, { auth: listed.auth })).status).toBe(200);
    const auths = {
      anonymous: undefined,
      'wrong password': [index.user.name, 'wrong'] as const,
      stranger: stranger.auth,
      listed: listed.auth,
      owner: index.user.auth,
      root,
    };
    const cookies = {
      anonymous: '',
      'wrong password': `wheelhouse-${new URL(app.url).port}=${'x'.repeat(43)}`,
      stranger: await cookieOf(stranger.auth),
      listed: await cookieOf(listed.auth),
      owner: await cookieOf(index.user.auth),
      root: await cookieOf(root),
    };
    const webhooks = { index: await webhookBelow(index.path), server: await webhookBelow('') };
    return { index, open, webhooks, auths, cookies };
  }

  async function cookieOf(auth: Auth): Promise<string> {
    return (await startTestSession(app, { name: auth[0], auth })).cookie;
  }

  /** The id of a webhook below this path, which is told of nothing here; nobody listens where it sends to. */
  async function webhookBelow(path: string): Promise<string> {
    const listed = await app.request('GET', `${path}/+webhooks`, { auth: root });
    const known = (listed.json() as { result: { id: string }[] }).result[0]?.id;
    if (known !== undefined) return known;
    const json = { url: NOWHERE, events: ['packages.bundle-imported'] };
    const response = await app.request('POST', `${path}/+webhooks`, { json, auth: root });
    expect(response.status, response.text).toBe(201);
    return response.json().result.id;
  }

  /** The id of an API token of whoever this is. */
  async function newToken(auth: Auth | undefined): Promise<string> {
    const json = { name: `token${(tokens += 1)}`, scopes: ['packages.upload'] };
    const response = await app.request('POST', '/+tokens', { json, auth });
    return response.status === 201 ? response.json().result.id : 'none';
  }

  async function send(route: string, { index, open, webhooks, auths, cookies }: Scene, caller: Caller) {
    const auth = auths[caller];
    const [method = '', path = '', page] = route.split(' ');
    const file = (await app.filePath(index, 'demo-1.0-py3-none-any.whl')).split('/+f/')[1] ?? '';
    // There is no build of this number; who may ask learns it.
    const id = !path.includes(':id')
      ? ''
      : path.startsWith('/+builds')
        ? '4711'
        : path.includes('/+webhooks/')
          ? webhooks[path.startsWith('/+') ? 'server' : 'index']
          : await newToken(auth);
    const target = path
      .replace(':user', route === 'PUT /:user' ? `new-${index.user.name}` : index.user.name)
      .replace(':index', route === 'PUT /:user/:index' ? 'fresh' : index.name)
      .replace(':project', 'demo')
      .replace(':version', '1.0')
      .replace(':filename', 'demo-1.0-py3-none-any.whl')
      .replace(':group', route === 'PUT /+groups/:group' ? `new-${index.user.name}` : index.user.name)
      .replace(':id', id)
      .replace(':name', 'farm')
      .replace('*', /\+d(?:oc)?\//.test(path) ? 'index.html' : file);
    const json = {
      'POST /+login': { user: index.user.name, password: index.user.auth[1] },
      'PUT /+groups/:group': {},
      'PATCH /+groups/:group': { add: [] },
      'POST /+tokens': { name: `token${(tokens += 1)}`, scopes: ['packages.upload'] },
      'POST /+builds/projects': { requirements: ['demo'], targets: ['cp313'], index: index.full },
      'POST /+builds/projects/:user/:index/:project/skip': {},
      'POST /+builds/projects/:user/:index/:project/unskip': {},
      'POST /+builds/:id/log': { position: 0, text: '' },
      'POST /+builds/:id/result': { state: 'succeeded', seconds: 1, files: ['demo'], record: {} },
      'POST /+builders': { name: 'farm', version: '1', protocol: 1, targets: ['cp313'], session: 's' },
      'PATCH /+builders/:name': { state: 'paused' },
      'POST /+builders/:name/lease': { session: 's' },
      'POST /+webhooks': { url: NOWHERE },
      'POST /:user/:index/+webhooks': { url: NOWHERE },
      'PUT /:user': { password: 'x' },
      'PATCH /:user': { title: 'T' },
      'PATCH /:user/:index': { title: 'T' },
      'POST /:user/:index/+retention': { keep: 5 },
      'POST /:user/:index/+f/*': { testenvs: {} },
      'PUSH /:user/:index': { name: 'demo', version: '1.0', targetindex: open.full },
    }[route];
    const isUpload = route === 'POST /:user/:index';
    if (page !== undefined) {
      // A stream has no end.
      const verb = path.endsWith('/stream') ? 'HEAD' : method;
      return await app.request(verb, target, sentByBrowser(method, route, cookies[caller]));
    }
    return await app.request(method, target, {
      auth,
      ...(isUpload ? { form: uploadForm(wheelUpload({ version: '2.0' })) } : json && { json }),
      headers: { accept: 'application/json, application/vnd.pypi.simple.v1+json', 'x-original-uri': '/' },
    });
  }

  const cases = Object.entries(table).flatMap(([route, marks]) =>
    callers.map((caller, position) => ({ route, caller, mark: marks[position] })),
  );

  test.each(cases)('$route: $caller $mark', async ({ route, caller, mark }) => {
    current ??= await newScene();
    const before = await app.contents();

    const response = await send(route, current, caller);

    // Browsers are sent to log in where programs are told 401.
    const isSentToLogIn = response.headers['location']?.startsWith('/+login') === true;
    const isRefused = response.status === 401 || response.status === 403 || isSentToLogIn;
    expect(isRefused ? '-' : '+', `${response.status} ${response.text}`).toBe(mark);
    if (isRefused) expect(await app.contents()).toEqual(before);
    else if (!route.startsWith('GET ')) current = undefined;
    if (!isRefused) expect([200, 201, 302, 303, 404, 422, 501], response.text).toContain(response.status);
    const isForSome = table[route]?.startsWith('-') === true;
    if (isForSome && !isRefused && route.startsWith('GET '))
      expect(response.headers['cache-control'] ?? 'none').toMatch(/^private\b|\bno-store\b/);
    if (response.status === 404)
      expect(route).toMatch(
        /\/\+(?:e\/|static\/|setup |toxresults\/:filename\/:result |builds\/(?::id|projects\/)|builders\/)/,
      );
  });

  const withBody = cases.filter(
    ({ route, mark }) => mark === '-' && !route.startsWith('GET ') && !route.endsWith(' page'),
  );
  test.each(withBody)('$route refuses $caller before it reads the body', async ({ route, caller }) => {
    current ??= await newScene();
    const { index, auths } = current;
    const [method = '', path = ''] = route.split(' ');
    const target = path
      .replace(':user', index.user.name)
      .replace(':index', index.name)
      .replace(':project', 'demo')
      .replace(':version', '1.0')
      .replace('*', '000/0000000000000/x.whl');
    const auth = auths[caller];
    const credentials =
      auth === undefined ? '' : `Authorization: Basic ${Buffer.from(auth.join(':')).toString('base64')}\r\n`;

    const head =
      `${method} ${target} HTTP/1.1\r\nHost: x\r\n${credentials}` +
      'Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n';
    expect(await app.raw([head], { inTurn: true })).toMatch(/^HTTP\/1\.1 40[13] /);
  });
});
