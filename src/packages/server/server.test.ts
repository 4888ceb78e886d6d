import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '#kernel/events/events.ts';
import { ROOT, testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { wheelUpload } from '#test/uploads.ts';
import { operations } from '../contract.ts';

const OUTSIDE = 'https://pypi.example.com/sub';

describe.each(databases)('the server on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  let index: TestIndex;
  beforeAll(async () => {
    app = await testApp({ database, clock });
    index = await app.index();
    await app.fill(index, wheelUpload());
  });
  afterAll(async () => await app.close());

  test('describes itself to devpi-client', async () => {
    const features = ['push-no-docs', 'push-only-docs', 'push-register-project', 'server-keyvalue-parsing'];
    const root = { login: `${app.url}/+login`, authstatus: ['noauth', '', []], features };
    const read = async (path: string) => (await app.get(path)).json();

    expect(await read('/+api')).toEqual({ type: 'apiconfig', result: root });
    expect(await read('/root/+api')).toEqual({ type: 'apiconfig', result: root });
    expect(await read(`${index.path}/+api`)).toEqual({
      type: 'apiconfig',
      result: {
        ...root,
        index: `${app.url}${index.path}`,
        simpleindex: `${app.url}${index.path}/+simple/`,
        pypisubmit: `${app.url}${index.path}/`,
      },
    });
    expect((await read('/root/pypi/+api')).result).not.toHaveProperty('pypisubmit');
    const missing = await app.get('/root/nothing/+api', { accept: 'application/json' });
    expect([missing.status, missing.json().message]).toEqual([
      404,
      'The stage root/nothing could not be found.',
    ]);
  });

  test('shows its status', async () => {
    const { serial } = await app.contents();

    const response = await app.get('/+status', { accept: 'application/json' });

    expect(response.json()).toMatchObject({
      type: 'status',
      result: {
        uuid: expect.stringMatching(/^[0-9a-f]{32}$/),
        versioninfo: { 'devpi-server': '6.20.3', wheelhouse: expect.any(String) },
        serial,
        'event-serial': serial,
        'last-commit-timestamp': clock.now() / 1000,
        role: 'MASTER',
        polling_replicas: {},
        health: {
          database: { kind: database, bytes: expect.any(Number) },
          store: { bytes: wheelUpload().content.length, freeBytes: expect.any(Number) },
          cache: { pages: { maxBytes: expect.any(Number) } },
          // The texts of what was uploaded are to be read.
          jobs: { waiting: 1, running: 0, failed: 0 },
          mirrors: [{ index: 'root/pypi', projects: 0, lastAnswer: null, pausedUntil: null }],
        },
        metrics: expect.arrayContaining([
          ['wheelhouse_projects', 'gauge', 1],
          ['wheelhouse_releases', 'gauge', 1],
          ['wheelhouse_files', 'gauge', 1],
          ['wheelhouse_bytes', 'gauge', wheelUpload().content.length],
        ]),
      },
    });
  });

  test.each([
    ['/', 200],
    ['/root/pypi/+simple/demo/', 200],
    ['/root/pypi/+f/abc/def/x.whl', 200],
    ['/+api', 200],
    ['/+login?x=/+secret', 200],
    ['/root/+api', 200],
    ['/+status', 200],
    ['/+tokens/0123', 200],
    ['/+groups/team', 200],
    ['/+metrics', 200],
    ['/root/pypi/demo/1.0/+yank', 200],
    ['/+something', 403],
    ['/\\\\root/pypi/+f/x', 403],
    ['/root%5Cpypi/+f/x', 403],
    ['/root/pypi/+unknown/x', 403],
    ['', 403],
    ['no-slash', 403],
  ])('tells nginx about %s: %i', async (original, status) => {
    expect((await app.get('/+authcheck', { 'x-original-uri': original })).status).toBe(status);
  });

  test('lists its events to root, from where it is told', async () => {
    const read = async (query: string) => {
      const response = await app.request('GET', `/+events${query}`, { auth: ROOT });
      expect(response.status, response.text).toBe(200);
      return response.json();
    };
    const all = await read('');

    expect(all.serial).toBe(app.context.events.serial);
    expect(all.events.map(({ serial }: { serial: number }) => serial)).toEqual(
      Array.from({ length: all.serial }, (_, position) => position + 1),
    );
    expect(all.events.at(-1)).toMatchObject({
      type: 'packages.file-uploaded',
      actor: index.user.name,
      at: '2026-11-20T10:00:00.123Z',
      data: { index: index.full, project: 'demo' },
    });
    expect(all.scanned).toBe(all.serial);
    expect(await read('?since=2&limit=1')).toMatchObject({ scanned: 3, events: [{ serial: 3 }] });
    expect(await read(`?since=${all.serial}`)).toMatchObject({ scanned: all.serial, events: [] });
    for (const query of [
      '?since=x',
      '?since=-1',
      '?limit=1.5',
      '?type=A%25',
      '?until=2026-13-40',
      '?before=1&until=2',
    ]) {
      expect((await app.request('GET', `/+events${query}`, { auth: ROOT })).status).toBe(400);
    }
  });

  test('numbers what an event is about, so that an index that is made again is another one', async () => {
    const { user, name } = await app.index();
    const aboutIndex = async () => {
      const found = await listEvents(app.context.db, 0, 1000);
      return found.filter(({ data }) => data['index'] === `${user.name}/${name}`).map(({ about }) => about);
    };
    const [first] = await aboutIndex();
    expect((await app.request('DELETE', `/${user.name}/${name}`, { auth: user.auth })).status).toBe(201);
    await app.index({ user, name });

    const [created, deleted, again] = await aboutIndex();
    expect([created, deleted]).toEqual([first, first]);
    expect(again).toEqual(expect.any(Number));
    expect(again).not.toBe(first);
    await app.events();
  });

  test('shows no secret in its events', async () => {
    const user = await app.user();
    await app.request('PATCH', `/${user.name}`, { json: { password: 'hunter2' }, auth: user.auth });

    const { text } = await app.request('GET', '/+events?limit=1000', { auth: ROOT });

    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('argon2');
    await app.events();
  });

  test('counts for Prometheus', async () => {
    await app.get('/+api');

    const response = await app.get('/+metrics');

    expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(response.text).toContain('wheelhouse_files 1\n');
    expect(response.text).toMatch(
      /wheelhouse_http_request_seconds_count\{method="GET",route="\/\+api",status="200"\} \d/,
    );
    expect(response.text).not.toContain(index.name);
    expect((await app.get('/+metrics')).status).toBe(200);
  });

  test('describes every operation in OpenAPI', async () => {
    const response = await app.get('/+openapi.json');

    expect(response.headers['content-type']).toBe('application/json');
    const { openapi, paths } = response.json();
    expect(openapi).toBe('3.1.0');
    for (const [name, { method, path }] of Object.entries(operations)) {
      if (method === 'PUSH') continue;
      const described =
        paths[path.replace(/:(\w+)/g, '{$1}').replace('*', '{relpath}')][method.toLowerCase()];
      expect(described).toMatchObject({ operationId: name, summary: expect.any(String) });
    }
  });

  describe('behind a proxy', () => {
    const outside = { 'x-outside-url': OUTSIDE };

    test('builds addresses as the header says', async () => {
      const api = (await app.get(`${index.path}/+api`, outside)).json().result;
      expect(api).toMatchObject({
        login: `${OUTSIDE}/+login`,
        index: `${OUTSIDE}${index.path}`,
        simpleindex: `${OUTSIDE}${index.path}/+simple/`,
      });
      const headers = { ...outside, accept: 'application/json' };
      const data = (await app.get(`${index.path}/demo/1.0`, headers)).json().result;
      expect(data['+links'][0].href).toMatch(new RegExp(`^${OUTSIDE}${index.path}/\\+f/`));
      expect((await app.get('/+status', headers)).json().result['outside-url']).toBe(OUTSIDE);
    });

    test('takes requests with and without the prefix', async () => {
      const path = await app.filePath(index, 'demo-1.0-py3-none-any.whl');
      const accept = 'application/vnd.pypi.simple.v1+json';

      for (const prefix of ['', '/sub']) {
        for (const tail of [
          path,
          `${path}.metadata`,
          `${index.path}/+simple/demo/`,
          `${index.path}/demo`,
          '/+api',
        ]) {
          const response = await app.get(`${prefix}${tail}`, {
            ...outside,
            ...(tail.includes('+simple') && { accept }),
          });
          expect(response.status, `${prefix}${tail}`).toBe(200);
        }
      }
      expect((await app.get(`/sub${path}`)).status).not.toBe(200);
    });

    test('tells JSON readers of a file its outside address', async () => {
      const path = await app.filePath(index, 'demo-1.0-py3-none-any.whl');

      const response = await app.get(`/sub${path}`, { ...outside, accept: 'application/json' });

      expect(response.json().result.url).toBe(`${OUTSIDE}${path}`);
    });

    test.each(['nonsense', 'ftp://x/', 'https://user:pw@x/'])('ignores the header %s', async (header) => {
      expect((await app.get('/+api', { 'x-outside-url': header })).json().result.login).toBe(
        `${app.url}/+login`,
      );
    });
  });

  describe('sends the same headers on every kind of answer:', () => {
    test.each([
      ['an answer from memory', 'GET', () => `${index.path}/+simple/demo/`, 200],
      ['a list', 'GET', () => `${index.path}/+simple/`, 200],
      ['a redirect', 'GET', () => `${index.path}/+simple/demo`, 302],
      ['JSON', 'GET', () => '/+api', 200],
      ['metrics', 'GET', () => '/+metrics', 200],
      ['no route', 'GET', () => '/a/b/c/d/e/f', 404],
      ['a malformed address', 'GET', () => '/%', 400],
      ['a wrong method', 'DELETE', () => '/+api', 405],
      ['an unknown user', 'GET', () => '/nobody', 404],
      ['a wrong method deeper down', 'PUT', () => `${index.path}/x`, 405],
      ['a method that no route takes', 'OPTIONS', () => '/', 405],
      ['a forbidden change', 'PATCH', () => index.path, 403],
    ])('%s', async (_what, method, path, status) => {
      for (let time = 0; time < 2; time += 1) {
        const response = await app.request(method, path(), { json: {} });
        expect(response.status, response.text).toBe(status);
        const { uuid, events } = app.context;
        expect(response.headers).toMatchObject({
          'x-devpi-api-version': '2',
          'x-devpi-server-version': '6.20.3',
          'x-devpi-uuid': uuid,
          'x-devpi-master-uuid': uuid,
          'x-devpi-primary-uuid': uuid,
          'x-devpi-serial': String(events.serial),
        });
      }
    });

    test('a file, a part of it, and 304', async () => {
      const path = await app.filePath(index, 'demo-1.0-py3-none-any.whl');
      for (let time = 0; time < 2; time += 1) {
        for (const headers of [
          {},
          { range: 'bytes=0-1' },
          { 'if-none-match': '*' },
          { range: 'bytes=9999999-' },
        ]) {
          const response = await app.get(path, headers as Record<string, string>);
          expect(response.headers['x-devpi-api-version'], String(response.status)).toBe('2');
        }
      }
    });
  });

  describe('behind a proxy that it trusts', () => {
    const forwarded = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'packages.example.com',
      'x-forwarded-prefix': '/python',
    };

    test('redirects below the prefix that the proxy has taken off', async () => {
      const response = await app.get(`${index.path}/+simple/demo`, forwarded);

      expect(response.headers['location']).toBe(
        `https://packages.example.com/python${index.path}/+simple/demo/`,
      );
      expect((await app.get('/+api', forwarded)).json().result.login).toBe(
        'https://packages.example.com/python/+login',
      );
    });

    test('does what X-Outside-Url says first, as devpi does', async () => {
      const headers = { ...forwarded, 'x-outside-url': 'https://other.example/sub' };

      expect((await app.get('/+api', headers)).json().result.login).toBe('https://other.example/sub/+login');
    });

    test('but believes nobody else', async () => {
      const other = await testApp({ database, settings: { 'http.trusted-proxies': ['192.0.2.0/24'] } });
      try {
        expect((await other.get('/+api', forwarded)).json().result.login).toBe(`${other.url}/+login`);
      } finally {
        await other.close();
      }
    });
  });

  test('an error page is a page like others, which loads from this server alone', async () => {
    const { headers, text } = await app.get('/no/such/page/at/all', { accept: 'text/html' });

    expect(text).toContain('<strong>404</strong> There is nothing at /no/such/page/at/all');
    expect(text).not.toMatch(/<style|<script>| style="| on\w+="/);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    });
  });

  test('a page of another site cannot change anything with the password that a browser keeps', async () => {
    const auth = index.user.auth;
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'http://evil.example' }] as Record<
      string,
      string
    >[]) {
      const response = await app.request('DELETE', index.path, { auth, headers });
      expect([response.status, response.json().code]).toEqual([403, 'kernel.cross-site-request']);
      expect(response.json().hint).not.toBe('');
    }
    expect((await app.get(index.path)).status).toBe(200);
  });

  describe('takes the method PUSH', () => {
    const push = (body: string, more = '') =>
      `PUSH ${index.path} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
    const body = JSON.stringify({ name: 'demo', version: '1.0', targetindex: 'root/x' });
    const count = (text: string, status: number) => text.split(`HTTP/1.1 ${status} `).length - 1;

    test('in one packet', async () => {
      const received = await app.raw([push(body)]);

      expect(received).toMatch(/^HTTP\/1\.1 404 /);
      expect(received).toContain('root/x could not be found');
    });

    test.each([5, 6, 20])('split after %i bytes', async (at) => {
      const text = push(body);

      expect(count(await app.raw([text.slice(0, at), text.slice(at)]), 404)).toBe(1);
    });

    test('split in the middle of a large body', async () => {
      const large = JSON.stringify({ name: 'demo', filler: 'x'.repeat(300_000) });
      const text = push(large);

      expect(
        count(await app.raw([text.slice(0, 100), text.slice(100, 70_000), text.slice(70_000)]), 400),
      ).toBe(1);
    });

    test('again and again on one connection, between other methods', async () => {
      const get = 'GET /+api HTTP/1.1\r\nHost: x\r\n\r\n';

      const received = await app.raw([get, push(body), push(body), get, push(body), get], { inTurn: true });

      expect([count(received, 200), count(received, 404)]).toEqual([3, 3]);
    });

    test('but not behind a request that is not answered yet, and lives on', async () => {
      const get = 'GET /+api HTTP/1.1\r\nHost: x\r\n\r\n';

      for (let time = 0; time < 5; time += 1) {
        const received = await app.raw([get + push(body) + get, push(body)], { silentMs: 50 });
        expect(received).not.toContain('could not be found');
      }

      expect((await app.get('/+api')).status).toBe(200);
    });

    test('in the words of the client when it is wrong', async () => {
      const response = await app.request('POST', index.path, {
        body: '{',
        headers: { accept: 'application/json' },
      });

      expect([response.status, response.json().message]).toEqual([400, 'Bad request: could not decode json']);
      expect(await app.raw([push('{')])).toContain('could not decode json');
      expect(await app.raw([push(body).replace(index.path, '/root/nothing')])).toMatch(/^HTTP\/1\.1 404 /);
    });

    test('but no method that it does not know', async () => {
      const received = await app.raw([`PUSHY / HTTP/1.1\r\nHost: x\r\n\r\n`]);

      expect(received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close/);
    });

    test('and LINK only for what it stands for', async () => {
      expect((await app.request('LINK', '/+api')).status).toBe(405);
    });
  });

  test.each([
    ['nonsense', 'HELLO\r\n\r\n', 400],
    ['a header that never ends', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    [
      'two lengths',
      'POST /+login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
      400,
    ],
    [
      'a length and chunks',
      'POST /+login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('refuses %s and goes on', async (_what, bytes, status) => {
    expect(await app.raw([bytes])).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect((await app.get('/+api')).status).toBe(200);
  });
});
