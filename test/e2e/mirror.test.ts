import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment } from '#kernel/config/environment.ts';
import { networkVariables } from '#test/clean-environment.ts';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { isInstalled } from '#test/clients.ts';
import { FixtureIndex, largeWheelFile, sdistFile, wheelFile } from '#test/fixture-index.ts';
import { createIndex, request, wheelUpload, uploadAll } from '#test/index-api.ts';
import { reachableIndex } from '#test/reachable-index.ts';
import { skipWithout } from '#test/machine.ts';
import { startServer, type ServerProcess } from '#test/server.ts';
import { startIndexServer } from '../../bench/support/index-server.ts';

const ROOT = { user: 'root', password: '' };
/** May ask upstreams on this machine, and no others. */
const LOCAL = { WHEELHOUSE_OFFLINE: 'no', NO_PROXY: '127.0.0.1' };
const MEGABYTE = 1024 ** 2;
const READERS = 64;

async function startUpstream(): Promise<FixtureIndex> {
  const upstream = await FixtureIndex.start();
  const needs = { 'Requires-Dist': ['helper>=2'], 'Requires-Python': '>=3.8' };
  upstream.set('demo', [
    wheelFile({ version: '0.5', uploadTime: '2022-01-01T00:00:00Z' }),
    wheelFile({ version: '1.0', uploadTime: '2023-01-01T00:00:00Z', ...metadata('demo', '1.0', needs) }),
    sdistFile({ version: '1.0', uploadTime: '2023-01-01T00:00:00Z' }),
    wheelFile({ version: '2.0', uploadTime: '2026-01-01T00:00:00Z', ...metadata('demo', '2.0', needs) }),
    wheelFile({
      version: '3.0',
      uploadTime: '2026-02-01T00:00:00Z',
      yanked: 'broken',
      ...metadata('demo', '3.0', {}),
    }),
    wheelFile({ version: '4.0', uploadTime: '2026-02-01T00:00:00Z', requiresPython: '>=99' }),
  ]);
  upstream.set('helper', [
    wheelFile({ name: 'helper', version: '1.0', uploadTime: '2023-01-01T00:00:00Z' }),
    wheelFile({ name: 'helper', version: '2.0', uploadTime: '2023-01-01T00:00:00Z' }),
    wheelFile({ name: 'helper', version: '3.0', uploadTime: '2026-01-01T00:00:00Z' }),
  ]);
  return upstream;
}

/** The wheel's own metadata, and the sidecar that says the same. */
function metadata(name: string, version: string, headers: Record<string, string | string[]>) {
  const lines = Object.entries({ 'Metadata-Version': '2.1', Name: name, Version: version, ...headers });
  const text = lines
    .flatMap(([key, value]) => [value].flat().map((single) => `${key}: ${single}\n`))
    .join('');
  return { name, metadata: text };
}

async function pipInstall(session: ClientSession, simple: string, args: readonly string[]) {
  const python = await session.makeVenv(`venv-${Math.random()}`);
  await session.succeed('pip', [
    '--python',
    python,
    'install',
    '--no-cache-dir',
    '--index-url',
    simple,
    ...args,
  ]);
  const { stdout } = await session.succeed('pip', ['--python', python, 'list', '--format', 'json']);
  return versionsOf(stdout);
}

async function uvInstall(session: ClientSession, simple: string, args: readonly string[]) {
  const python = await session.makeVenv(`venv-${Math.random()}`);
  const uv = ['pip', 'install', '--python', python, '--no-cache', '--default-index', simple];
  await session.succeed('uv', [...uv, ...args]);
  const { stdout } = await session.succeed('uv', ['pip', 'list', '--python', python, '--format', 'json']);
  return versionsOf(stdout);
}

function versionsOf(json: string): Record<string, string> {
  const packages = JSON.parse(json) as { name: string; version: string }[];
  return Object.fromEntries(packages.map(({ name, version }) => [name, version]));
}

async function uvLock(
  session: ClientSession,
  simple: string,
  dependencies: readonly string[],
  args: string[] = [],
) {
  const lines = [
    '[project]',
    'name = "application"',
    'version = "0.1"',
    'requires-python = ">=3.9"',
    `dependencies = ${JSON.stringify(dependencies)}`,
    '[[tool.uv.index]]',
    'name = "ours"',
    `url = "${simple}"`,
    'default = true',
  ];
  await session.write('pyproject.toml', `${lines.join('\n')}\n`);
  await session.succeed('uv', ['lock', '--no-cache', ...args]);
  return await session.read('uv.lock');
}

