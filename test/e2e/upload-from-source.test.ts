import { symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClientSession, type ClientOptions, type ClientSession } from '#test/client-session.ts';
import { clientPath, executablePath } from '#test/clients.ts';
import { createIndex, listPage } from '#test/index-api.ts';
import { launcher, startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Its packages are those of devpi-client, build and setuptools among them. */
const PYTHON = executablePath('devpi-client', 'python');

/** A project whose version is what git says of it, and whose sdist has whatever lies beside it. */
const SETUP = `
import os, re, subprocess
from setuptools import setup

if os.path.exists('PKG-INFO'):
    version = re.search('^Version: (.+)', open('PKG-INFO').read(), re.M)[1]
else:
    describe = ['git', 'describe', '--tags', '--dirty=+dirty']
    version = subprocess.run(describe, capture_output=True, text=True).stdout.strip()
setup(name='demo', version=version or '1.0', py_modules=['demo'])
`;

const FILES = {
  'setup.py': SETUP,
  'demo.py': 'answer = 42\n',
  'MANIFEST.in': 'graft .\nprune .git\nprune .hg\nprune dist\nprune demo.egg-info\n',
  'gone.txt': 'deleted\n',
  '.gitignore': 'dist/\n',
};

/** Somebody with an index in use, logged in with devpi-client and with `wheelhouse`. */
async function openAuthor(name: string) {
  const session = await openClientSession();
  const index = await createIndex(server, name);
  const git = async (...args: string[]) => await succeed(session, ['/usr/bin/git', ...args]);
  const wheelhouse = async (args: readonly string[], options: ClientOptions = {}) =>
    await session.runProgram([launcher, ...args], options);
  await wheelhouse(['use', index.url]);
  await wheelhouse(['login', index.user, '--password', '-'], { input: `${index.password}\n` });
  await git('config', '--global', 'user.email', 'ann@example.com');
  await git('config', '--global', 'user.name', 'Ann');
  await git('config', '--global', 'protocol.file.allow', 'always');
  const write = async (directory: string, files: Readonly<Record<string, string>>) => {
    for (const [path, content] of Object.entries(files)) await session.write(join(directory, path), content);
  };
  const filter = (text: string) =>
    text
      .replaceAll(server.url, 'SERVER')
      .replaceAll(session.directory, 'WORK')
      .replaceAll(executablePath('devpi-client', ''), 'BIN')
      .replaceAll(/\/tmp\/(?:devpi|wheelhouse)-[^/$ \n]+(?:\/export\/project)?/g, 'TMP')
      .replaceAll(/ +$/gm, '');
  return {
    session,
    index,
    git,
    wheelhouse,
    write,
    filter,
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

async function succeed(
  session: ClientSession,
  argv: readonly [string, ...string[]],
  options?: ClientOptions,
): Promise<string> {
  const { exitCode, stdout, stderr } = await session.runProgram(argv, options);
  expect(exitCode, `${argv.join(' ')}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

/** The members of an sdist in `dist`, below its top directory. */
async function membersOf(session: ClientSession, path: string): Promise<readonly string[]> {
  const listing = await succeed(session, ['/usr/bin/tar', 'tzf', join(session.directory, path)]);
  return listing
    .split('\n')
    .map((line) => line.replace(/^[^/]*\//, ''))
    .filter((line) => line !== '' && !line.endsWith('/') && !/egg-info|PKG-INFO|setup\.cfg/.test(line))
    .toSorted();
}

it('builds from what git tracks, with its history, and prints what devpi-client prints', async () => {
  await using author = await openAuthor('ann/dev');
  const { session, index, git, wheelhouse, write, filter } = author;
  await write('project', FILES);
  await git('init', '-q', 'project');
  await git('-C', 'project', 'add', '.');
  await git('-C', 'project', 'commit', '-qm', 'first');
  await git('-C', 'project', 'tag', '3.1');
  await write('project', { 'untracked.txt': 'mine\n', 'dist/old-1.0.tar.gz': 'from before' });
  await session.run('devpi', ['use', index.url]);
  await session.run('devpi', ['login', index.user, '--password', index.password]);
  const where = { cwd: join(session.directory, 'project') };
  const args = ['upload', '--no-isolation', '-p', PYTHON];

  const theirs = await session.runProgram([clientPath('devpi'), ...args], where);
  const ours = await wheelhouse(args, where);

  expect(ours.exitCode, ours.stderr).toBe(0);
  expect(filter(ours.stdout).split('\n').toSorted()).toEqual(filter(theirs.stdout).split('\n').toSorted());
  expect(filter(ours.stdout)).toMatch(
    /^using workdir TMP\ncopied repo \.git to TMP\/\.git\npre-build: cleaning dist\n--> TMP\$ BIN\/python -m build --no-isolation\nbuilt: dist\/demo-3\.1-py3-none-any\.whl \d+kb\nbuilt: dist\/demo-3\.1\.tar\.gz \d+kb\n/,
  );
  expect(await membersOf(session, 'project/dist/demo-3.1.tar.gz')).toEqual([
    '.gitignore',
    'MANIFEST.in',
    'demo.py',
    'gone.txt',
    'setup.py',
  ]);
  expect((await listPage(index, 'demo')).map(({ filename }) => filename).toSorted()).toEqual([
    'demo-3.1-py3-none-any.whl',
    'demo-3.1.tar.gz',
  ]);

  // What is changed and not yet committed is built, too, as it is.
  await write('project', { 'demo.py': 'answer = 43\n' });
  await git('-C', 'project', 'rm', '-q', '--cached', 'gone.txt');
  const changed = await wheelhouse([...args, '--sdist', '--dry-run'], where);
  expect(filter(changed.stdout).split('\n').at(-2)).toBe(
    'skipped: file_upload of demo-3.1+dirty.tar.gz to SERVER/ann/dev/',
  );
  expect(await membersOf(session, 'project/dist/demo-3.1+dirty.tar.gz')).not.toContain('gone.txt');
});

it('builds a project below the top of a worktree, with files of submodules and links', async () => {
  await using author = await openAuthor('ben/dev');
  const { session, index, git, wheelhouse, write } = author;
  await write('library', { 'part.txt': 'of the submodule\n' });
  await write(
    'main',
    Object.fromEntries(Object.entries(FILES).map(([path, text]) => [`python/${path}`, text])),
  );
  await symlink('demo.py', join(session.directory, 'main/python/link.py'));
  for (const name of ['library', 'main']) {
    await git('init', '-q', name);
    await git('-C', name, 'add', '.');
    await git('-C', name, 'commit', '-qm', 'first');
  }
  await git(
    '-C',
    'main',
    'submodule',
    '--quiet',
    'add',
    join(session.directory, 'library'),
    'python/library',
  );
  await git('-C', 'main', 'commit', '-qm', 'second');
  await git('-C', 'main', 'tag', '0.7');
  await git('-C', 'main', 'worktree', 'add', '-q', '../tree');
  await git('-C', 'tree', 'submodule', '--quiet', 'update', '--init');
  const where = { cwd: join(session.directory, 'tree/python') };

  const { exitCode, stderr } = await wheelhouse(
    // As a hook of git calls it.
    ['upload', '--no-isolation', '-p', PYTHON, '--sdist'],
    { ...where, env: { GIT_DIR: '/nowhere', GIT_INDEX_FILE: '/nowhere/index' } },
  );

  expect(exitCode, stderr).toBe(0);
  expect(await membersOf(session, 'tree/python/dist/demo-0.7.tar.gz')).toEqual(
    expect.arrayContaining(['library/part.txt', 'link.py']),
  );
  expect(await listPage(index, 'demo')).toHaveLength(1);
});

it('builds from what hg tracks, and in place where nothing tracks or --no-vcs says so', async () => {
  await using author = await openAuthor('cat/dev');
  const { session, wheelhouse, write, filter } = author;
  const env = { PATH: `${dirname(clientPath('hg'))}:/usr/bin:/bin` };
  const hg = async (...args: string[]) =>
    await succeed(session, [clientPath('hg'), '-R', 'project', ...args]);
  await write('project', FILES);
  await succeed(session, [clientPath('hg'), 'init', 'project']);
  await hg('add', '-q', ...Object.keys(FILES).map((path) => `project/${path}`));
  await hg('commit', '-qm', 'first', '-u', 'ann');
  await write('project', { 'untracked.txt': 'mine\n' });
  const where = { cwd: join(session.directory, 'project'), env };
  const args = ['upload', '--no-isolation', '-p', PYTHON, '--sdist'];

  const exported = await wheelhouse(args, where);
  const members = await membersOf(session, 'project/dist/demo-1.0.tar.gz');
  const inPlace = await wheelhouse([...args, '--no-vcs'], where);

  expect([exported.exitCode, exported.stderr]).toEqual([0, expect.stringContaining('1 file uploaded')]);
  expect(filter(exported.stdout)).toContain('copied repo .hg to TMP/.hg\n');
  expect(members).not.toContain('untracked.txt');
  expect(filter(inPlace.stdout)).toMatch(
    /^using workdir TMP\npre-build: cleaning dist\n--> WORK\/project\$ /,
  );
  expect(await membersOf(session, 'project/dist/demo-1.0.tar.gz')).toContain('untracked.txt');
});

it('takes defaults from the project, and says which', async () => {
  await using author = await openAuthor('dan/dev');
  const { session, wheelhouse, write, filter } = author;
  await write('project', {
    ...FILES,
    'setup.cfg': '[devpi:upload]\nno-vcs = 1\nformats = sdist.tgz\n',
  });
  const where = { cwd: join(session.directory, 'project') };
  const args = ['upload', '--no-isolation', '-p', PYTHON, '--dry-run'];

  const fromSetup = await wheelhouse(args, where);
  await write('project', { 'pyproject.toml': '[tool.devpi.upload]\nsdist = true\n' });
  const both = await wheelhouse(args, where);
  await write('project', { 'setup.cfg': '', 'pyproject.toml': '[tool.devpi.upload]\nsdist = "yes"\n' });
  const odd = await wheelhouse(args, where);
  await write('project', { 'pyproject.toml': '[tool.devpi.upload\n' });
  const broken = await wheelhouse(args, where);

  expect(fromSetup.exitCode, fromSetup.stderr).toBe(0);
  expect(filter(fromSetup.stdout).split('\n').slice(0, 5)).toEqual([
    'using workdir TMP',
    'detected devpi:upload section in WORK/project/setup.cfg',
    'Got no-vcs=True from setup.cfg [devpi:upload].',
    'pre-build: cleaning dist',
    '--> WORK/project$ BIN/python -m build --sdist --no-isolation',
  ]);
  expect(fromSetup.stderr).toContain('warning: --formats is deprecated');
  expect(
    [both, odd, broken].map(({ exitCode, stderr }) => [exitCode, filter(stderr).split('\n')[0]]),
  ).toEqual([
    [1, 'error: Got configuration in pyproject.toml and setup.cfg, choose one.'],
    [1, `error: Got non-boolean "yes" for 'sdist', use true or false.`],
    [1, expect.stringMatching(/^error: WORK\/project\/pyproject\.toml: Invalid TOML/)],
  ]);
});

it('says why nothing can be built, and what to do', async () => {
  await using author = await openAuthor('eva/dev');
  const { session, index, git, wheelhouse, write, filter } = author;
  const where = { cwd: join(session.directory, 'project') };
  await write('project', { ...FILES, 'setup.py': 'raise SystemExit("this cannot be built")\n' });
  const broken = await wheelhouse(['upload', '--no-isolation', '-p', PYTHON], where);
  const withoutBuild = await wheelhouse(['upload', '-p', executablePath('pip', 'python')], where);
  await git('init', '-q', 'project');
  const untracked = await wheelhouse(['upload', '-p', PYTHON], where);
  const noPython = await wheelhouse(['upload', '-p', 'python9', '--no-vcs'], where);
  const badFormat = await wheelhouse(['upload', '--formats', 'sdist,bdist_egg'], where);

  expect(broken.stderr).toContain('this cannot be built');
  const told = [broken, withoutBuild, untracked, noPython, badFormat].map(({ exitCode, stderr }) => {
    const text = filter(stderr);
    return [exitCode, text.slice(text.indexOf('error: ')).trim()];
  });
  expect(told).toEqual([
    [1, expect.stringMatching(/error: python -m build exited with 1$/)],
    [
      1,
      expect.stringMatching(
        /^error: python -m build exited with 1\n\nhint: install it there: \S+ -m pip install build; or name another Python with -p$/,
      ),
    ],
    [1, 'error: git tracks no file of WORK/project\n\nhint: add the files, or build in place with --no-vcs'],
    [1, 'error: command not found: python9\n\nhint: name another Python with -p'],
    [1, expect.stringMatching(/^error: python -m build makes none of these formats: bdist_egg\n/)],
  ]);
  expect(await listPage(index, 'demo')).toEqual([]);
});
