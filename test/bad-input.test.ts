import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ROOT,
  testApp,
  type Auth,
  type RequestOptions,
  type TestApp,
  type TestIndex,
  type TestResponse,
} from '#test/app.ts';
import { sdist, wheel } from '#test/archives.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { multipart } from '#test/multipart.ts';
import { uploadForm, wheelUpload, type Upload } from '#test/uploads.ts';

const ELEVEN_HOURS_MS = 11 * 3_600_000;

interface Scene {
  readonly index: TestIndex;
  readonly stranger: Auth;
  /** A login that expired an hour ago. */
  readonly expired: Auth;
}

interface BadInput {
  readonly what: string;
  readonly method: string;
  readonly path: (scene: Scene) => string;
  readonly options?: (scene: Scene) => RequestOptions;
  readonly status: number;
  /** A part of the message that every form carries. */
  readonly says: string | RegExp;
  readonly headers?: Readonly<Record<string, string | RegExp>>;
  /** Browsers get a page there, which is no mistake. */
  readonly hasPage?: true;
}

const own = ({ index }: Scene) => ({ auth: index.user.auth });
const home = ({ index }: Scene) => `${index.path}/`;

function upload(
  what: string,
  change: Partial<Upload>,
  [status, says]: readonly [number, string | RegExp],
): BadInput {
  return {
    what: `an upload with ${what}`,
    method: 'POST',
    path: home,
    options: (scene) => ({
      ...own(scene),
      form: uploadForm({ ...wheelUpload({ version: '9.0' }), ...change }),
    }),
    status,
    says,
  };
}

function body(what: string, bytes: string | Buffer, says: string | RegExp, contentType?: string): BadInput {
  const { contentType: usual } = multipart({});
  return {
    what: `a form that ${what}`,
    method: 'POST',
    path: home,
    options: (scene) => ({ ...own(scene), body: bytes, headers: { 'content-type': contentType ?? usual } }),
    status: 400,
    says,
  };
}

function json(
  what: string,
  method: string,
  [path, value]: readonly [(scene: Scene) => string, unknown],
  [status, says]: readonly [number, string | RegExp],
): BadInput {
  return { what, method, path, options: (scene) => ({ ...own(scene), json: value }), status, says };
}

function address(path: string, status: number, says: string | RegExp, method = 'GET'): BadInput {
  return { what: `${method} ${path}`, method, path: () => path, status, says };
}

function wrongMethod(method: string, path: (scene: Scene) => string, allow: string): BadInput {
  return {
    what: `${method} where only ${allow} may be`,
    method,
    path,
    options: own,
    status: 405,
    says: `${method} is not allowed on `,
    headers: { allow },
  };
}

