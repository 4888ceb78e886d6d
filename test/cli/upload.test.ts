import { randomBytes } from 'node:crypto';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sdist, sdistFilename, wheel, wheelFilename, type WheelOptions } from '#test/archives.ts';
import { createIndex, listPage, sha256 } from '#test/index-api.ts';
import { runCommand } from '#test/run-command.ts';
import { launcher, serverEnvironment, startServer, type ServerProcess } from '#test/server.ts';
import { startRelay } from '#test/tcp-relay.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { openTerminal } from '#test/terminal.ts';

const LIMIT = 400_000;
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer({ env: { WHEELHOUSE_PACKAGES_MAX_UPLOAD_BYTES: String(LIMIT) } });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** A user with an index and a home of their own, logged in. */
async function openUploader(name: string, options: Readonly<Record<string, unknown>> = {}, at = server.url) {
  const index = await createIndex(server, name, options);
  const home = await makeTemporaryDirectory();
  const env = { ...serverEnvironment, HOME: home.path };
  const run = async (args: readonly string[], input?: string) => {
    const result = await runCommand([launcher, ...args], {
      cwd: home.path,
      env,
      timeoutMs: 60_000,
      ...(input !== undefined && { input }),
    });
    const filter = (text: string) => text.replaceAll(at, 'SERVER').replaceAll(/B in \d+\.\d s/g, 'B in TIME');
    return { ...result, stdout: filter(result.stdout), stderr: filter(result.stderr) };
  };
  const login = await run(['login', index.user, '--server', at, '--password', '-'], `${index.password}\n`);
  expect(login.exitCode, login.stderr).toBe(0);
  const write = async (directory: string, ...files: readonly WheelOptions[]) => {
    await mkdir(join(home.path, directory), { recursive: true });
    for (const each of files) await writeFile(join(home.path, directory, wheelFilename(each)), wheel(each));
  };
  return { index, home, env, run, write, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

/** What no compression makes smaller. */
const filler = (bytes: number) => ({ 'demo/data.bin': randomBytes(bytes) });

it('uploads files, and the files in directories, with a line for each', async () => {
  await using uploader = await openUploader('ann/dev');
  const { home, index, run, write } = uploader;
  await write('dist', { name: 'demo' }, { name: 'other' });
  await write('dist/old', { name: 'demo', version: '0.9' });
  await writeFile(join(home.path, sdistFilename()), sdist());
  await writeFile(join(home.path, 'dist/notes.txt'), 'not an archive');

  const { exitCode, stdout, stderr } = await run(['upload', '--index', 'dev', 'dist', sdistFilename()]);

  expect({ exitCode, stderr, lines: stdout.split('\n').toSorted() }).toEqual({
    exitCode: 0,
    stderr: expect.stringMatching(/^checking 3 files\n3 files uploaded, 1\.\d kB in TIME$/),
    lines: [
      'file_upload of demo-1.0-py3-none-any.whl to SERVER/ann/dev/',
      'file_upload of demo-1.0.tar.gz to SERVER/ann/dev/',
      'file_upload of other-1.0-py3-none-any.whl to SERVER/ann/dev/',
    ],
  });
  const files = await listPage(index, 'demo');
  expect(files.map(({ filename, hashes }) => [filename, hashes['sha256']]).toSorted()).toEqual([
    ['demo-1.0-py3-none-any.whl', sha256(wheel())],
    ['demo-1.0.tar.gz', sha256(sdist())],
  ]);
});

it('only says what it would upload with --dry-run, of every project only the newest with --only-latest', async () => {
  await using uploader = await openUploader('ben/dev');
  const { index, run, write } = uploader;
  await write('dist', { version: '1.9' }, { version: '1.10' });
  await write('dist/deep', { name: 'other' });
  const options = ['--index', 'ben/dev', '--from-dir', '--only-latest'];

  expect(await run(['upload', ...options, '--dry-run', 'dist'])).toEqual({
    exitCode: 0,
    stdout:
      'skipped: file_upload of demo-1.10-py3-none-any.whl to SERVER/ben/dev/\n' +
      'skipped: file_upload of other-1.0-py3-none-any.whl to SERVER/ben/dev/',
    stderr: 'checking 3 files',
  });
  expect(await listPage(index, 'demo')).toEqual([]);
  expect((await run(['upload', ...options, 'dist'])).exitCode).toBe(0);
  expect((await listPage(index, 'demo')).map(({ filename }) => filename)).toEqual([
    'demo-1.10-py3-none-any.whl',
  ]);
});

it('sends nothing while one of the files is damaged or missing', async () => {
  await using uploader = await openUploader('cat/dev');
  const { home, index, run, write } = uploader;
  await write('dist', { name: 'demo' }, { name: 'other' });
  await truncate(join(home.path, 'dist', wheelFilename({ name: 'other' })), 300);

  expect(await run(['upload', '--index', 'dev', 'dist'])).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /error: dist\/other-1\.0-py3-none-any\.whl: .+\n\nhint: nothing was uploaded$/,
    ),
  });
  expect(await run(['upload', '--index', 'dev', 'dist/demo-1.0-py3-none-any.whl', 'none.whl', 'dist/old']))
    .toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: A file that was given cannot be used
      path does not exist: none.whl
      path does not exist: dist/old",
      "stdout": "",
    }
  `);
  await writeFile(join(home.path, 'demo-1.0.doc.zip'), '');
  const documentation = await run([
    'upload',
    '--index',
    'dev',
    'dist/demo-1.0-py3-none-any.whl',
    'demo-1.0.doc.zip',
  ]);
  expect([documentation.exitCode, documentation.stderr]).toEqual([
    1,
    expect.stringMatching(/error: demo-1\.0\.doc\.zip: .+\n\nhint: nothing was uploaded$/),
  ]);
  expect(await listPage(index, 'demo')).toEqual([]);
});

it('says of each file why the server refuses it, and goes on with the others', async () => {
  await using uploader = await openUploader('dan/dev', { volatile: false });
  const { index, run, write } = uploader;
  await write('dist', { name: 'demo' });
  expect((await run(['upload', '--index', 'dev', 'dist'])).exitCode).toBe(0);
  await write(
    'dist',
    { name: 'demo', description: 'other bytes' },
    { name: 'large', files: filler(LIMIT * 4) },
    { name: 'third' },
  );

  const { exitCode, stdout, stderr } = await run(['upload', '--index', 'dev', 'dist']);

  expect({ exitCode, stdout }).toEqual({
    exitCode: 1,
    stdout: 'file_upload of third-1.0-py3-none-any.whl to SERVER/dan/dev/',
  });
  expect(stderr).toContain(
    '409 FAIL file_upload of demo-1.0-py3-none-any.whl to SERVER/dan/dev/\n  demo-1.0-py3-none-any.whl already exists in non-volatile index\n',
  );
  expect(stderr).toContain('413 FAIL file_upload of large-1.0-py3-none-any.whl to SERVER/dan/dev/\n');
  expect(stderr).toMatch(/\n1 file uploaded, \d+ B in TIME; 2 failed$/);
  expect((await listPage(index, 'demo')).map(({ hashes }) => hashes['sha256'])).toEqual([sha256(wheel())]);
});

it('counts a file that the index has already as uploaded', async () => {
  await using uploader = await openUploader('eve/dev', { volatile: false });
  const { run, write } = uploader;
  await write('dist', { name: 'demo' });

  const first = await run(['upload', '--index', 'dev', 'dist']);

  expect(first.exitCode).toBe(0);
  expect(await run(['upload', '--index', 'dev', 'dist'])).toEqual(first);
});

describe('nothing is sent and the exit code is 1', () => {
  let number = 0;

  it.each([
    ['for an index of somebody else', ['--index', 'ann/dev'], /403 FAIL .*\n {2}no permission to submit/],
    [
      'for an index that is not there',
      ['--index', 'fay/none'],
      /^error: The stage fay\/none could not be found\./,
    ],
    [
      'for a mirror',
      ['--index', 'root/pypi'],
      /^error: SERVER\/root\/pypi is a mirror, which takes no uploads\n/,
    ],
    [
      'where no server is',
      ['--index', 'http://127.0.0.1:2/fay/dev'],
      /^error: cannot reach 127\.0\.0\.1:2 \(ECONNREFUSED\)\n\nhint: /,
    ],
  ])('%s', async (_case, options, expected) => {
    await using uploader = await openUploader(`fay/dev${(number += 1)}`);
    await uploader.write('dist', { name: 'demo' });

    const { exitCode, stdout, stderr } = await uploader.run(['upload', ...options, 'dist']);

    expect({ exitCode, stdout, stderr: stderr.replace('checking demo-1.0-py3-none-any.whl\n', '') }).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(expected),
    });
  });

  it('for nobody', async () => {
    await using uploader = await openUploader('gus/dev');
    const { run, write } = uploader;
    await write(
      'dist',
      { name: 'a' },
      { name: 'b' },
      { name: 'c' },
      { name: 'd' },
      { name: 'e' },
      { name: 'f' },
    );
    await run(['logoff']);

    const { exitCode, stderr } = await run(['upload', '--index', 'gus/dev', 'dist']);

    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('\n  hint: log in: wheelhouse login USER'),
    ]);
    // What could not go better is not tried.
    expect(stderr).toMatch(/0 files uploaded, 0 B in TIME; [1-4] failed; [2-5] not sent$/);
  });
});

it('goes on after lost connections', async () => {
  await using relay = await startRelay(server.url);
  await using uploader = await openUploader('ida/dev', { volatile: false }, relay.url);
  const { index, run, write } = uploader;
  await write('dist', { name: 'demo', files: filler(LIMIT / 2) });
  relay.breakNext(2, 20_000);

  const { exitCode, stdout, stderr } = await run(['upload', '--index', 'dev', 'dist']);

  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: 'file_upload of demo-1.0-py3-none-any.whl to SERVER/ida/dev/',
  });
  expect(stderr).toMatch(
    /demo-1\.0-py3-none-any\.whl: .+; trying again in 0\.5 s\n.+; trying again in 1 s\n/,
  );
  expect((await listPage(index, 'demo')).length).toBe(1);
});

describe('on a terminal', () => {
  it('shows how far each file is, and stops with Ctrl-C after saying what is stored', async () => {
    await using relay = await startRelay(server.url);
    await using uploader = await openUploader('jon/dev', {}, relay.url);
    const { home, env, write } = uploader;
    await write('dist', { name: 'demo', files: filler(LIMIT / 2) });
    await using terminal = openTerminal([launcher, 'upload', '--index', 'dev', 'dist'], {
      env,
      cwd: home.path,
    });
    await terminal.until('checking');
    relay.silence();

    await terminal.until(/\[[#.]+\] .* of 201 kB/);
    terminal.type('\u0003');

    expect(await terminal.ended).toEqual({ exitCode: 130, isRestored: true });
    expect(terminal.output()).toMatch(/stopped: 0 files uploaded, 0 B in \d+\.\d s; 1 not finished/);
  });
});
