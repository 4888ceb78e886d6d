import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { platform } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientPathIn, executablePath, isInstalled } from '#test/clients.ts';
import { documentationUpload } from '#test/uploads.ts';
import { dumpedFile, writeDump } from '#test/dumps.ts';
import {
  createIndex,
  request,
  sdistUpload,
  sha256,
  upload,
  uploadAll,
  wheelUpload,
} from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { mountSmallDisk } from '#test/small-disk.ts';
import { runChecked, runCommand } from '#test/run-command.ts';
import { launcher, serverEnvironment, startServer } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';
import { findFreePort, startServer as startProgram } from '../../bench/support/server.ts';
import { fetchSuites, sourceDirectory } from '../conformance/suites.ts';

const missing = isInstalled('devpi-server') ? undefined : 'devpi-server is not installed';
const indexes = ['ada/base', 'ada/dev', 'root/mine'];

let home: TemporaryDirectory;
beforeAll(async () => {
  home = await makeTemporaryDirectory();
});
afterAll(() => home[Symbol.asyncDispose]());

/** The real devpi-server on a directory, from which nobody asks the internet. */
async function startDevpi(serverdir: string) {
  const port = await findFreePort();
  const where = ['--serverdir', serverdir, '--host', '127.0.0.1', '--port', String(port), '--offline-mode'];
  return await startProgram({
    name: 'devpi',
    version: '',
    port,
    directory: serverdir,
    argv: [clientPathIn('devpi-server', 'devpi-server'), ...where],
    readyPath: '/+api',
  });
}

/** The real program, which may take its time on a busy machine. */
async function wheelhouse(args: readonly string[], input?: string) {
  const given = { env: serverEnvironment, timeoutMs: 120_000, ...(input !== undefined && { input }) };
  return await runCommand([launcher, ...args], given);
}

const devpiProgram = (name: string) => executablePath('devpi-server', name);

interface Link {
  readonly rel: string;
  readonly href: string;
  readonly log?: unknown;
  readonly for_href?: string;
}

/** Everything that a server shows of its indexes, with the hash of every file, in a form that both servers have. */
async function read(server: { readonly url: string }, rels: readonly string[]) {
  const shown: Record<string, unknown> = {};
  const get = async (path: string, accept = 'application/json') => {
    const response = await fetch(new URL(path, server.url), { headers: { accept } });
    expect([path, response.status]).toEqual([path, 200]);
    return response;
  };
  for (const index of indexes) {
    const { result: config } = (await (await get(`/${index}`)).json()) as { result: { projects: string[] } };
    shown[index] = config;
    for (const project of config.projects) {
      const page = await get(`/${index}/+simple/${project}/`, 'application/vnd.pypi.simple.v1+json');
      const { name, files } = (await page.json()) as { name: string; files: Record<string, unknown>[] };
      shown[`${index}/+simple/${project}`] = {
        name,
        files: files
          .map((file) => ({
            filename: file['filename'],
            path: new URL(String(file['url']), page.url).pathname,
            hashes: file['hashes'],
            // devpi tells an empty one, too.
            requiresPython: file['requires-python'] || undefined,
          }))
          .toSorted((a, b) => (String(a.filename) < String(b.filename) ? -1 : 1)),
      };
      const json = (await (await get(`/${index}/${project}?ignore_bases`)).json()) as {
        result: Record<string, Record<string, unknown>>;
      };
      for (const [version, { '+links': links = [], ...metadata }] of Object.entries(json.result)) {
        const chosen = (links as Link[]).filter(({ rel }) => rels.includes(rel));
        shown[`${index}/${project}/${version}`] = {
          metadata: Object.fromEntries(
            Object.entries(metadata).filter(
              ([, value]) => value !== '' && value !== null && String(value) !== '',
            ),
          ),
          links: await Promise.all(
            chosen.map(async ({ rel, href, log, for_href: tested }) => ({
              rel,
              path: new URL(href).pathname,
              sha256: sha256(new Uint8Array(await (await get(new URL(href).pathname, '*/*')).arrayBuffer())),
              log,
              tested: tested === undefined ? undefined : new URL(tested).pathname,
            })),
          ).then((all) => all.toSorted((a, b) => (a.path < b.path ? -1 : 1))),
        };
      }
    }
  }
  return shown;
}