const complete = uploadForm(wheelUpload({ version: '9.0' })).body;
const table: readonly BadInput[] = [
  // Addresses.
  address('/a/b/c/d/e/f/g', 404, 'there is nothing at'),
  address('/+nonsense', 404, 'there is nothing at'),
  address('/root/pypi/+nonsense/x', 404, 'there is nothing at'),
  address('/nobody', 404, "no user 'nobody'"),
  address('/nobody/nothing', 404, 'The stage nobody/nothing could not be found.'),
  address('/root/nothing/+simple/', 404, 'The stage root/nothing could not be found.'),
  address('/root/nothing/+simple/demo/', 404, 'The stage root/nothing could not be found.'),
  address('/root/nothing/+f/abc/0123456789abc/demo-1.0.tar.gz', 404, 'no such file'),
  address('/root/nothing/demo', 404, 'The stage root/nothing could not be found.'),
  address('/%', 400, /URL|url/),
  address('/%FF', 400, /URL|url/),
  address('/root/pypi/+simple/-bad-/', 404, 'The project -bad- does not exist.'),
  address('/root/pypi/+simple/d%C3%A9mo/', 404, 'does not exist.'),
  address('/root/pypi/d%C3%A9mo', 400, 'unicode project names not allowed'),
  address(`/${'x'.repeat(1900)}`, 404, 'no user'),
  // Methods.
  wrongMethod('POST', () => '/', 'GET, HEAD'),
  wrongMethod('POST', ({ index }) => `/${index.user.name}`, 'DELETE, GET, HEAD, PATCH, PUT'),
  wrongMethod('POST', ({ index }) => `${index.path}/+simple/`, 'GET, HEAD'),
  wrongMethod('POST', ({ index }) => `${index.path}/+simple/demo/`, 'GET, HEAD'),
  wrongMethod('PUT', ({ index }) => `${index.path}/demo`, 'DELETE, GET, HEAD'),
  wrongMethod('DELETE', () => '/+api', 'GET, HEAD'),
  { ...wrongMethod('GET', () => '/+login', 'POST'), hasPage: true },
  {
    ...wrongMethod('PATCH', ({ index }) => `${index.path}/demo/1.0/+yank`, 'DELETE, PUT'),
    hasPage: true,
  },
  wrongMethod('OPTIONS', () => '/', 'GET, HEAD'),
  wrongMethod('DELETE', () => '/', 'GET, HEAD'),
  {
    ...wrongMethod('POST', () => '/', 'GET, HEAD'),
    what: 'an upload to /',
    options: (scene) => ({ ...own(scene), form: uploadForm(wheelUpload()) }),
  },
  {
    ...wrongMethod('POST', ({ index }) => `/${index.user.name}/`, 'DELETE, GET, HEAD, PATCH, PUT'),
    what: 'an upload to /USER/',
    options: (scene) => ({ ...own(scene), form: uploadForm(wheelUpload()) }),
  },
  {
    ...wrongMethod('POST', ({ index }) => `${index.path}/+simple/`, 'GET, HEAD'),
    what: 'an upload to /USER/INDEX/+simple/',
    options: (scene) => ({ ...own(scene), form: uploadForm(wheelUpload()) }),
  },
  // Where uploads cannot go.
  {
    what: 'an upload to a mirror',
    method: 'POST',
    path: () => '/root/pypi/',
    options: () => ({ auth: ROOT, form: uploadForm(wheelUpload()) }),
    status: 404,
    says: 'cannot submit to mirror index',
  },
  {
    what: 'an upload to an index that does not exist',
    method: 'POST',
    path: () => '/root/nothing/',
    options: () => ({ auth: ROOT, form: uploadForm(wheelUpload()) }),
    status: 404,
    says: 'The stage root/nothing could not be found.',
  },
  // Who asks.
  {
    what: 'an upload by nobody',
    method: 'POST',
    path: home,
    options: () => ({ form: uploadForm(wheelUpload()) }),
    status: 401,
    says: 'log in to upload',
    headers: { 'www-authenticate': 'Basic realm="pypi"' },
  },
  {
    what: 'an upload with a wrong password',
    method: 'POST',
    path: home,
    options: ({ index }) => ({ form: uploadForm(wheelUpload()), auth: [index.user.name, 'wrong'] }),
    status: 401,
    says: 'the user name or the password is wrong',
    headers: { 'www-authenticate': 'Basic realm="pypi"' },
  },
  {
    what: 'an upload with an expired login',
    method: 'POST',
    path: home,
    options: ({ expired }) => ({ form: uploadForm(wheelUpload()), auth: expired }),
    status: 401,
    says: 'the login has expired',
    headers: { location: /\/\+login$/, 'www-authenticate': 'Basic realm="pypi"' },
  },
  {
    what: 'an upload by a stranger',
    method: 'POST',
    path: home,
    options: ({ stranger }) => ({ form: uploadForm(wheelUpload()), auth: stranger }),
    status: 403,
    says: 'no permission to submit',
  },
  ...(['PATCH', 'DELETE'] as const).map((method): BadInput => ({
    what: `${method} of an index by a stranger`,
    method,
    path: ({ index }) => index.path,
    options: ({ stranger }) => ({ auth: stranger, json: { title: 'x' } }),
    status: 403,
    says: 'no permission to',
  })),
  {
    what: 'a login with a wrong password',
    method: 'POST',
    path: () => '/+login',
    options: () => ({ json: { user: 'root', password: 'wrong' } }),
    status: 401,
    says: "user 'root' could not be authenticated",
  },
  // Forms.
  body('has no boundary', complete, 'the multipart form is malformed', 'multipart/form-data'),
  body('is empty', '', 'the multipart form is malformed'),
  body(
    'has a field without a name',
    Buffer.from(complete.toString('latin1').replace('; name="version"', ''), 'latin1'),
    'a field of the form has no name',
  ),
  body('is no form', 'hello', 'the multipart form is malformed'),
  body(
    'is cut within its file',
    complete.subarray(0, complete.length - 200),
    'the multipart form is malformed',
  ),
  body('is cut within its fields', complete.subarray(0, 150), 'the multipart form is malformed'),
  body('is cut before its end', complete.subarray(0, complete.length - 8), 'the multipart form is malformed'),
  body(
    'has too many fields',
    multipart({ x: Array.from({ length: 5001 }, () => 'y') }).body,
    'the form has too many parts',
  ),
  ...[
    ['many fields', Array.from({ length: 9 }, () => 'y'.repeat(1024 ** 2))],
    ['a field', 'y'.repeat(9 * 1024 ** 2)],
  ].map(([what, x]) => ({
    ...body(
      `has ${String(what)} that does not fit into memory`,
      multipart({ x: x as string }).body,
      'the fields of the form are longer than',
    ),
    status: 413,
  })),
  body('has no :action', multipart({ name: 'demo' }).body, ':action field not found'),
  body(
    'has no file',
    multipart({ ':action': 'file_upload', name: 'demo' }).body,
    'content file field not found',
  ),
  upload('another :action', { fields: { ':action': 'x' } }, [400, "action 'x' not supported"]),
  upload('no name', { fields: { name: undefined } }, [400, 'name field not found']),
  upload('no version', { fields: { version: '' } }, [400, 'Missing required field "version"']),
  upload('an impossible name', { name: '..' }, [400, "'..' is not a valid project name"]),
  upload('a name that no file name could hold', { name: 'a'.repeat(256) }, [
    400,
    'is not a valid project name',
  ]),
  upload('a name in Unicode', { name: 'dемо' }, [400, 'is not a valid project name']),
  upload('an impossible version', { version: '../1' }, [400, "'../1' is not a valid version"]),
  upload('a file of another name', { filename: 'other-9.0.tar.gz' }, [
    400,
    "does not match project name 'demo'",
  ]),
  upload('a file of another version', { version: '8.0' }, [400, "does not contain version '8.0'"]),
  upload('a file that is no archive by name', { filename: 'demo-9.0.txt' }, [
    400,
    'is not a valid archive name',
  ]),
  upload('a path for a file name', { filename: '../../demo-9.0.tar.gz' }, [
    400,
    'is not a valid archive name',
  ]),
  upload('a very long file name', { filename: `demo-9.0-${'x'.repeat(300)}.whl` }, [
    400,
    'is not a valid archive name',
  ]),
  upload('a wrong digest', { fields: { sha256_digest: '0'.repeat(64) } }, [400, 'sha256_digest of']),
  upload('bytes that are no archive', { content: Buffer.from('x') }, [400, 'invalid archive']),
  upload('half an archive', { content: wheel({ version: '9.0' }).subarray(0, 300) }, [
    400,
    'invalid archive',
  ]),
  upload('an sdist in a wheel’s clothes', { content: sdist({ version: '9.0' }) }, [400, 'invalid archive']),
  upload('the wheel of another project', { content: wheel({ name: 'x', version: '9.0' }) }, [
    400,
    'invalid archive',
  ]),
  upload('other bytes under a released name', { ...wheelUpload({ description: 'other' }) }, [
    409,
    'demo-1.0-py3-none-any.whl already exists in non-volatile index',
  ]),
  // JSON.
  ...(['PUT', 'PATCH'] as const).map((method): BadInput => ({
    what: `${method} of a user with broken JSON`,
    method,
    path: ({ index }) => `/${index.user.name}`,
    options: (scene) => ({ ...own(scene), body: '{"a":', headers: { 'content-type': 'application/json' } }),
    status: 400,
    says: 'could not decode json',
  })),
  {
    what: 'PATCH of an index with broken JSON',
    method: 'PATCH',
    path: ({ index }) => index.path,
    options: (scene) => ({ ...own(scene), body: 'title=x', headers: { 'content-type': 'text/plain' } }),
    status: 400,
    says: 'could not decode json',
  },
  {
    what: 'PATCH of an index with deep JSON',
    method: 'PATCH',
    path: ({ index }) => index.path,
    options: (scene) => ({
      ...own(scene),
      body: `{"custom_data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    }),
    status: 400,
    says: 'nested deeper than 100 levels',
  },
  {
    what: 'an address with a very long part',
    method: 'GET',
    path: ({ index }) => `${index.path}/${'a'.repeat(3000)}`,
    options: () => ({}),
    status: 414,
    says: 'a part of the path is longer than 2000 characters',
  },
  {
    what: 'a push with broken JSON',
    method: 'PUSH',
    path: ({ index }) => index.path,
    options: (scene) => ({ ...own(scene), body: '{' }),
    status: 400,
    says: 'could not decode json',
  },
  {
    what: 'a body that is too large',
    method: 'PATCH',
    path: ({ index }) => index.path,
    options: (scene) => ({ ...own(scene), body: Buffer.alloc(16 * 1024 ** 2 + 1, 'x') }),
    status: 413,
    says: 'the body is larger than',
  },
  json(
    'a user with unknown keys',
    'PUT',
    [() => '/new', { password: 'x', foo: 1 }],
    [400, 'Unknown keys in user config: foo'],
  ),
  json('a user without a password', 'PUT', [() => '/new', {}], [400, 'password needs to be set']),
  json(
    'a user name that cannot be',
    'PUT',
    [() => '/a:b', { password: 'x' }],
    [400, "username 'a:b' contains characters"],
  ),
  json('a user that is there', 'PUT', [() => '/root', { password: 'x' }], [409, 'user already exists']),
  json(
    'an index with an unknown option',
    'PATCH',
    [({ index }) => index.path, { foo: 1 }],
    [400, 'unexpected keyword arguments: foo=1'],
  ),
  json(
    'an index with a base that is not there',
    'PATCH',
    [({ index }) => index.path, { bases: ['a/b'] }],
    [400, "base index 'a/b' does not exist"],
  ),
  json(
    'an index with a base that cannot be',
    'PATCH',
    [({ index }) => index.path, { bases: ['x'] }],
    [400, "invalid base index spec: 'x'"],
  ),
  json(
    'an index of another type',
    'PATCH',
    [({ index }) => index.path, { type: 'mirror' }],
    [400, "the 'type' of an index can't be changed"],
  ),
  json('an index that is there', 'PUT', [({ index }) => index.path, {}], [409, 'exists']),
  json(
    'a new index with an unknown option',
    'PUT',
    [({ index }) => `/${index.user.name}/new`, { x: 1 }],
    [400, 'unexpected keyword arguments: x=1'],
  ),
  json(
    'a new index with a bad base',
    'PUT',
    [({ index }) => `/${index.user.name}/new`, { bases: 'no/no' }],
    [400, "base index 'no/no' does not exist"],
  ),
  json(
    'a new index that cannot be called so',
    'PUT',
    [({ index }) => `/${index.user.name}/a%20b`, {}],
    [400, "indexname 'a b' contains characters"],
  ),
  json(
    'a new index of a user that is not there',
    'PUT',
    [() => '/nobody/new', {}],
    [404, "no user 'nobody'"],
  ),
  json(
    'a yank with a bad field',
    'PUT',
    [({ index }) => `${index.path}/demo/1.0/+yank`, { reason: 1 }],
    [400, 'field reason'],
  ),
  json(
    'a yank of nothing',
    'PUT',
    [({ index }) => `${index.path}/demo/3.0/+yank`, {}],
    [404, 'The version 3.0 of project demo does not exist.'],
  ),
  // Removing.
  json(
    'removing a release that must stay',
    'DELETE',
    [({ index }) => `${index.path}/demo/1.0`, undefined],
    [403, 'cannot delete version on non-volatile index'],
  ),
  json(
    'removing a project that must stay',
    'DELETE',
    [({ index }) => `${index.path}/demo`, undefined],
    [403, 'is on non-volatile index'],
  ),
  json(
    'removing an index that must stay',
    'DELETE',
    [({ index }) => index.path, undefined],
    [403, 'non-volatile, cannot delete'],
  ),
  json(
    'removing a user who must stay',
    'DELETE',
    [({ index }) => `/${index.user.name}`, undefined],
    [403, 'has non-volatile index'],
  ),
  json(
    'removing what is not there',
    'DELETE',
    [({ index }) => `${index.path}/nothing`, undefined],
    [404, 'project not found'],
  ),
  // Negotiation.
  {
    ...address('/root/pypi/+simple/?format=nonsense', 406, 'PEP 691 JSON or HTML'),
    what: 'a format that nobody knows',
  },
  {
    ...address('/root/pypi?limit=x', 400, 'limit and offset must be integers'),
    what: 'a limit that is no number',
    hasPage: true,
  },
];

const forms = {
  devpi: { accept: 'application/json', 'user-agent': 'devpi-client/7.2.0 (py3.11)' },
  uv: { 'user-agent': 'uv/0.9.1' },
  twine: { accept: '*/*', 'user-agent': 'twine/6.2.0' },
  pip: {
    accept:
      'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01',
    'user-agent': 'pip/26.2',
  },
  browser: {
    accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'user-agent': 'Mozilla/5.0',
  },
};

const types: Record<keyof typeof forms, string> = {
  devpi: 'application/json',
  uv: 'application/problem+json',
  twine: 'text/plain; charset=utf-8',
  pip: 'text/plain; charset=utf-8',
  browser: 'text/html; charset=utf-8',
};

describe.each(databases)('bad input on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  let scene: Scene;
  beforeAll(async () => {
    app = await testApp({ database, clock });
    const index = await app.index({ volatile: false });
    await app.fill(index, wheelUpload());
    const login = await app.request('POST', '/+login', {
      json: { user: index.user.name, password: index.user.auth[1] },
    });
    clock.advance(ELEVEN_HOURS_MS);
    scene = {
      index,
      stranger: (await app.user()).auth,
      expired: [index.user.name, login.json().result.password],
    };
  });
  afterAll(async () => await app.close());

  test.each(table)('$what is answered in every form and changes nothing', async (bad) => {
    const before = await app.contents();
    const options = bad.options?.(scene) ?? {};

    for (const client of Object.keys(forms) as (keyof typeof forms)[]) {
      // Installers are sent from `/USER/INDEX/PROJECT` to the simple page, which is no mistake.
      if ((client === 'pip' || client === 'uv') && bad.method === 'GET') continue;
      if (client === 'browser' && bad.hasPage === true) continue;
      const response = await app.request(bad.method, bad.path(scene), {
        ...options,
        headers: { ...options.headers, ...forms[client] },
      });

      expect(response.status, `${client}: ${response.text}`).toBe(bad.status);
      expect(response.headers['content-type']).toBe(typeFor(client, options));
      expect(response.headers['x-devpi-api-version']).toBe('2');
      for (const [name, value] of Object.entries(bad.headers ?? {})) {
        expect(response.headers[name]).toEqual(
          typeof value === 'string' ? value : expect.stringMatching(value),
        );
      }
      if (response.status !== 401 || bad.headers?.['location'] === undefined) {
        expect(response.headers).not.toHaveProperty('location');
      }
      const message = messageOf(response);
      // A page begins its heading with a capital.
      const says = typeof bad.says === 'string' ? escaped(bad.says) : bad.says.source;
      expect(message).toMatch(new RegExp(says, client === 'browser' ? 'i' : ''));
      if (client !== 'devpi') {
        // undici reads the status line as UTF-8, the server writes Latin-1.
        const ascii = (text: string) =>
          text
            .replace(/[^ -~]/g, '?')
            .slice(0, 150)
            .toLowerCase();
        expect(ascii(response.reason)).toBe(ascii(message));
      }
    }

    expect(await app.contents()).toEqual(before);
  });

  test('a wrong method comes with a hint', async () => {
    const upload = await app.request('POST', '/', { headers: { accept: 'application/json' } });
    const other = await app.request('DELETE', '/', { headers: { accept: 'application/json' } });

    expect(upload.json().hint).toBe('uploads go to the URL of an index: /USER/INDEX/');
    expect(other.json().hint).toBe('see /+openapi.json for what each address takes');
  });

  test('what a client sends is shown to browsers as text, never as markup', async () => {
    const response = await app.get('/%3Cscript%3Ealert(1)%3C%2Fscript%3E', forms.browser);

    expect(response.status).toBe(404);
    expect(response.text).not.toContain('<script>');
    expect(response.text).toContain('&lt;script&gt;');
  });

  test.each([
    ['a form that ends within', (form: Buffer) => form.subarray(0, form.length - 100), 0],
    ['a form that says it is longer', (form: Buffer) => form, 500],
  ])('a connection that breaks in %s changes nothing', async (_what, cut, more) => {
    const { body: whole, contentType } = uploadForm(wheelUpload({ version: '9.0' }));
    const before = await app.contents();
    const sent = cut(whole);
    const { index } = scene;
    const authorization = Buffer.from(index.user.auth.join(':')).toString('base64');
    const head = [
      `POST ${index.path}/ HTTP/1.1`,
      'Host: x',
      `Content-Type: ${contentType}`,
      `Content-Length: ${whole.length + more}`,
      `Authorization: Basic ${authorization}`,
      '',
      '',
    ].join('\r\n');

    const received = await app.raw([head, sent], { silentMs: 100 });

    expect(received).not.toMatch(/^HTTP\/1\.1 200/);
    await expect.poll(async () => await app.contents()).toEqual(before);
  });
});

/** Who accepts anything gets JSON, except for upload forms. */
function typeFor(client: keyof typeof forms, { form, headers }: RequestOptions): string {
  const isForm = form !== undefined || headers?.['content-type']?.startsWith('multipart/') === true;
  return client === 'twine' && !isForm ? 'application/json' : types[client];
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };

function messageOf({ headers, text }: TestResponse): string {
  if (headers['content-type']?.includes('json')) {
    const problem = JSON.parse(text) as Record<string, unknown>;
    expect(problem['detail']).toBe(problem['message']);
    expect(Object.keys(problem)).toEqual(
      expect.arrayContaining(['title', 'status', 'detail', 'message', 'code']),
    );
    return String(problem['message']);
  }
  if (headers['content-type']?.startsWith('text/html')) {
    const [, message = ''] = /<h1>(?:<strong>\d+<\/strong> |[^<]*<\/h1><p>)([^<]*)</.exec(text) ?? [];
    return message
      .replace(/&(lt|gt|quot|amp);/g, (_entity, name: string) => ENTITIES[name] ?? '')
      .replace(/&#(\d+);/g, (_entity, code: string) => String.fromCharCode(Number(code)));
  }
  return (text.split('\n')[0] ?? '').replace(/^\d{3} /, '');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
