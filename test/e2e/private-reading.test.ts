import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { findProgram } from '#test/clients.ts';
import { createIndex, request, upload, wheelUpload } from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { startNginx } from '#test/nginx.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

type Index = Awaited<ReturnType<typeof createIndex>>;

/** A private index with a release of demo, below a public one, and a user who may read both. */
async function newScene(name: string) {
  const stranger = await createIndex(server, `${name}-stranger/dev`);
  const reader = await createIndex(server, `${name}-reader/dev`);
  const index = await createIndex(server, `${name}/private`, { acl_read: [reader.user] });
  const merged = await createIndex(server, `${name}/merged`, { bases: [`${name}/private`] });
  const file = wheelUpload();
  expect((await upload(index, file)).status).toBe(200);
  return { index, merged, reader, stranger, filename: file.filename };
}

const withCredentials = (url: string, { user, password }: Pick<Index, 'user' | 'password'>) =>
  url.replace('://', `://${user}:${encodeURIComponent(password)}@`);

/** Writes `.netrc` of a session; a login token has no spaces, which readers of the format take in different ways. */
async function writeNetrc({ home }: ClientSession, reader: Index): Promise<void> {
  const path = join(home, '.netrc');
  const { hostname } = new URL(server.url);
  await writeFile(path, `machine ${hostname} login ${reader.user} password ${await tokenOf(reader)}\n`);
  await chmod(path, 0o600);
}

async function tokenOf({ user, password }: Index): Promise<string> {
  const { text } = await request(server, 'POST', '/+login', undefined, { user, password });
  return (JSON.parse(text) as { result: { password: string } }).result.password;
}

describe('from a private index', () => {
  it('pip installs with a password, a login token and .netrc, and not without', async () => {
    await using session = await openClientSession();
    const { index, merged, reader, stranger, filename } = await newScene('pip');
    const pip = (url: string) =>
      session.run('pip', [
        'download',
        '--no-cache-dir',
        '--no-deps',
        '-d',
        'got',
        '--index-url',
        url,
        'demo',
      ]);

    for (const { simple } of [index, merged]) {
      for (const url of [simple, withCredentials(simple, stranger)]) {
        const refused = await pip(url);
        expect(refused.exitCode, url).not.toBe(0);
        expect(refused.stdout + refused.stderr).not.toContain(filename);
      }
      expect((await pip(withCredentials(simple, reader))).exitCode, simple).toBe(0);
      const login = { user: reader.user, password: await tokenOf(reader) };
      expect((await pip(withCredentials(simple, login))).exitCode, simple).toBe(0);
    }
    await writeNetrc(session, reader);
    for (const { simple } of [index, merged]) expect((await pip(simple)).exitCode, simple).toBe(0);
    expect(await session.read(`got/${filename}`)).not.toBe('');
  });

  it('uv installs with a password, by the name of the index, and with .netrc, and not without', async () => {
    await using session = await openClientSession();
    const { index, reader, stranger } = await newScene('uv');
    const python = await session.makeVenv('uv-venv');
    const uv = (url: string, env: Record<string, string> = {}) =>
      session.run(
        'uv',
        ['pip', 'install', '--reinstall', '--no-cache', '--python', python, '--index', url, 'demo'],
        {
          env: { ...env, UV_DEFAULT_INDEX: index.simple },
        },
      );

    expect((await uv(index.simple)).exitCode).not.toBe(0);
    expect((await uv(withCredentials(index.simple, stranger))).exitCode).not.toBe(0);
    const named = await uv(`acme=${index.simple}`, {
      UV_INDEX_ACME_USERNAME: reader.user,
      UV_INDEX_ACME_PASSWORD: reader.password,
    });
    expect(named.exitCode, named.stderr).toBe(0);
    expect((await uv(withCredentials(index.simple, reader))).exitCode).toBe(0);
    await writeNetrc(session, reader);
    expect((await uv(index.simple)).exitCode).toBe(0);
  });

  it('poetry locks with http-basic, and not without', async () => {
    await using session = await openClientSession();
    const { index, reader } = await newScene('poetry');
    await session.write(
      'pyproject.toml',
      '[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.9"\ndependencies = ["demo"]\n' +
        `[[tool.poetry.source]]\nname = "acme"\nurl = "${index.simple}"\npriority = "primary"\n`,
    );
    const lock = (env: Record<string, string> = {}) =>
      session.run('poetry', ['lock', '--no-interaction', '--no-cache'], { env });

    expect((await lock()).exitCode).not.toBe(0);
    const locked = await lock({
      POETRY_HTTP_BASIC_ACME_USERNAME: reader.user,
      POETRY_HTTP_BASIC_ACME_PASSWORD: reader.password,
    });
    expect(locked.exitCode, locked.stdout + locked.stderr).toBe(0);
    expect(await session.read('poetry.lock')).toContain('name = "demo"');
  });

  it('devpi makes an index private, and lists what its readers see', async () => {
    await using session = await openClientSession();
    const { index, reader, stranger } = await newScene('devpi');
    const devpi = async (...args: string[]) => {
      const { stdout, stderr } = await session.run('devpi', args);
      return stdout + stderr;
    };
    const use = async ({ user, password }: Index) => {
      await devpi('use', index.url);
      await devpi('login', user, `--password=${password}`);
    };

    await use(index);
    expect(await devpi('index', 'devpi/private', 'acl_read=devpi')).toContain('acl_read=devpi');
    await use(reader);
    expect(await devpi('list', 'demo')).toContain('403');
    await use(index);
    expect(await devpi('index', 'devpi/private', `acl_read+=${reader.user}`)).toContain(
      `acl_read=devpi,${reader.user}`,
    );
    await use(reader);
    expect(await devpi('list', 'demo')).toContain('demo-1.0-py3-none-any.whl');
    await use(stranger);
    expect(await devpi('list', 'demo')).not.toContain('demo-1.0');
    expect(await devpi('use', '-l')).toContain('devpi/private');
  });

  it('twine and uv publish upload, and uv sees what is there already', async () => {
    await using session = await openClientSession();
    const { index } = await newScene('twine');
    const { filename, bytes } = wheelUpload();
    const path = await session.write(`dist/${filename}`, bytes);
    const login = ['-u', index.user, '-p', index.password];

    await session.succeed('twine', [
      'upload',
      '--non-interactive',
      '--repository-url',
      `${index.url}/`,
      ...login,
      path,
    ]);
    const published = await session.run('uv', [
      'publish',
      '--publish-url',
      `${index.url}/`,
      '--check-url',
      withCredentials(index.simple, index),
      ...login,
      path,
    ]);
    expect(published.exitCode, published.stderr).toBe(0);
    expect(published.stderr).toContain('already exists');
  });
});

