import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPythons, type Python } from '#cli/builder/find-pythons.ts';
import { findProgram } from '#test/clients.ts';
import { openClientSession } from '#test/client-session.ts';
import { createIndex, listPage, request, upload } from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { selfBuildingSdist, type SelfBuildingOptions } from '#test/self-building-sdist.ts';
import { launcher, serverEnvironment, startServer, type ServerProcess } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';

const ROOT = { user: 'root', password: '' };
const missing = findProgram('bwrap') === undefined ? 'bubblewrap is not on this machine' : undefined;

type Index = Awaited<ReturnType<typeof createIndex>>;

describe.skipIf(skipWithout(missing))('a wheel farm', () => {
  let home: TemporaryDirectory;
  let server: ServerProcess;
  let token: string;
  let pythons: readonly Python[];
  let count = 0;
  /** The same port after the server was killed. */
  let port = '0';

  const start = () =>
    startServer({
      serverdir: join(home.path, 'server'),
      arguments: ['--port', port],
      env: { WHEELHOUSE_BUILDS_LEASE_SECONDS: '5' },
    });

  beforeAll(async () => {
    home = await makeTemporaryDirectory();
    pythons = (await findPythons()).filter(({ pip }) => pip !== undefined).slice(-2);
    server = await start();
    ({ port } = new URL(server.url));
    const scopes = ['builds.build', 'packages.read'];
    const made = await request(server, 'POST', '/+tokens', ROOT, { name: 'farm', scopes });
    ({ token } = (JSON.parse(made.text) as { result: { token: string } }).result);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  /** A stage that builds, with an sdist of `demo`. */
  async function stage(
    options: SelfBuildingOptions,
    targets = pythons.map(({ tag }) => tag),
  ): Promise<Index> {
    const index = await createIndex(server, `farmer${(count += 1)}/dev`, { build_targets: targets });
    await add(index, options);
    return index;
  }

  async function add(index: Index, options: SelfBuildingOptions): Promise<void> {
    const { filename, bytes } = selfBuildingSdist(options);
    const { name = 'demo', version = '1.0' } = options;
    expect((await upload(index, { name, version, filename, bytes })).status).toBe(200);
  }

  /** The real program, with the token where nobody sees it. */
  function startBuilder(...args: readonly string[]) {
    const where = ['--server', server.url, '--token', '-', '--work', join(home.path, 'work')];
    const targets = pythons.flatMap(({ tag }) => ['--target', tag]);
    return execa(launcher, ['builder', ...where, ...targets, ...args], {
      reject: false,
      extendEnv: false,
      env: { ...serverEnvironment, HOME: homedir(), PATH: process.env['PATH'] ?? '' },
      input: token,
      all: true,
    });
  }

  const filenames = async (index: Index) => (await listPage(index, 'demo')).map(({ filename }) => filename);
  const builds = async (query = '') => {
    const answer = await request(server, 'GET', `/+builds${query}`, ROOT);
    return (
      JSON.parse(answer.text) as {
        builds: { id: number; state: string; project: string; failure: string | null }[];
      }
    ).builds;
  };
  const waiting = async () => {
    const { text } = await request(server, 'GET', '/+builds', ROOT);
    return (JSON.parse(text) as { waiting: number }).waiting;
  };
  const seen = async <Value>(look: () => Promise<Value>) =>
    await expect.poll(look, { timeout: 60_000, interval: 100 });

  it('builds what is uploaded, in its release, and pip installs it', async () => {
    const index = await stage({ duringBuild: 'print("compiling")' });
    const builder = startBuilder('--name', 'first');

    await (await seen(() => filenames(index))).toContain('demo-1.0-py3-none-any.whl');
    // A later one is built within seconds of an idle builder.
    await add(index, { version: '2.0' });
    await (await seen(() => filenames(index))).toContain('demo-2.0-py3-none-any.whl');
    builder.kill('SIGINT');
    const { exitCode, all } = await builder;

    expect([exitCode, all]).toEqual([0, expect.stringContaining('2 builds succeeded, 0 failed')]);
    expect(await readdir(join(home.path, 'work'))).toEqual([]);
    const [{ id = 0 } = {}] = (await builds('?project=demo')).toReversed();
    const log = await request(server, 'GET', `/+builds/${id}/log`, ROOT);
    expect(log.text).toContain('compiling');
    await using session = await openClientSession();
    const target = join(home.path, 'installed');
    const args = [
      'install',
      '--index-url',
      index.simple,
      '--only-binary',
      ':all:',
      '--target',
      target,
      'demo',
    ];
    const installed = await session.run('pip', args);
    expect([installed.exitCode, installed.stdout]).toEqual([0, expect.stringContaining('demo-2.0')]);
  });

  it('says why a build failed, and goes on', async () => {
    const index = await stage(
      { duringBuild: 'raise SystemExit("fatal error: git2.h: No such file or directory")' },
      [pythons[0]?.tag ?? ''],
    );
    await (await seen(waiting)).toBe(1);
    const builder = await startBuilder('--once');

    expect([builder.exitCode, builder.all]).toEqual([
      0,
      expect.stringContaining('0 builds succeeded, 1 failed'),
    ]);
    const [build] = await builds('?state=failed');
    expect(build).toMatchObject({ project: 'demo', failure: 'missing-header' });
    expect(await filenames(index)).toEqual(['demo-1.0.tar.gz']);
  });

  it('goes on after an sdist or an index that went away', async () => {
    const [target = ''] = pythons.map(({ tag }) => tag);
    const gone = await stage({ duringBuild: 'import time; time.sleep(3)' }, [target]);
    const builder = startBuilder('--name', 'steady');
    await (await seen(async () => (await builds('?state=running')).length)).toBe(1);
    expect((await request(server, 'DELETE', `/${gone.index}`, gone)).status).toBe(201);

    const index = await stage({}, [target]);
    await (await seen(() => filenames(index))).toContain('demo-1.0-py3-none-any.whl');
    builder.kill('SIGINT');
    expect((await builder).exitCode).toBe(0);
  });

  it('gives the build of a builder that was killed to another one', async () => {
    const index = await stage({ duringBuild: 'import time; time.sleep(4)' }, [pythons[0]?.tag ?? '']);
    const killed = startBuilder('--name', 'killed');
    await (await seen(async () => (await builds('?state=running')).length)).toBe(1);
    killed.kill('SIGKILL');
    await killed;

    const other = startBuilder('--name', 'other');
    await (await seen(() => filenames(index))).toContain('demo-1.0-py3-none-any.whl');
    other.kill('SIGTERM');
    expect((await other).exitCode).toBe(0);
    expect((await builds('?state=lost')).length).toBe(1);
  });

  it('ends a build whose server was killed meanwhile', async () => {
    const index = await stage({ duringBuild: 'import time; time.sleep(4)' }, [pythons[0]?.tag ?? '']);
    const builder = startBuilder('--name', 'patient');
    await (await seen(async () => (await builds('?state=running')).length)).toBe(1);
    await server.kill();
    server = await start();

    await (await seen(() => filenames(index))).toContain('demo-1.0-py3-none-any.whl');
    builder.kill('SIGINT');
    expect((await builder).exitCode).toBe(0);
    expect(await builds('?state=running')).toEqual([]);
  });

  it('refuses a token on the command line, and one without the right', async () => {
    const named = await execa(launcher, ['builder', '--token', 'wh_secret'], {
      reject: false,
      extendEnv: false,
      env: serverEnvironment,
    });
    expect([named.exitCode, named.stderr]).toEqual([1, expect.stringContaining('--token -')]);
    const made = await request(server, 'POST', '/+tokens', ROOT, { name: 'weak', scopes: ['packages.read'] });
    const weak = token;
    ({ token } = (JSON.parse(made.text) as { result: { token: string } }).result);
    const refused = await startBuilder('--once');
    token = weak;
    expect([refused.exitCode, refused.all]).toEqual([1, expect.stringContaining('builds.build')]);
  });
});
