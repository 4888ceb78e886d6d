import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { createIndex, request, upload, wheelUpload } from '#test/index-api.ts';
import { launcher, startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer({ arguments: ['--host', 'localhost'] });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

// What a person's own shell has: nothing that says where configuration is.
const env = { PIP_CONFIG_FILE: undefined };

function runner(session: ClientSession) {
  return async (args: readonly string[], input = '') => {
    const result = await session.runProgram([launcher, ...args], { env, input });
    expect(result.exitCode, `wheelhouse ${args.join(' ')}\n${result.stderr}`).toBe(0);
    return result;
  };
}

const FILES = [
  '.config/pip/pip.conf',
  '.config/uv/uv.toml',
  '.config/pypoetry/config.toml',
  '.config/pdm/config.toml',
  '.pypirc',
  '.pydistutils.cfg',
  '.buildout/default.cfg',
];

it('sets the installers of a user to a private index, and takes it back', { timeout: 300_000 }, async () => {
  await using session = await openClientSession();
  const wheelhouse = runner(session);
  const base = await createIndex(server, 'alice/base', { acl_read: ['alice'] });
  const index = await createIndex(server, 'alice/dev', { acl_read: ['alice'], bases: ['alice/base'] });
  expect((await upload(index, wheelUpload())).status).toBe(200);
  expect((await upload(base, wheelUpload({ name: 'below' }))).status).toBe(200);
  const home = (path: string) => join(session.home, path);
  const mine = '# mine\n[global]\ntimeout = 60\n';
  await session.runProgram(['mkdir', '-p', home('.config/pip')]);
  await session.write('../home/.config/pip/pip.conf', mine);
  await session.write('../home/.netrc', 'machine other.example login me password secret\n');
  await session.runProgram(['chmod', '600', home('.netrc')]);

  await wheelhouse(['login', 'alice', '--server', server.url, '--password', '-'], `${index.password}\n`);
  const set = await wheelhouse(['use', '--set-cfg', 'alice/dev']);

  expect(set.stderr).toContain(`a token that reads this only goes into ${home('.netrc')}`);
  const netrc = await readFile(home('.netrc'), 'utf8');
  const token = /^machine localhost login __token__ password (wh_\S+)$/m.exec(netrc)?.[1] ?? '';
  expect(netrc).toContain('machine other.example login me password secret\n');
  expect((await stat(home('.netrc'))).mode & 0o777).toBe(0o600);
  expect((await stat(home('.netrc-bak'))).mode & 0o777).toBe(0o600);
  expect(token).not.toBe('');
  for (const file of FILES) expect(await readFile(home(file), 'utf8'), file).not.toContain('wh_');
  expect(await readFile(home('.config/pip/pip.conf-bak'), 'utf8')).toBe(mine);
  // The same again changes nothing, and makes no second token.
  const again = await wheelhouse(['use', '--set-cfg', 'alice/dev']);
  expect(again.stderr).toBe('');
  expect(await readFile(home('.netrc'), 'utf8')).toBe(netrc);

  // Installing.
  await session.succeed('pip', ['download', '--no-cache-dir', '-d', 'got', 'demo', 'below'], { env });
  const python = await session.makeVenv('uv-venv');
  await session.succeed('uv', ['pip', 'install', '--no-cache', '--python', python, 'demo', 'below'], { env });
  await session.write(
    'pdm/pyproject.toml',
    '[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.9"\ndependencies = ["demo", "below"]\n',
  );
  await session.succeed('pdm', ['lock', '--no-cross-platform', '-p', 'pdm'], { env });
  await session.write(
    'poetry/pyproject.toml',
    '[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.9"\ndependencies = ["demo", "below"]\n',
  );
  const poetry = ['-C', 'poetry', '--no-interaction'];
  await session.succeed(
    'poetry',
    [...poetry, 'source', 'add', '--priority=primary', 'wheelhouse', index.simple],
    { env },
  );
  await session.succeed('poetry', [...poetry, 'lock', '--no-cache'], { env });

  // Uploading.
  const upload2 = wheelUpload({ name: 'second' });
  await session.write(`dist/${upload2.filename}`, upload2.bytes);
  const withPassword = { ...env, TWINE_PASSWORD: index.password };
  await session.succeed(
    'twine',
    ['upload', '-r', 'wheelhouse', 'dist/*'].map((word) => word.replace('*', upload2.filename)),
    { env: withPassword },
  );
  const third = wheelUpload({ name: 'third' });
  await session.write(`dist/${third.filename}`, third.bytes);
  await session.succeed('uv', ['publish', `dist/${third.filename}`, '--username', 'alice'], {
    env: { ...env, UV_PUBLISH_PASSWORD: index.password },
  });
  const fourth = wheelUpload({ name: 'fourth' });
  await session.write(`pdm/dist/${fourth.filename}`, fourth.bytes);
  await session.succeed(
    'pdm',
    ['publish', '-p', 'pdm', '--no-build', '-r', 'wheelhouse', '--username', 'alice'],
    { env: { ...env, PDM_PUBLISH_PASSWORD: index.password } },
  );
  const fifth = wheelUpload({ name: 'app' });
  await session.write(`poetry/dist/${fifth.filename}`, fifth.bytes);
  await session.succeed('poetry', [...poetry, 'publish', '-r', 'wheelhouse', '--dist-dir', 'dist'], {
    env: {
      ...env,
      POETRY_HTTP_BASIC_WHEELHOUSE_USERNAME: 'alice',
      POETRY_HTTP_BASIC_WHEELHOUSE_PASSWORD: index.password,
    },
  });
  const page = await request(server, 'GET', '/alice/dev', index);
  expect(JSON.parse(page.text)).toMatchObject({
    result: { projects: ['app', 'demo', 'fourth', 'second', 'third'] },
  });

  // The token reads and does nothing else.
  const shown = { user: '__token__', password: token };
  expect((await request(server, 'GET', '/alice/dev', shown)).status).toBe(200);
  expect((await request(server, 'PATCH', '/alice/dev', shown, { title: 'x' })).status).toBe(403);
  expect((await upload({ ...index, ...shown }, wheelUpload({ name: 'sixth' }))).status).toBe(403);
  await createIndex(server, 'alice/other', { acl_read: ['alice'] });
  expect((await request(server, 'GET', '/alice/other', shown)).status).toBe(403);

  const removed = await wheelhouse(['use', '--delete']);

  expect(removed.stdout).toBe(`REMOVED configuration at ${home('.config/wheelhouse/session.json')}\n`);
  expect(await readFile(home('.config/pip/pip.conf'), 'utf8')).toBe(mine);
  expect(await readFile(home('.netrc'), 'utf8')).toBe('machine other.example login me password secret\n');
  for (const file of FILES.slice(1)) await expect(stat(home(file)), file).rejects.toThrow('ENOENT');
  expect((await request(server, 'GET', '/alice/dev', shown)).status).toBe(401);
});