/** Users, indexes, files, an overwritten one, documentation, a test result, a push, and custom data. */
async function fill(server: { readonly url: string }) {
  const root = { user: 'root', password: '' };
  const base = await createIndex(server, 'ada/base', { volatile: false, title: 'What is released' });
  const dev = await createIndex(server, 'ada/dev', {
    bases: ['ada/base'],
    mirror_whitelist: ['demo', 'Some_Thing'],
    acl_upload: ['ada', ':developers'],
    custom_data: { team: ['a', 1, null] },
  });
  const change = { email: 'ada@example.org', title: 'Ada', custom_data: { number: 1 } };
  expect((await request(server, 'PATCH', '/ada', dev, change)).status).toBe(200);
  expect((await request(server, 'PUT', '/root/mine', root, { bases: [] })).status).toBe(200);
  await uploadAll(base, [wheelUpload({ metadata: { 'Requires-Python': '>=3.8' } }), sdistUpload()]);
  await uploadAll(dev, [
    wheelUpload({ name: 'Some.Thing', version: '2.0rc1', description: 'Müller’s 密 text' }),
    wheelUpload({ name: 'Some.Thing', version: '2.0', files: { 'a.txt': 'first' } }),
    wheelUpload({ name: 'Some.Thing', version: '2.0', files: { 'a.txt': 'second' } }),
    sdistUpload({ name: 'another', version: '1.0+local.1' }),
  ]);
  const docs = documentationUpload(
    { 'index.html': '<h1>Documentation</h1>' },
    { name: 'Some.Thing', version: '2.0' },
  );
  const form = new FormData();
  for (const [field, value] of Object.entries({
    ':action': 'doc_upload',
    name: 'Some.Thing',
    version: '2.0',
  }))
    form.set(field, value);
  form.set('content', new Blob([docs.content as Uint8Array<ArrayBuffer>]), docs.filename);
  const authorization = `Basic ${Buffer.from(`${dev.user}:${dev.password}`).toString('base64')}`;
  expect(
    (await fetch(`${dev.url}/`, { method: 'POST', headers: { authorization }, body: form })).status,
  ).toBe(200);
  const project = (await (
    await fetch(`${dev.url}/some-thing`, { headers: { accept: 'application/json' } })
  ).json()) as {
    result: Record<string, { '+links': Link[] }>;
  };
  const [file] = project.result['2.0']?.['+links'] ?? [];
  expect(
    (await request(server, 'POST', new URL(file?.href ?? '').pathname, dev, { testenvs: { py311: {} } }))
      .status,
  ).toBe(200);
  const pushed = { name: 'another', version: '1.0+local.1', targetindex: 'ada/base' };
  expect((await request(server, 'POST', '/ada/dev', dev, pushed)).status).toBe(200);
}

it.skipIf(skipWithout(missing))(
  'a real devpi moves in and out again with every file and page',
  { timeout: 400_000 },
  async () => {
    const place = (name: string) => join(home.path, name);
    await runChecked([devpiProgram('devpi-init'), '--serverdir', place('first'), '--no-root-pypi']);
    const before = await (async () => {
      await using devpi = await startDevpi(place('first'));
      await fill(devpi);
      return {
        all: await read(devpi, ['releasefile', 'doczip', 'toxresult']),
        files: await read(devpi, ['releasefile']),
      };
    })();
    await runChecked([devpiProgram('devpi-export'), '--serverdir', place('first'), place('dump')]);

    const imported = await wheelhouse(['import', place('dump'), '--serverdir', place('ours'), '--verify']);
    expect(imported).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('every file has its hash'),
    });
    expect(imported.stderr).toContain('imported 2 users, 3 indexes, ');
    {
      await using server = await startServer({ serverdir: place('ours') });
      expect(await read(server, ['releasefile'])).toEqual(before.files);
      expect(
        (await request(server, 'POST', '/+login', undefined, { user: 'ada', password: 'secret of ada' }))
          .status,
      ).toBe(200);
      // As the company's document does it: while the server serves.
      const exported = await wheelhouse([
        'export',
        place('back'),
        '--serverdir',
        place('ours'),
        '--hard-links',
        '--verify',
      ]);
      expect(exported.stderr).toContain('exported 2 users, ');
      expect(exported.exitCode).toBe(0);
    }

    const there = ['--serverdir', place('second'), '--no-root-pypi'];
    await runChecked([devpiProgram('devpi-import'), ...there, place('back')]);
    await using devpi = await startDevpi(place('second'));
    expect(await read(devpi, ['releasefile', 'doczip', 'toxresult'])).toEqual(before.all);
    expect(
      (await request(devpi, 'POST', '/+login', undefined, { user: 'ada', password: 'secret of ada' })).status,
    ).toBe(200);
  },
);