describe('through a mirror of the fixture index', () => {
  let server: ServerProcess;
  let upstream: FixtureIndex;
  /** `root/pypi`, and a stage above it. */
  const indexes: { name: string; simple: string }[] = [];

  beforeAll(async () => {
    server = await startServer({ env: LOCAL });
    upstream = await startUpstream();
    const patch = { mirror_url: upstream.url };
    expect((await request(server, 'PATCH', '/root/pypi', ROOT, patch)).status).toBe(200);
    const stage = await createIndex(server, 'anna/dev', { bases: ['root/pypi'] });
    await uploadAll(stage, [wheelUpload({ name: 'own', metadata: { 'Requires-Dist': 'demo<2' } })]);
    indexes.push({ name: 'root/pypi', simple: `${server.url}/root/pypi/+simple/` });
    indexes.push({ name: 'anna/dev', simple: stage.simple });
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await upstream.close();
  });

  it.each([0, 1])('pip and uv install, cold and warm (index %d)', async (at) => {
    await using session = await openClientSession();
    const simple = indexes[at]?.simple ?? '';
    const expected = { demo: '2.0', helper: '3.0' };

    expect(await pipInstall(session, simple, ['demo'])).toEqual(expected);
    expect(await uvInstall(session, simple, ['demo'])).toEqual(expected);
    const asked = upstream.requests();
    expect(await pipInstall(session, simple, ['demo'])).toEqual(expected);
    expect(await uvInstall(session, simple, ['demo'])).toEqual(expected);
    expect(upstream.requests()).toBe(asked);
  });

  it('installs what is private together with what is mirrored', async () => {
    await using session = await openClientSession();
    const expected = { own: '1.0', demo: '1.0', helper: '3.0' };

    expect(await pipInstall(session, indexes[1]?.simple ?? '', ['own'])).toEqual(expected);
    expect(await uvInstall(session, indexes[1]?.simple ?? '', ['own'])).toEqual(expected);
  });

  it.each([0, 1])('upload times limit what is chosen (index %d)', async (at) => {
    await using session = await openClientSession();
    const simple = indexes[at]?.simple ?? '';
    const old = { demo: '1.0', helper: '2.0' };

    expect(await uvInstall(session, simple, ['--exclude-newer', '2024-01-01', 'demo'])).toEqual(old);
    expect(await pipInstall(session, simple, ['--uploaded-prior-to', '2024-01-01', 'demo'])).toEqual(old);
  });

  it.each([0, 1])('uv locks with hashes, sizes and times, and installs the lock (index %d)', async (at) => {
    await using session = await openClientSession();

    const lock = await uvLock(session, indexes[at]?.simple ?? '', ['demo']);

    expect(lock).toContain('name = "helper"\nversion = "3.0"');
    const entries = lock.match(/hash = "sha256:[0-9a-f]{64}", size = \d+, upload-time = "2026-01-01T/g);
    expect(entries).toHaveLength(2);
    expect(lock).toContain(`url = "${server.url}/root/pypi/+f/`);
    await session.succeed('uv', ['sync', '--no-cache', '--locked', '--no-install-project']);
  });

  it('installs with hashes demanded, and from the lock with nothing but files', async () => {
    await using session = await openClientSession();
    const { bytes } = wheelFile({ name: 'helper', version: '3.0' });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await session.write('requirements.txt', `helper==3.0 --hash=sha256:${sha256}\n`);

    const simple = indexes[0]?.simple ?? '';
    expect(await pipInstall(session, simple, ['--require-hashes', '-r', 'requirements.txt'])).toEqual({
      helper: '3.0',
    });
    expect(await uvInstall(session, simple, ['--require-hashes', '-r', 'requirements.txt'])).toEqual({
      helper: '3.0',
    });
  });

  it('a yanked release is taken only when it is asked for exactly', async () => {
    await using session = await openClientSession();

    expect(await pipInstall(session, indexes[1]?.simple ?? '', ['demo==3.0'])).toEqual({ demo: '3.0' });
    expect(await uvInstall(session, indexes[1]?.simple ?? '', ['demo==3.0'])).toEqual({ demo: '3.0' });
  });

  it('is served whole while upstream is gone, and by another Wheelhouse that mirrors this one', async () => {
    await using second = await startServer({ env: LOCAL });
    await using session = await openClientSession();
    const patch = { mirror_url: indexes[0]?.simple };
    expect((await request(second, 'PATCH', '/root/pypi', ROOT, patch)).status).toBe(200);
    const simple = `${second.url}/root/pypi/+simple/`;
    await upstream.leave();
    try {
      expect(await pipInstall(session, simple, ['demo'])).toEqual({ demo: '2.0', helper: '3.0' });
      expect(await uvInstall(session, indexes[1]?.simple ?? '', ['demo'])).toEqual({
        demo: '2.0',
        helper: '3.0',
      });
      const lock = await uvLock(session, simple, ['demo'], ['--exclude-newer', '2024-01-01']);
      expect(lock).toContain('name = "helper"\nversion = "2.0"');
    } finally {
      await upstream.comeBack();
    }
  });

  it('upstream is slow, and pip still has its answer in time', async () => {
    await using session = await openClientSession();
    upstream.set('slow', [wheelFile({ name: 'slow' })]);
    upstream.misbehave('/simple/slow/', { delayMs: 2000 });
    upstream.misbehave(upstream.filePath('slow', 'slow-1.0-py3-none-any.whl'), { delayMs: 2000 });
    try {
      expect(await pipInstall(session, indexes[1]?.simple ?? '', ['slow'])).toEqual({ slow: '1.0' });
    } finally {
      upstream.behave();
    }
  });

  it('never answers later than pip waits, whatever upstream does', async () => {
    const file = wheelFile({ name: 'hanging' });
    upstream.set('hanging', [file]);
    const path = upstream.filePath('hanging', file.filename);
    const never = { delayMs: 60_000 };
    const timed = async (url: string) => {
      const start = performance.now();
      const response = await fetch(url, { headers: { accept: '*/*' } });
      await response.arrayBuffer();
      return { status: response.status, ms: performance.now() - start };
    };

    upstream.misbehave('/simple/hanging/', never);
    const page = await timed(`${indexes[1]?.simple}hanging/`);
    upstream.behave();
    const [entry] = await filesOf(indexes[0]?.simple ?? '', 'hanging');
    upstream.misbehave(path, never);
    const bytes = await timed(entry?.url ?? '');
    upstream.behave();

    for (const { status, ms } of [page, bytes]) {
      expect(status).toBe(504);
      expect(ms).toBeLessThan(14_000);
    }
  }, 60_000);

  it('64 cold readers of 50 MB cause one request, begin while it arrives, and cost no memory', async () => {
    const file = largeWheelFile(50 * MEGABYTE, { name: 'large' });
    upstream.set('large', [file]);
    const there = upstream.filePath('large', file.filename);
    upstream.misbehave(there, { drip: { bytes: MEGABYTE, pauseMs: 5 } });
    const [entry] = await filesOf(indexes[0]?.simple ?? '', 'large');
    const before = await residentBytes(server);
    let peak = before;
    const watch = setInterval(
      () => void residentBytes(server).then((now) => (peak = Math.max(peak, now))),
      50,
    );
    const start = performance.now();

    const readers = await Promise.all(
      Array.from({ length: READERS }, async () => {
        const response = await fetch(entry?.url ?? '');
        const hash = createHash('sha256');
        let firstMs: number | undefined;
        for await (const chunk of response.body ?? []) {
          firstMs ??= performance.now() - start;
          hash.update(chunk);
        }
        return { firstMs: firstMs ?? Infinity, sha256: hash.digest('hex') };
      }),
    );
    const allMs = performance.now() - start;
    clearInterval(watch);
    upstream.behave();

    const sha256 = createHash('sha256').update(file.bytes).digest('hex');
    expect(new Set(readers.map((reader) => reader.sha256))).toEqual(new Set([sha256]));
    expect(upstream.requests(there)).toBe(1);
    expect(Math.max(...readers.map(({ firstMs }) => firstMs))).toBeLessThan(allMs / 2);
    // A buffer for each reader, what the sockets hold, and room for the collector: far from 64 times 50 MB.
    expect((peak - before) / MEGABYTE).toBeLessThan(250);
    console.log(`64 x 50 MB: ${Math.round(allMs)} ms, +${Math.round((peak - before) / MEGABYTE)} MB`);
    expect(await readdir(join(server.serverdir, 'files', 'incoming'))).toEqual([]);
  });
});

describe('through a mirror of devpi-server', () => {
  const missing = isInstalled('devpi-server') ? undefined : 'devpi-server is not installed';

  it.skipIf(skipWithout(missing))('pip and uv install what was uploaded there', async () => {
    await using session = await openClientSession();
    await using server = await startServer({ env: LOCAL });
    await using devpi = await startIndexServer('devpi', session.directory);
    const devpiUrl = devpi.url;
    const { filename, bytes } = wheelUpload({ metadata: { 'Requires-Python': '>=3.8' } });
    await session.write(filename, bytes);
    for (const args of [
      ['use', devpiUrl],
      ['user', '-c', 'anna', 'password=secret', 'email=anna@example.org'],
      ['login', 'anna', '--password', 'secret'],
      ['index', '-c', 'dev', 'bases='],
      ['use', 'anna/dev'],
      ['upload', filename],
    ]) {
      await session.succeed('devpi', args);
    }
    const mirror = { type: 'mirror', mirror_url: `${devpiUrl}/anna/dev/+simple/`, bases: undefined };
    const index = await createIndex(server, 'berta/devpi', mirror);

    expect(await pipInstall(session, index.simple, ['demo'])).toEqual({ demo: '1.0' });
    expect(await uvInstall(session, index.simple, ['demo'])).toEqual({ demo: '1.0' });
    const [file] = await filesOf(index.simple, 'demo');
    expect(file).toMatchObject({
      filename,
      hashes: { sha256: createHash('sha256').update(bytes).digest('hex') },
    });
  });
});

describe('through a mirror of the index that pip is configured with', async () => {
  const upstream = await reachableIndex();
  const missing = upstream === undefined ? 'the index of pip cannot be reached from here' : undefined;
  let server: ServerProcess;

  beforeAll(async () => {
    // The one server here that goes where this machine goes.
    const env = Object.fromEntries(networkVariables.map((name) => [name, environment[name] ?? '']));
    server = await startServer({ env: { ...env, WHEELHOUSE_OFFLINE: 'no' } });
    // Project pages only: nobody needs the names of all projects here, so nothing may fetch them.
    const patch = { mirror_no_project_list: true, ...(upstream !== undefined && { mirror_url: upstream }) };
    expect((await request(server, 'PATCH', '/root/pypi', ROOT, patch)).status).toBe(200);
    await createIndex(server, 'anna/dev', { bases: ['root/pypi'] });
  });

  afterAll(() => server[Symbol.asyncDispose]());

  const indexes = ['root/pypi', 'anna/dev'];
  it.skipIf(skipWithout(missing)).each(indexes)(
    'pip and uv install and lock by %s, cold and warm',
    async (name) => {
      expect(upstream, missing).toBeDefined();
      await using session = await openClientSession();
      const simple = `${server.url}/${name}/+simple/`;

      const limited = { pip: ['--uploaded-prior-to', '2024-01-01'], uv: ['--exclude-newer', '2024-01-01'] };
      const files = await filesOf(simple, 'iniconfig');
      // A mirror of PyPI before us may know less than PyPI; what it does not tell nobody can show.
      const hasTimes = files.every((file) => file['upload-time'] !== undefined);
      if (!hasTimes) console.warn('the index of pip tells no upload times: limits by time are not tried');

      for (let turn = 0; turn < 2; turn += 1) {
        const newest = await pipInstall(session, simple, ['iniconfig']);
        expect(await uvInstall(session, simple, ['iniconfig'])).toEqual(newest);
        const lock = await uvLock(session, simple, ['iniconfig']);
        expect(lock).toContain(`version = "${newest['iniconfig']}"`);
        expect(lock).toMatch(/hash = "sha256:[0-9a-f]{64}"/);
        if (!hasTimes) continue;
        const old = { iniconfig: '2.0.0' };
        expect(await pipInstall(session, simple, [...limited.pip, 'iniconfig'])).toEqual(old);
        expect(await uvInstall(session, simple, [...limited.uv, 'iniconfig'])).toEqual(old);
      }

      const wheel = files.find(({ filename }) => filename === 'iniconfig-2.0.0-py3-none-any.whl');
      expect(wheel).toMatchObject({
        hashes: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        'requires-python': '>=3.7',
        yanked: false,
        ...(hasTimes && { size: 5892, 'upload-time': expect.stringMatching(/^2023-/) }),
      });
    },
  );
});

interface ListedFile {
  readonly filename: string;
  /** Absolute. */
  readonly url: string;
  readonly 'upload-time'?: string;
}

async function filesOf(simple: string, project: string): Promise<ListedFile[]> {
  const page = `${simple}${project}/`;
  const response = await fetch(page, { headers: { accept: 'application/vnd.pypi.simple.v1+json' } });
  const { files } = (await response.json()) as { files: ListedFile[] };
  return files.map((file) => ({ ...file, url: new URL(file.url, page).href }));
}

/** Memory of a server process; Linux only. */
async function residentBytes({ pid }: ServerProcess): Promise<number> {
  if (!existsSync('/proc')) return 0;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}
