import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import {
  createIndex,
  listPage,
  request,
  sdistUpload,
  sha256,
  uploadAll,
  wheelUpload,
} from '#test/index-api.ts';
import { requestedPaths, startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

type Index = Awaited<ReturnType<typeof createIndex>>;

async function publish(session: ClientSession, index: Index, args: readonly string[]) {
  const account = ['--username', index.user, '--password', index.password];
  const flags = ['--trusted-publishing', 'never', '--publish-url', `${index.url}/`];
  return await session.run('uv', ['publish', ...flags, ...account, ...args]);
}

/** A project without code whose only index is ours. */
async function writeProject(session: ClientSession, index: Index, dependencies: readonly string[]) {
  const lines = [
    '[project]',
    'name = "application"',
    'version = "0.1"',
    'requires-python = ">=3.9"',
    `dependencies = ${JSON.stringify(dependencies)}`,
    '[[tool.uv.index]]',
    'name = "ours"',
    `url = "${index.simple}"`,
    'default = true',
  ];
  await session.write('pyproject.toml', `${lines.join('\n')}\n`);
}

it('publishes a wheel and an sdist', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'anna/dev');
  const uploads = [wheelUpload(), sdistUpload()];
  for (const { filename, bytes } of uploads) await session.write(`dist/${filename}`, bytes);

  const result = await publish(session, index, []);

  expect(result.exitCode, result.stderr).toBe(0);
  const offered = (await listPage(index, 'demo')).map(({ filename, hashes }) => [filename, hashes['sha256']]);
  expect(offered.toSorted()).toEqual(
    uploads.map(({ filename, bytes }) => [filename, sha256(bytes)]).toSorted(),
  );
});

it('takes the same bytes again, and shows why it refuses other ones', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'berta/prod', { volatile: false });
  const { filename, bytes } = wheelUpload();
  await session.write(filename, bytes);
  expect((await publish(session, index, [filename])).exitCode).toBe(0);

  const again = await publish(session, index, [filename]);
  await session.write(filename, wheelUpload({ description: 'changed' }).bytes);
  const changed = await publish(session, index, [filename]);

  expect(again.exitCode, again.stderr).toBe(0);
  expect(changed.exitCode).toBe(2);
  expect(changed.stderr).toContain(
    `409 Conflict. Server message: The file exists with other contents, ${filename} already exists in non-volatile index`,
  );
  expect(await listPage(index, 'demo')).toMatchObject([{ hashes: { sha256: sha256(bytes) } }]);
});

it('skips what the index has already, with --check-url', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'carla/prod', { volatile: false });
  const { filename, bytes } = wheelUpload();
  await session.write(filename, bytes);
  const check = ['--check-url', index.simple, filename];

  const first = await publish(session, index, check);
  const again = await publish(session, index, check);
  await session.write(filename, wheelUpload({ description: 'changed' }).bytes);
  const changed = await publish(session, index, check);

  expect(first.stderr).toContain('Uploading');
  expect(again.exitCode, again.stderr).toBe(0);
  expect(again.stderr).toContain(`File ${filename} already exists, skipping`);
  expect(changed.exitCode).toBe(2);
  expect(changed.stderr).toContain('Local file and index file do not match');
});

it('shows that the password is wrong', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'dora/dev');
  const { filename, bytes } = wheelUpload();
  await session.write(filename, bytes);

  const { exitCode, stderr } = await publish(session, { ...index, password: 'wrong' }, [filename]);

  expect(exitCode).toBe(2);
  expect(stderr).toContain(
    '401 Unauthorized. Server message: Log in first, the user name or the password is wrong',
  );
});

it('installs a project with what it depends on', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'emma/dev');
  const demo = wheelUpload({ metadata: { 'Requires-Dist': 'helper' } });
  await uploadAll(index, [demo, wheelUpload({ name: 'helper', version: '1.0+local' })]);
  const python = await session.makeVenv();

  const { stderr } = await session.succeed('uv', [
    'pip',
    'install',
    '--python',
    python,
    '--index-url',
    index.simple,
    'demo',
  ]);

  expect(stderr).toContain(' + demo==1.0\n + helper==1.0+local\n');
});

it('skips a yanked release unless it is pinned', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'frida/dev');
  await uploadAll(index, [wheelUpload(), wheelUpload({ version: '2.0' })]);
  await request(server, 'PUT', '/frida/dev/demo/2.0/+yank', index, { reason: 'breaks everything' });
  const python = await session.makeVenv();
  const install = ['pip', 'install', '--python', python, '--index-url', index.simple];

  const open = await session.succeed('uv', [...install, 'demo']);
  const pinned = await session.succeed('uv', [...install, 'demo==2.0']);

  expect(open.stderr).toContain('+ demo==1.0');
  expect(pinned.stderr).toContain('+ demo==2.0');
  expect(pinned.stderr).toContain('`demo==2.0` is yanked (reason: "breaks everything")');
});

it('locks with the metadata files, fetches no wheel and notes size, hash and time', async () => {
  await using own = await startServer({ env: { WHEELHOUSE_LOG_LEVEL: 'debug' } });
  await using session = await openClientSession();
  const index = await createIndex(own, 'anna/dev');
  const demo = wheelUpload({ metadata: { 'Requires-Dist': 'helper' } });
  await uploadAll(index, [demo, wheelUpload({ name: 'helper' })]);
  await writeProject(session, index, ['demo']);

  await session.succeed('uv', ['lock']);

  const asked = requestedPaths(own).filter((path) => path.includes('/+f/'));
  expect(asked.map((path) => path.split('/').at(-1)).toSorted()).toEqual([
    'demo-1.0-py3-none-any.whl.metadata',
    'helper-1.0-py3-none-any.whl.metadata',
  ]);
  const [offered] = await listPage(index, 'demo');
  const lock = await session.read('uv.lock');
  expect(lock).toContain(
    `{ url = "${offered!.url}", hash = "sha256:${sha256(demo.bytes)}", size = ${demo.bytes.length}, upload-time = "`,
  );
  expect((await session.run('uv', ['lock', '--check'])).exitCode).toBe(0);
});

it('leaves out what was uploaded after a given time', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'gerda/dev');
  await uploadAll(index, [wheelUpload()]);
  await writeProject(session, index, ['demo']);

  const before = await session.run('uv', ['lock', '--exclude-newer', '2020-01-01T00:00:00Z']);
  const after = await session.run('uv', ['lock', '--exclude-newer', '2999-01-01T00:00:00Z']);

  expect(before.exitCode).toBe(1);
  expect(before.stderr).toContain('`demo` was filtered by `exclude-newer`');
  expect(after.exitCode, after.stderr).toBe(0);
});

it('adds a dependency and installs it', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'hanna/dev');
  await uploadAll(index, [wheelUpload(), wheelUpload({ version: '1.1' })]);
  await writeProject(session, index, []);

  await session.succeed('uv', ['add', 'demo']);
  const { stdout } = await session.succeed('uv', ['run', 'python', '-c', 'import demo; print(demo.answer)']);

  expect(await session.read('pyproject.toml')).toContain('"demo>=1.1"');
  expect(stdout).toBe('42\n');
});

it('says that there is no such project', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'ida/dev');
  await writeProject(session, index, ['nothing']);

  const { exitCode, stderr } = await session.run('uv', ['lock']);

  expect(exitCode).toBe(1);
  expect(stderr).toContain('nothing was not found in the package registry');
});