it.skipIf(skipWithout(missing))('a real devpi moves in while it serves', { timeout: 300_000 }, async () => {
  const place = (name: string) => join(home.path, `from-url-${name}`);
  await runChecked([devpiProgram('devpi-init'), '--serverdir', place('devpi'), '--no-root-pypi']);
  await using devpi = await startDevpi(place('devpi'));
  await fill(devpi);
  const before = await read(devpi, ['releasefile']);

  const from = ['import', '--from-url', devpi.url, '--serverdir'];
  const refused = await wheelhouse([...from, place('none'), '--index', 'ada/none']);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('shows no index ada/none') });
  const login = ['--user', 'ada', '--password', '-'];
  const moved = await wheelhouse([...from, place('ours'), ...login, '--verify'], 'secret of ada\n');
  expect(moved).toMatchObject({ exitCode: 0 });
  expect(moved.stderr).toMatch(/imported 2 users, 3 indexes, .*1 documentation zip, 1 test result/);
  expect(moved.stderr).toContain(
    'need a new password, since the dump has none that can be checked: ada, root',
  );
  expect(await readdir(place('ours'))).not.toContain('moving-in');
  {
    await using server = await startServer({ serverdir: place('ours') });
    expect(await read(server, ['releasefile'])).toEqual(before);
  }

  // One index only, and from a Wheelhouse.
  await using server = await startServer({ serverdir: place('ours') });
  const again = await wheelhouse([
    'import',
    '--from-url',
    server.url,
    '--index',
    'ada/base',
    '--serverdir',
    place('again'),
  ]);
  expect(again).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('imported 1 user, 1 index, ') });
});

describe('an export', () => {
  it('beside a server that is uploaded to is as all was at one moment, and is gone on with after kill -9', async () => {
    const directory = join(home.path, 'busy');
    await using server = await startServer({ serverdir: join(home.path, 'busy-server') });
    const dev = await createIndex(server, 'bea/dev');
    const versions = Array.from({ length: 120 }, (_none, number) => `1.${number}`);
    await uploadAll(
      dev,
      versions.map((version) => wheelUpload({ version, files: { big: Buffer.alloc(200_000, version) } })),
    );
    const args = ['export', directory, '--serverdir', join(home.path, 'busy-server')];
    const killed = execa(launcher, args, { reject: false, extendEnv: false, env: serverEnvironment });
    await expect
      .poll(
        async () =>
          (await readFile(join(directory, '.unfinished.jsonl'), 'utf8').catch(() => '')).split('\n').length,
        { timeout: 20_000, interval: 5 },
      )
      .toBeGreaterThan(10);
    killed.kill('SIGKILL');
    await killed;
    expect(await readdir(directory)).not.toContain('dataindex.json');
    const done = (await readFile(join(directory, '.unfinished.jsonl'), 'utf8')).split('\n').slice(1, 6);
    const kept = done.map((line) => join(directory, (JSON.parse(line) as { relpath: string }).relpath));
    const written = () => Promise.all(kept.map(async (path) => (await stat(path)).mtimeMs));
    const times = await written();
    const over = new AbortController();
    const uploading = (async () => {
      for (let number = 0; !over.signal.aborted; number += 1)
        expect((await upload(dev, wheelUpload({ name: 'later', version: `1.${number}` }))).status).toBe(200);
    })();

    const again = await wheelhouse(args);
    over.abort();
    await uploading;

    expect(again).toMatchObject({ exitCode: 0 });
    expect(await readdir(directory)).toEqual(['bea', 'dataindex.json']);
    expect(await written()).toEqual(times);
    expect(
      (await wheelhouse(['import', directory, '--dry-run', '--serverdir', join(home.path, 'none')])).exitCode,
    ).toBe(0);
  });

  it('goes nowhere where there is anything else', async () => {
    await using server = await startServer({ serverdir: join(home.path, 'small-server') });
    await mkdir(join(home.path, 'full'));
    await writeFile(join(home.path, 'full', 'letter'), 'x');

    const refused = await wheelhouse(['export', join(home.path, 'full'), '--serverdir', server.serverdir]);

    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('full is not empty');
  });
});

const noTmpfs =
  platform() === 'linux' && process.getuid?.() === 0
    ? undefined
    : 'a small disk needs Linux and root (tmpfs)';

