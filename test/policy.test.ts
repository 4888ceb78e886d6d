import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { uploadForm, wheelUpload } from '#test/uploads.ts';
import type { Operation } from '#kernel/http/operation.ts';
import { operations as packagesOperations } from '#packages/contract';
import { isAllowed, type Permission } from '../src/packages/policy.ts';
import { operationsOf, parts } from '../src/parts.ts';

const operations = operationsOf(parts);

const roles = ['anonymous', 'stranger', 'listed', 'owner', 'root'] as const;
type Role = (typeof roles)[number];

/**
 * Who may do what, written out: `+` may, `-` may not, in the order anonymous, stranger, listed uploader, owner (whom
 * `acl_upload` does not list), root. An operation without a line fails the test.
 */
const allowed: Readonly<Record<string, string>> = {
  listUsers: '+++++',
  readApi: '+++++',
  readUserApi: '+++++',
  readIndexApi: '+++++',
  login: '+++++',
  listTokens: '-++++',
  createToken: '-++++',
  revokeToken: '-++++',
  listGroups: '----+',
  createGroup: '----+',
  changeGroup: '----+',
  deleteGroup: '----+',
  readStatus: '+++++',
  checkAuth: '+++++',
  listEvents: '----+',
  readMetrics: '+++++',
  readOpenApi: '+++++',
  readUser: '+++++',
  createUser: '+++++',
  modifyUser: '---++',
  deleteUser: '---++',
  readIndex: '+++++',
  createIndex: '---++',
  modifyIndex: '---++',
  deleteIndex: '---++',
  upload: '--+--',
  push: '+++++',
  listSimple: '+++++',
  readSimple: '+++++',
  readFile: '+++++',
  readUnhashedFile: '+++++',
  refreshProject: '+++++',
  explainProject: '+++++',
  removeFile: '--+++',
  readProject: '+++++',
  removeProject: '--+++',
  readRelease: '+++++',
  removeRelease: '--+++',
  yank: '--+++',
  unyank: '--+++',
};

const cases = Object.entries(operations).flatMap(([name, operation]) =>
  roles.map((role, position) => ({ name, operation, role, mark: allowed[name]?.[position] })),
);

test('every operation names a permission that the policy knows', () => {
  for (const { allow } of Object.values(packagesOperations)) {
    expect(isAllowed({ user: 'root', groups: [] }, allow, { user: 'root', aclUpload: ['root'] }), allow).toBe(
      true,
    );
  }
});

test('an unknown permission is denied to everybody', () => {
  expect(isAllowed({ user: 'root', groups: [] }, 'invented' as Permission, {})).toBe(false);
});

test.each([
  [['someone'], false, true],
  [[':ANONYMOUS:'], true, true],
  [[':AUTHENTICATED:'], false, true],
  [[':team'], false, false],
  [['other'], false, false],
  [[], false, false],
])('of the uploaders %j anonymous is one: %s, someone is one: %s', (aclUpload, forAnonymous, forSomeone) => {
  expect(isAllowed({ user: undefined, groups: [] }, 'upload', { aclUpload })).toBe(forAnonymous);
  expect(isAllowed({ user: 'someone', groups: [] }, 'upload', { aclUpload })).toBe(forSomeone);
});

test('a group in acl_upload stands for its members', () => {
  expect(isAllowed({ user: 'x', groups: ['team'] }, 'upload', { aclUpload: [':team'] })).toBe(true);
  expect(isAllowed({ user: 'team', groups: [] }, 'upload', { aclUpload: [':team'] })).toBe(false);
});

interface Scene {
  readonly index: TestIndex;
  readonly auths: Readonly<Record<Role, Auth | undefined>>;
}

describe('over HTTP', () => {
  let app: TestApp;
  let current: Scene | undefined;
  let tokens = 0;
  beforeAll(async () => {
    app = await testApp({ database: 'sqlite' });
  });
  afterAll(async () => await app.close());

  /** An index with one file, of a fresh owner, on which somebody else may upload. */
  async function newScene(): Promise<Scene> {
    const [listed, stranger] = [await app.user(), await app.user()];
    const index = await app.index({ acl_upload: [listed.name] });
    await app.request('PUT', `/+groups/${index.user.name}`, { json: {}, auth: ROOT });
    const uploaded = await app.upload(index, wheelUpload(), { auth: listed.auth });
    expect(uploaded.status).toBe(200);
    const auths = {
      anonymous: undefined,
      stranger: stranger.auth,
      listed: listed.auth,
      owner: index.user.auth,
      root: ROOT,
    };
    return { index, auths };
  }

  /** The id of an API token of whoever this is. */
  async function newToken(auth: Auth | undefined): Promise<string> {
    if (auth === undefined) return 'none';
    const json = { name: `token${(tokens += 1)}`, scopes: ['packages.upload'] };
    return (await app.request('POST', '/+tokens', { json, auth })).json().result.id as string;
  }

  async function send(name: string, { method, path }: Operation, index: TestIndex, auth?: Auth) {
    const file = (await app.filePath(index, 'demo-1.0-py3-none-any.whl')).split('/+f/')[1] ?? '';
    const isNew = name === 'createUser' || name === 'createIndex';
    const target = path
      .replace(':user', name === 'createUser' ? `new-${index.user.name}` : index.user.name)
      .replace(':index', isNew ? 'fresh' : index.name)
      .replace(':project', 'demo')
      .replace(':version', '1.0')
      .replace(':group', name === 'createGroup' ? `new-${index.user.name}` : index.user.name)
      .replace(':id', path.includes(':id') ? await newToken(auth) : '')
      .replace('*', file);
    const json = {
      createGroup: {},
      changeGroup: { add: [] },
      createToken: { name: `token${(tokens += 1)}`, scopes: ['packages.upload'] },
      login: { user: index.user.name, password: index.user.auth[1] },
      createUser: { password: 'x' },
      modifyUser: { title: 'T' },
      modifyIndex: { title: 'T' },
      push: { name: 'demo', version: '1.0', targetindex: index.full },
    }[name];
    return await app.request(method, target, {
      auth,
      ...(name === 'upload' ? { form: uploadForm(wheelUpload({ version: '2.0' })) } : json && { json }),
      headers: { accept: 'application/json, application/vnd.pypi.simple.v1+json', 'x-original-uri': '/' },
    });
  }

  test.each(cases)('$name: $role $mark', async ({ name, operation, role, mark }) => {
    current ??= await newScene();
    const { index, auths } = current;
    const before = await app.contents();

    const response = await send(name, operation, index, auths[role]);

    const isRefused = response.status === 401 || response.status === 403;
    expect(mark, `${name} has no line in the table`).toMatch(/^[+-]$/);
    expect(isRefused ? '-' : '+', `${response.status} ${response.text}`).toBe(mark);
    if (isRefused) expect(await app.contents()).toEqual(before);
    else if (operation.method !== 'GET') current = undefined;
    if (!isRefused) expect([200, 201, 302, 501], response.text).toContain(response.status);
  });

  test('every route of the server is an operation of the contract', async () => {
    const paths = (await app.get('/+openapi.json')).json().paths as Record<string, Record<string, unknown>>;
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );

    expect(described).toHaveLength(Object.keys(operations).length - 1);
    expect(Object.keys(allowed).sort()).toEqual(Object.keys(operations).sort());
  });
});
