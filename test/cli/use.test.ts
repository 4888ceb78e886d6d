import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createIndex, request } from '#test/index-api.ts';
import { runCommand } from '#test/run-command.ts';
import { launcher, serverEnvironment, startServer, type ServerProcess } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';

let server: ServerProcess;
let home: TemporaryDirectory;
let alice: Awaited<ReturnType<typeof createIndex>>;

beforeAll(async () => {
  server = await startServer({ arguments: ['--host', 'localhost'] });
  alice = await createIndex(server, 'alice/dev');
  await createIndex(server, 'alice/prod');
  await createIndex(server, 'bob/dev');
  await createIndex(server, 'alice/private', { acl_read: ['alice'] });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

beforeEach(async () => {
  home = await makeTemporaryDirectory();
  return async () => await home[Symbol.asyncDispose]();
});

async function run(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}) {
  return await runCommand([launcher, ...args], {
    env: { ...serverEnvironment, HOME: home.path, ...env },
    cwd: home.path,
    input,
    timeoutMs: 60_000,
  });
}

async function succeed(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}) {
  const { exitCode, stdout, stderr } = await run(args, input, env);
  expect(exitCode, `${args.join(' ')}: ${stderr}`).toBe(0);
  return { stdout, stderr };
}

async function logIn(user = 'alice'): Promise<void> {
  await succeed(['login', user, '--server', server.url, '--password', '-'], `secret of ${user}\n`);
}

const at = (path: string) => join(home.path, path);
const exists = async (path: string) => (await stat(at(path)).catch(() => undefined)) !== undefined;

it('prints JSON of what is in use, and of what it lists and shows', async () => {
  await succeed(['use', alice.url]);
  await logIn();

  const used = JSON.parse((await succeed(['use', '--json', '--set-cfg'])).stdout) as {
    configuration: { path: string; index: string | null }[];
  };
  expect(used).toMatchObject({ server: server.url, index: 'alice/dev', user: 'alice', venv: null });
  expect(used.configuration[0]).toEqual({
    path: at('.config/pip/pip.conf'),
    exists: true,
    index: alice.simple,
  });
  const json = async (...args: string[]) =>
    JSON.parse((await succeed([...args, '--json'])).stdout) as unknown;
  expect(await json('use', '-l')).toContainEqual(
    expect.objectContaining({ index: 'bob/dev', type: 'stage' }),
  );
  expect(await json('use', '-l', '-u', 'bob')).toMatchObject([{ index: 'bob/dev' }]);
  expect(await json('user')).toMatchObject({ username: 'alice' });
  expect(await json('user', '-l')).toContainEqual(expect.objectContaining({ username: 'bob' }));
  expect(await json('index')).toMatchObject({ type: 'stage', acl_upload: ['alice'] });
  expect(await json('index', '-l', 'bob')).toMatchObject([{ index: 'bob/dev' }]);
  expect(await json('index', 'title=Mine')).toMatchObject({ title: 'Mine' });
  expect(await json('token', 'list')).toEqual([]);
});

it('changes nothing with --dry-run', async () => {
  await succeed(['use', alice.url]);
  await logIn();
  const session = await readFile(at('.config/wheelhouse/session.json'), 'utf8');
  const before = (await request(server, 'GET', '/', alice)).text;

  const set = await succeed(['use', '--dry-run', '--set-cfg', 'alice/private']);
  expect(set.stderr).toContain(`would change ${at('.config/pip/pip.conf')}`);
  expect(set.stderr).toContain(`a token that reads this only would go into ${at('.netrc')}`);
  await succeed(['index', '--dry-run', '-c', 'new']);
  await succeed(['index', '--dry-run', 'dev', 'title=x']);
  await succeed(['index', '--dry-run', '--delete', 'dev']);
  await succeed(['user', '--dry-run', '-c', 'carol']);
  await succeed(['user', '--dry-run', '-m', 'alice', 'email=x@example.com']);
  await succeed(['user', '--dry-run', '--delete', 'alice']);
  await succeed(['token', 'create', '--dry-run', 'x', '--scope', 'packages.read']);
  await writeFile(at('x.json'), '{"title": "x"}');
  await succeed(['patchjson', '--dry-run', '/alice/dev', 'x.json']);
  await succeed(['use', '--dry-run', '--delete']);

  expect((await request(server, 'GET', '/', alice)).text).toBe(before);
  expect((await succeed(['token', 'list', '--json'])).stdout).toBe('[]');
  expect(await readFile(at('.config/wheelhouse/session.json'), 'utf8')).toBe(session);
  expect(await exists('.config/pip')).toBe(false);
});

it('keeps an index for a virtual environment', async () => {
  await succeed(['use', alice.url]);
  await mkdir(at('venv/bin'), { recursive: true });
  const active = { VIRTUAL_ENV: at('venv') };

  await succeed(['use', '--local', '--set-cfg', `${server.url}/bob/dev`], '', active);

  expect((await succeed(['use'])).stdout).toContain(`current devpi index: ${alice.url} `);
  expect((await succeed(['use'], '', active)).stdout).toContain(`${server.url}/bob/dev`);
  expect(await readFile(at('venv/pip.conf'), 'utf8')).toContain('/bob/dev/+simple/');
  expect(await readFile(at('venv/uv.toml'), 'utf8')).toContain('/bob/dev/+simple/');
  expect(await exists('.config/pip')).toBe(false);
  await succeed(['use', '--delete'], '', active);
  expect(await exists('venv/pip.conf')).toBe(false);
  expect((await succeed(['use'], '', active)).stdout).toContain(`current devpi index: ${alice.url} `);
});