const missing =
  findProgram('nginx') === undefined ? 'nginx is not installed (apt-get install nginx)' : undefined;

describe.skipIf(skipWithout(missing))('behind a cache that everybody shares', () => {
  it('nothing of a private index reaches who may not read it, whoever asked before', async () => {
    const { index, merged, reader, stranger, filename } = await newScene('nginx');
    const open = await createIndex(server, 'nginx-open/dev');
    const publicUpload = wheelUpload();
    await upload(open, publicUpload);
    await using nginx = await startNginx(
      () => [
        'location / {',
        `  proxy_pass ${server.url};`,
        '  proxy_cache shared;',
        '  proxy_cache_valid 200 302 10m;',
        '  proxy_cache_valid any 1m;',
        '  proxy_cache_key $request_method$request_uri$http_accept;',
        '  add_header X-Cached $upstream_cache_status always;',
        '}',
      ],
      (directory) => [`proxy_cache_path ${directory}/cache keys_zone=shared:1m;`],
    );
    const get = async (path: string, who?: Index, how: 'basic' | 'devpi' = 'basic') => {
      const pair = Buffer.from(`${who?.user}:${who?.password}`).toString('base64');
      const headers: Record<string, string> = { accept: 'application/vnd.pypi.simple.v1+json' };
      if (who !== undefined && how === 'basic') headers['authorization'] = `Basic ${pair}`;
      if (who !== undefined && how === 'devpi') headers['x-devpi-auth'] = pair;
      const response = await fetch(nginx.url + path, { headers });
      return {
        status: response.status,
        text: await response.text(),
        cached: response.headers.get('x-cached'),
      };
    };
    const pathOf = (url: string) => new URL(url).pathname;
    const page = `${pathOf(index.simple)}demo/`;
    const json = JSON.parse((await get(page, reader)).text) as { files: { url: string }[] };
    const file = new URL(json.files[0]?.url ?? '', `${server.url}${page}`).pathname;
    const paths = [
      page,
      pathOf(index.simple),
      file,
      `${file}.metadata`,
      pathOf(index.url),
      `${pathOf(index.url)}/+why/demo`,
    ];

    for (const path of paths) {
      for (const how of ['basic', 'devpi'] as const) {
        for (let time = 0; time < 2; time += 1) {
          expect((await get(path, reader, how)).status, path).toBeLessThan(400);
          expect((await get(path)).status, path).toBe(401);
          expect((await get(path, stranger, how)).status, path).toBe(403);
        }
      }
    }
    const below = `${pathOf(merged.simple)}demo/`;
    for (const how of ['basic', 'devpi'] as const) {
      for (let time = 0; time < 2; time += 1) {
        expect((await get(below, reader, how)).text).toContain(filename);
        expect((await get(below)).status).toBe(404);
        expect((await get(below, stranger, how)).status).toBe(404);
      }
    }
    // The cache does work: a file that everybody may read comes from it.
    const openPage = JSON.parse((await get(`${pathOf(open.simple)}demo/`)).text) as {
      files: { url: string }[];
    };
    const openFile = new URL(openPage.files[0]?.url ?? '', open.simple + 'demo/').pathname;
    await get(openFile);
    expect((await get(openFile)).cached).toBe('HIT');
  });
});
