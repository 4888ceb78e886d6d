import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { createIndex, listPage, uploadAll, wheelUpload } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

type Index = Awaited<ReturnType<typeof createIndex>>;

const env = { POETRY_VIRTUALENVS_IN_PROJECT: 'true', POETRY_KEYRING_ENABLED: 'false' };

/** A project with one module, and `ours` as the repository to publish to. */
async function openProject(session: ClientSession, index: Index): Promise<void> {
  const lines = [
    '[project]',
    'name = "Poem.Book"',
    'version = "1.0"',
    'description = "verses"',
    'requires-python = ">=3.9"',
    '[build-system]',
    'requires = ["poetry-core"]',
    'build-backend = "poetry.core.masonry.api"',
    '[tool.poetry]',
    'packages = [{ include = "poem_book" }]',
  ];
  await session.write('pyproject.toml', `${lines.join('\n')}\n`);
  await session.write('poem_book/__init__.py', 'verses = 1\n');
  await session.succeed('poetry', ['config', 'repositories.ours', `${index.url}/`], { env });
}

async function publish(session: ClientSession, index: Index, args: readonly string[]) {
  const account = ['--username', index.user, '--password', index.password];
  const flags = ['--no-interaction', '--repository', 'ours'];
  return await session.run('poetry', ['publish', ...flags, ...account, ...args], { env });
}

it('builds and publishes a wheel and an sdist', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'anna/dev');
  await openProject(session, index);

  const { exitCode, stderr } = await publish(session, index, ['--build']);

  expect(exitCode, stderr).toBe(0);
  const offered = (await listPage(index, 'poem-book')).map(({ filename }) => filename);
  expect(offered.toSorted()).toEqual(['poem_book-1.0-py3-none-any.whl', 'poem_book-1.0.tar.gz']);
});

it('may publish the same again, is told why other files are refused, and can skip them', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'berta/prod', { volatile: false });
  await openProject(session, index);
  expect((await publish(session, index, ['--build'])).exitCode).toBe(0);

  const again = await publish(session, index, []);
  await session.write('poem_book/__init__.py', 'verses = 2\n');
  const changed = await publish(session, index, ['--build']);
  const skipped = await publish(session, index, ['--skip-existing']);

  expect(again.exitCode, again.stderr).toBe(0);
  expect(changed.exitCode).toBe(1);
  expect(changed.stderr).toContain(
    'HTTP Error 409: poem_book-1.0.tar.gz already exists in non-volatile index',
  );
  expect(skipped.exitCode, skipped.stderr).toBe(0);
  expect(skipped.stderr).toContain('File exists. Skipping');
});

it('says that the password is wrong', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'carla/dev');
  await openProject(session, index);

  const { exitCode, stderr } = await publish(session, { ...index, password: 'wrong' }, ['--build']);

  expect(exitCode).toBe(1);
  expect(stderr).toContain('HTTP Error 401: the user name or the password is wrong');
});

it('adds a dependency, locks and installs it', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'dora/dev');
  const demo = wheelUpload({ version: '2.0', metadata: { 'Requires-Dist': 'helper' } });
  await uploadAll(index, [wheelUpload(), demo, wheelUpload({ name: 'helper' })]);
  await openProject(session, index);
  await session.succeed('poetry', ['source', 'add', '--priority', 'primary', 'ours', index.simple], { env });

  const { stdout } = await session.succeed('poetry', ['add', '--no-interaction', 'demo'], { env });

  expect(stdout).toContain('  - Installing helper (1.0)\n  - Installing demo (2.0)\n');
  for (const { filename, hashes } of [...(await listPage(index, 'helper')), await newest(index)]) {
    expect(await session.read('poetry.lock')).toContain(
      `{file = "${filename}", hash = "sha256:${hashes['sha256']}"}`,
    );
  }
});

async function newest(index: Index) {
  const found = (await listPage(index, 'demo')).find(({ filename }) => filename.includes('2.0'));
  if (found === undefined) throw new Error('demo 2.0 is not offered');
  return found;
}