it('takes the index and the user of the environment', async () => {
  await succeed(['use', alice.url]);
  await logIn('bob');
  await logIn('alice');

  const used = await succeed(['use'], '', { DEVPI_INDEX: 'bob/dev', DEVPI_USER: 'bob' });
  expect(used.stdout).toMatch(
    /^Using DEVPI_INDEX from environment: bob\/dev\ncurrent devpi index: \S+\/bob\/dev \(logged in as bob\)\n/,
  );
  expect((await succeed(['index'], '', { DEVPI_INDEX: `${server.url}/bob/dev` })).stdout).toContain(
    '/bob/dev:',
  );
  expect((await succeed(['use'])).stdout).toContain('/alice/dev (logged in as alice)');
  expect((await succeed(['use', '-u', 'bob'])).stdout).toContain('(logged in as bob)');
  expect((await succeed(['user'])).stdout).toContain('/bob:');
  await succeed(['logoff']);
  expect((await succeed(['use'])).stdout).toContain('(logged in as alice)');
});

it('reads what devpi-client knows, and leaves its files alone', async () => {
  const directory = at('.devpi/client');
  await mkdir(directory, { recursive: true });
  const { text } = await request(server, 'POST', '/+login', undefined, alice);
  const { password } = (JSON.parse(text) as { result: { password: string } }).result;
  const current = { index: alice.url, login: `${server.url}/+login`, username: 'alice' };
  const auth = JSON.stringify({ auth: { [`${server.url}/`]: [['alice', password]] } });
  await writeFile(join(directory, 'current.json'), JSON.stringify(current));
  await writeFile(join(directory, 'auth.json'), auth);

  expect((await succeed(['use'])).stdout).toContain(`${alice.url} (logged in as alice)`);
  await succeed(['index', 'title=From devpi']);
  await succeed(['use', 'prod']);
  await succeed(['logoff']);

  expect((await succeed(['use'])).stdout).toContain('/alice/prod (not logged in)');
  expect(await readFile(join(directory, 'auth.json'), 'utf8')).toBe(auth);
});

it('forgets a login that the server does not know any more, and says so', async () => {
  await succeed(['use', alice.url]);
  await logIn();
  const file = at('.config/wheelhouse/session.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/"token": "[^"]*"/, '"token": "stale"'));

  const { stdout, stderr } = await succeed(['use', 'alice/dev']);

  expect(stdout).toContain('(not logged in)');
  expect(stderr).toContain('is not known there any more; log in again: wheelhouse login alice');
  expect(await readFile(file, 'utf8')).not.toContain('stale');
});

it('makes pip trust a host when told so, and not any more', async () => {
  await logIn();
  const conf = async () => await readFile(at('.config/pip/pip.conf'), 'utf8');

  await succeed(['use', '--set-cfg', 'alice/dev']);
  expect(await conf()).not.toContain('trusted-host');
  await succeed(['use', '--set-cfg', '-t', 'yes', '--always-set-cfg', 'yes']);
  expect(await conf()).toContain('trusted-host = localhost');
  await succeed(['use', 'alice/prod']);
  expect(await conf()).toMatch(/trusted-host = localhost[\s\S]*\/alice\/prod\//);
  await succeed(['use', '-t', 'no', 'alice/dev']);
  expect(await conf()).not.toContain('trusted-host');
});

it('replaces the token of installers when other indexes are read, and keeps what somebody wrote', async () => {
  await logIn();
  await succeed(['use', '--set-cfg', 'alice/private']);
  const first = await readFile(at('.netrc'), 'utf8');
  await createIndex(server, 'alice/more', { acl_read: [], bases: ['alice/private'] });

  await succeed(['use', '--set-cfg', 'alice/more']);

  const second = await readFile(at('.netrc'), 'utf8');
  expect(second.match(/machine/g)).toHaveLength(1);
  expect(second).not.toBe(first);
  const tokens = JSON.parse((await succeed(['token', 'list', '--json'])).stdout) as {
    on: string[];
    scopes: string[];
    revoked?: string;
  }[];
  const valid = tokens.filter(({ revoked }) => revoked === undefined);
  expect(valid).toMatchObject([{ on: ['alice/more', 'alice/private'], scopes: ['packages.read'] }]);
  expect(tokens).toHaveLength(2);

  await succeed(['use', '--delete']);
  expect(await exists('.netrc')).toBe(false);
  await writeFile(at('.netrc'), 'machine localhost login alice password mine\n');
  await succeed(['use', `${server.url}/alice/private`]);
  const kept = await succeed(['use', '--set-cfg']);
  expect(kept.stderr).toContain('names a user for the host already, and stays as it is');
  expect(await readFile(at('.netrc'), 'utf8')).toBe('machine localhost login alice password mine\n');
});
