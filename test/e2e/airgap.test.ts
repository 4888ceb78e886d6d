import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { createIndex, request, sdistUpload, sha256, uploadAll, wheelUpload } from '#test/index-api.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

/** Servers of tests are off line, with a proxy that is not there, unless told otherwise. */
const ONLINE = { WHEELHOUSE_OFFLINE: 'no', NO_PROXY: '127.0.0.1' };
/** A port where nobody answers. */
const NOWHERE = 'http://127.0.0.1:1/simple/';
const demo = wheelUpload({ metadata: { 'Requires-Dist': 'helper.lib' } });
const helper = wheelUpload({ name: 'helper.lib', version: '2.0+local' });
const uploads = [
  demo,
  wheelUpload({ version: '2.0' }),
  sdistUpload(),
  helper,
  wheelUpload({ name: 'other' }),
];

/** What stands for PyPI. */
let internet: ServerProcess;
let simple: string;

beforeAll(async () => {
  internet = await startServer();
  const index = await createIndex(internet, 'anna/dev');
  await uploadAll(index, uploads);
  ({ simple } = index);
});

afterAll(async () => {
  await internet[Symbol.asyncDispose]();
});

const root = { user: 'root', password: '' };

async function setUpstream(server: ServerProcess, url: string): Promise<void> {
  const { status, text } = await request(server, 'PATCH', '/root/pypi', root, [`mirror_url=${url}`]);
  expect(status, text).toBe(200);
}

async function prime(session: ClientSession, server: ServerProcess, args: readonly string[]) {
  return await runWheelhouse(['prime', ...args, '--index', `${server.url}/root/pypi`], {
    cwd: session.directory,
  });
}

/** A bundle of what a lock file names, made by a server that reaches upstream; the server has ended. */
async function makeBundle(session: ClientSession, args: readonly string[]): Promise<string> {
  await using connected = await startServer({ env: ONLINE });
  await setUpstream(connected, simple);
  const result = await prime(session, connected, [...args, '--bundle', 'packages.tar']);
  expect(result.exitCode, result.stdout + result.stderr).toBe(0);
  return join(session.directory, 'packages.tar');
}

/** A server whose upstream does not exist, and which has the bundle. */
async function startAirGapped(session: ClientSession, bundle: string, where: readonly string[] = []) {
  const serverdir = join(session.home, 'air-gapped');
  {
    await using empty = await startServer({ serverdir });
    await setUpstream(empty, NOWHERE);
  }
  const imported = await runWheelhouse(['bundle', 'import', bundle, '--serverdir', serverdir]);
  expect(imported.exitCode, imported.stderr).toBe(0);
  return await startServer({ serverdir, arguments: ['--offline', ...where] });
}

it('installs with pip and uv from a server that got everything in a bundle', async () => {
  await using session = await openClientSession();
  await session.write('requirements.txt', `demo==1.0 --hash=sha256:${sha256(demo.bytes)}\n-r more.txt\n`);
  await session.write('more.txt', `helper-lib==2.0 # all its files\n`);
  await using server = await startAirGapped(session, await makeBundle(session, ['requirements.txt']));
  const pypi = `${server.url}/root/pypi/+simple/`;
  const [python, other] = [await session.makeVenv('one'), await session.makeVenv('two')];
  await session.write('open.txt', 'demo==1.0\nhelper-lib==2.0\n');

  await session.succeed('pip', ['--python', python, 'install', '--index-url', pypi, '-r', 'open.txt']);
  const uv = await session.succeed('uv', ['pip', 'install', '--python', other, '--index-url', pypi, 'demo']);
  const absent = await session.run('uv', ['pip', 'install', '--python', other, '--index-url', pypi, 'other']);

  const { stdout } = await session.runProgram([python, '-c', 'import demo; print(demo.answer)']);
  expect(stdout).toBe('42\n');
  expect(uv.stderr).toContain(' + demo==1.0\n + helper-lib==2.0+local\n');
  expect(absent.exitCode).toBe(2);
  expect(absent.stderr).toContain('offline: nothing is known of other on root/pypi');
  const doctor = await runWheelhouse(['doctor', '--serverdir', server.serverdir, '--json']);
  expect(doctor).toMatchObject({ exitCode: 0 });
});

it('syncs a frozen uv.lock from a server of the same address', async () => {
  await using session = await openClientSession();
  await using connected = await startServer({ env: ONLINE });
  await setUpstream(connected, simple);
  await session.write(
    'pyproject.toml',
    `[project]\nname = "application"\nversion = "0.1"\nrequires-python = ">=3.9"\ndependencies = ["demo==1.0"]\n` +
      `[[tool.uv.index]]\nname = "ours"\nurl = "${connected.url}/root/pypi/+simple/"\ndefault = true\n`,
  );
  await session.succeed('uv', ['lock']);
  const primed = await prime(session, connected, ['uv.lock', '--json', '--bundle', 'packages.tar']);
  await connected.stop();
  await rm(join(session.home, '.cache'), { recursive: true, force: true });
  const { port } = new URL(connected.url);
  await using _server = await startAirGapped(session, join(session.directory, 'packages.tar'), [
    '--port',
    port,
  ]);

  await session.succeed('uv', ['sync', '--frozen']);
  const { stdout } = await session.succeed('uv', [
    'run',
    '--frozen',
    'python',
    '-c',
    'import demo; print(demo.answer)',
  ]);

  expect(JSON.parse(primed.stdout)).toMatchObject({ packages: 2, files: 3, missing: [], skipped: [] });
  expect(stdout).toBe('42\n');
});

it('fetches what an exported pylock.toml names, and installs from it', async () => {
  await using session = await openClientSession();
  await session.write('requirements.in', 'demo==1.0\n');
  await session.succeed('uv', [
    'pip',
    'compile',
    'requirements.in',
    '--format',
    'pylock.toml',
    '-o',
    'pylock.toml',
    '--index-url',
    simple,
  ]);
  await using server = await startAirGapped(session, await makeBundle(session, ['pylock.toml']));
  const python = await session.makeVenv();

  const { stderr } = await session.succeed('uv', [
    'pip',
    'install',
    '--python',
    python,
    '--index-url',
    `${server.url}/root/pypi/+simple/`,
    'demo',
  ]);

  expect(stderr).toContain(' + demo==1.0\n');
});

it('tells what is missing, with the words of the server, and writes no bundle', async () => {
  await using session = await openClientSession();
  await using connected = await startServer({ env: ONLINE });
  await setUpstream(connected, simple);
  await session.write('requirements.txt', 'demo==1.0\ndemo==9.9\nnothing==1.0\n');

  const result = await prime(session, connected, ['requirements.txt', '--bundle', 'packages.tar']);

  expect(result.exitCode).toBe(1);
  expect(result.stdout).toMatch(
    /^missing demo 9\.9: the index lists no file of this version\nmissing nothing 1\.0: 404 .*nothing.*\n$/,
  );
  expect(result.stderr).toContain('2 missing; no bundle was written\n');
  await expect(session.read('packages.tar')).rejects.toThrow('ENOENT');
  await expect(session.read('packages.tar.part')).rejects.toThrow('ENOENT');
});

it('refuses requirements without a version, naming file and line', async () => {
  await using session = await openClientSession();
  await session.write('requirements.txt', '# nothing yet\ndemo>=1\n');

  const result = await runWheelhouse(['prime', 'requirements.txt'], { cwd: session.directory });

  expect(result).toMatchObject({ exitCode: 1, stdout: '' });
  expect(result.stderr).toMatch(
    /^error: requirements\.txt:2: demo>=1 names no version \(==\)\n\nhint: compile it first/,
  );
});