it.skipIf(skipWithout(noTmpfs))(
  'a full disk ends an import and an export, which go on when there is room',
  async () => {
    const dump = join(home.path, 'too-large');
    const names = Array.from({ length: 60 }, (_none, number) => `1.${number}`);
    const files = names.map((version) => {
      const wheel = wheelUpload({ version, files: { big: randomBytes(400_000) } });
      return { version, path: `ada/dev/demo/${version}/${wheel.filename}`, bytes: Buffer.from(wheel.bytes) };
    });
    await writeDump(dump, {
      users: { root: {}, ada: {} },
      indexes: {
        'ada/dev': {
          indexconfig: { type: 'stage' },
          projects: {
            demo: Object.fromEntries(names.map((version) => [version, { name: 'demo', version }])),
          },
          files: files.map(({ path, bytes, version }) => dumpedFile(path, bytes, { version })),
        },
      },
      files: Object.fromEntries(files.map(({ path, bytes }) => [path, bytes])),
    });
    await using disk = await mountSmallDisk(40);
    const filler = join(disk.path, 'filler');
    const fill = () => writeFile(filler, Buffer.alloc(20 * 1024 ** 2));
    const serverdir = join(disk.path, 'state');
    await fill();

    const full = await wheelhouse(['import', dump, '--serverdir', serverdir]);
    expect(full).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no space left') });
    await rm(filler);
    expect(await wheelhouse(['import', dump, '--serverdir', serverdir, '--verify'])).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('every file has its hash'),
    });

    await using other = await mountSmallDisk(40);
    await writeFile(join(other.path, 'filler'), Buffer.alloc(20 * 1024 ** 2));
    const out = join(other.path, 'out');
    const stopped = await wheelhouse(['export', out, '--serverdir', serverdir]);
    expect(stopped).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no space left') });
    expect(await readdir(out)).not.toContain('dataindex.json');
    await rm(join(other.path, 'filler'));
    expect(await wheelhouse(['export', out, '--serverdir', serverdir, '--verify'])).toMatchObject({
      exitCode: 0,
    });
  },
);

describe('an import', () => {
  it('that is killed leaves a directory that no server opens, and goes on', async () => {
    const [directory, serverdir] = [join(home.path, 'large'), join(home.path, 'killed')];
    const names = Array.from({ length: 300 }, (_none, number) => `1.${number}`);
    const uploads = names.map((version) =>
      wheelUpload({ version, files: { big: Buffer.alloc(100_000, version) } }),
    );
    const at = ({ filename, version }: { filename: string; version: string }) =>
      `ada/dev/demo/${version}/${filename}`;
    await writeDump(directory, {
      users: { root: {}, ada: {} },
      indexes: {
        'ada/dev': {
          indexconfig: { type: 'stage' },
          projects: {
            demo: Object.fromEntries(names.map((version) => [version, { name: 'demo', version }])),
          },
          files: uploads.map((each) =>
            dumpedFile(at(each), Buffer.from(each.bytes), { version: each.version }),
          ),
        },
      },
      files: Object.fromEntries(uploads.map((each) => [at(each), Buffer.from(each.bytes)])),
    });
    const args = ['import', directory, '--serverdir', serverdir];
    const killed = execa(launcher, args, { reject: false, extendEnv: false, env: serverEnvironment });
    await expect
      .poll(
        async () =>
          (await readFile(join(serverdir, 'import.jsonl'), 'utf8').catch(() => '')).split('\n').length,
        { timeout: 20_000, interval: 5 },
      )
      .toBeGreaterThan(20);
    killed.kill('SIGKILL');
    await killed;

    const served = await wheelhouse(['serve', '--serverdir', serverdir, '--port', '0']);
    expect(served.exitCode).toBe(1);
    expect(served.stderr).toContain('has not ended');
    expect(served.stderr).toContain('run the same `wheelhouse import` again');

    expect(await wheelhouse([...args, '--verify'])).toMatchObject({ exitCode: 0 });
    await using server = await startServer({ serverdir });
    const page = await fetch(`${server.url}/ada/dev/+simple/demo/`, {
      headers: { accept: 'application/vnd.pypi.simple.v1+json' },
    });
    expect(((await page.json()) as { files: unknown[] }).files).toHaveLength(300);
    expect(await readdir(serverdir)).not.toContain('import.jsonl');
  });

  const refused: Readonly<Record<string, string>> = {
    badindexname: "indexname 'pypi!Jo' contains characters",
    badusername: "username 'root~foo.com' contains characters",
    // The test that it belongs to writes the file.
    no_history_log: 'hello-1.0.tar.gz.toxresult0: is missing',
    removedindexplugin: '--skip-import-type custom',
  };

  it.skipIf(skipWithout(missing))(
    'takes the samples of devpi-server, and refuses what devpi-import refuses',
    { timeout: 400_000 },
    async () => {
      await fetchSuites();
      const samples = join(sourceDirectory('devpi-server'), 'test_devpi_server', 'importexportdata');
      const found = await readdir(samples);
      expect(found.length).toBeGreaterThan(10);
      for (const name of found) {
        const { exitCode, stderr } = await wheelhouse([
          'import',
          join(samples, name),
          '--serverdir',
          join(home.path, `sample-${name}`),
        ]);
        expect([name, exitCode]).toEqual([name, name in refused ? 1 : 0]);
        expect(stderr).toContain(refused[name] ?? 'imported ');
      }
      const skipping = ['--skip-import-type', 'custom', '--serverdir', join(home.path, 'skipping')];
      expect(
        (await wheelhouse(['import', join(samples, 'removedindexplugin'), ...skipping])).stderr,
      ).toContain('user/+foo-dev is left out');
      await rm(join(home.path, 'skipping'), { recursive: true });
    },
  );
});
