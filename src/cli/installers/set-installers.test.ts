import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { unwritableDirectory } from '#test/unwritable-directory.ts';
import { findPlaces, type Places } from './places.ts';
import { planInstallers, planRemoval, readInstallers } from './set-installers.ts';

const SERVER = 'http://packages.example.com/pypi';
const target = { url: `${SERVER}/alice/dev`, user: 'alice', takesUploads: true, isTrusted: true };

function scopeOf(home: string, venv?: string) {
  const machine = { home, platform: 'linux', environment: {}, venv } as const;
  return { places: findPlaces(machine), isVenv: venv !== undefined };
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** Every file below a directory with its content. */
async function contents(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const read = files.map(async (path) => [path.slice(directory.length + 1), await readFile(path, 'utf8')]);
  return Object.fromEntries(await Promise.all(read)) as Record<string, string>;
}

test('each file names the index in the words of its program', async () => {
  await using home = await makeTemporaryDirectory();
  const scope = scopeOf(home.path);

  await (await planInstallers(scope, target)).apply();

  expect(await contents(home.path)).toMatchInlineSnapshot(`
    {
      ".buildout/default.cfg": "[buildout]
    index = http://packages.example.com/pypi/alice/dev/+simple/
    ",
      ".config/pdm/config.toml": "[pypi]
    url = "http://packages.example.com/pypi/alice/dev/+simple/"

    [repository.wheelhouse]
    url = "http://packages.example.com/pypi/alice/dev/"
    ",
      ".config/pip/pip.conf": "[global]
    trusted-host = packages.example.com
    index-url = http://packages.example.com/pypi/alice/dev/+simple/
    ",
      ".config/pypoetry/config.toml": "[repositories.wheelhouse]
    url = "http://packages.example.com/pypi/alice/dev/"
    ",
      ".config/uv/uv.toml": "index-url = "http://packages.example.com/pypi/alice/dev/+simple/"
    publish-url = "http://packages.example.com/pypi/alice/dev/"
    ",
      ".pydistutils.cfg": "[easy_install]
    index_url = http://packages.example.com/pypi/alice/dev/+simple/
    ",
      ".pypirc": "[distutils]
    index-servers = wheelhouse

    [wheelhouse]
    repository = http://packages.example.com/pypi/alice/dev/
    username = alice
    ",
    }
  `);
  expect(await readInstallers(scope)).toHaveLength(7);
  await (await planRemoval(scope, SERVER)).apply();
  expect(Object.keys(await contents(home.path)).filter((name) => !name.endsWith('-bak'))).toEqual([]);
});

test('what was there stays, with a backup of how it was at first', async () => {
  await using home = await makeTemporaryDirectory();
  const scope = scopeOf(home.path);
  const { places } = scope;
  const before: Partial<Record<keyof Places, string>> = {
    pip: '# pip\n[global]\ntimeout = 3\ntrusted-host =\n    other.example\n',
    uv: '# uv\nnative-tls = true\n\n[pip]\n# own\nindex-strategy = "first-index"\n',
    easyInstall: '[easy_install]\nzip_ok = 0\n',
    pypirc:
      '[distutils]\nindex-servers =\n    pypi\n    acme\n\n[acme]\nrepository = https://acme.example/\n',
    poetry: '[virtualenvs]\ncreate = false # mine\n',
  };
  for (const [place, text] of Object.entries(before)) await write(places[place as keyof Places], text);

  await (await planInstallers(scope, target)).apply();
  await (await planInstallers(scope, { ...target, url: `${SERVER}/alice/prod` })).apply();

  for (const [place, text] of Object.entries(before)) {
    const path = places[place as keyof Places];
    expect(await readFile(`${path}-bak`, 'utf8')).toBe(text);
    expect(await readFile(path, 'utf8')).toContain('/alice/prod/');
  }
  expect(await readFile(places.pip, 'utf8')).toContain('    other.example\n    packages.example.com\n');
  await (await planRemoval(scope, SERVER)).apply();
  for (const [place, text] of Object.entries(before)) {
    expect(
      (await readFile(places[place as keyof Places], 'utf8')).replace(/= (other.example)\n/, '=\n    $1\n'),
    ).toBe(text);
  }
});

test('an index of another server is not taken away', async () => {
  await using home = await makeTemporaryDirectory();
  const scope = scopeOf(home.path);
  await (await planInstallers(scope, target)).apply();

  for (const server of ['http://packages.example.com/py', 'https://packages.example.com/pypi']) {
    expect((await planRemoval(scope, server)).changes, server).toEqual([]);
  }
});

test('a password of .pypirc does not go to another host', async () => {
  await using home = await makeTemporaryDirectory();
  const scope = scopeOf(home.path);
  const section =
    '[wheelhouse]\nrepository = https://old.example/a/b/\nusername = alice\npassword = secret\n';
  await write(scope.places.pypirc, section);

  await (await planInstallers(scope, target)).apply();
  expect(await readFile(scope.places.pypirc, 'utf8')).not.toContain('secret');

  await write(scope.places.pypirc, section.replace('https://old.example', 'http://packages.example.com'));
  await (await planInstallers(scope, target)).apply();
  expect(await readFile(scope.places.pypirc, 'utf8')).toContain('secret');
});

test('where uploads go stays as it is for an index that takes none', async () => {
  await using home = await makeTemporaryDirectory();
  const scope = scopeOf(home.path);
  await (await planInstallers(scope, target)).apply();

  const mirror = { ...target, url: `${SERVER}/root/pypi`, takesUploads: false };
  await (await planInstallers(scope, mirror)).apply();

  const read = async (place: keyof Places) => await readFile(scope.places[place], 'utf8');
  for (const place of ['pip', 'uv', 'pdm'] as const)
    expect(await read(place)).toContain('/root/pypi/+simple/');
  for (const place of ['uv', 'pdm', 'poetry', 'pypirc'] as const) {
    expect(await read(place)).toContain('/alice/dev/');
    expect(await read(place)).not.toContain('/root/pypi/"');
  }
});

test('a virtual environment has its pip and uv set, and nothing else', async () => {
  await using home = await makeTemporaryDirectory();

  await (await planInstallers(scopeOf(home.path, join(home.path, 'venv')), target)).apply();

  expect(Object.keys(await contents(home.path)).toSorted()).toEqual(['venv/pip.conf', 'venv/uv.toml']);
});

test('permissions and links stay, and a token is for its owner alone', async () => {
  await using home = await makeTemporaryDirectory();
  const scope = scopeOf(home.path);
  const real = join(home.path, 'dotfiles', 'pip.conf');
  await write(real, '[global]\n');
  await chmod(real, 0o640);
  await mkdir(dirname(scope.places.pip), { recursive: true });
  await symlink(real, scope.places.pip);
  await write(scope.places.netrc, 'machine other login a password b\n');
  await chmod(scope.places.netrc, 0o644);

  await (await planInstallers(scope, target, 'wh_1')).apply();

  expect(await readFile(real, 'utf8')).toContain('index-url');
  expect((await stat(real)).mode & 0o777).toBe(0o640);
  for (const path of [scope.places.netrc, `${scope.places.netrc}-bak`]) {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  }
});

test('a file that cannot be understood is named, and nothing changes', async () => {
  await using home = await makeTemporaryDirectory();
  const scope = scopeOf(home.path);
  await write(scope.places.poetry, 'no toml');

  await expect(planInstallers(scope, target)).rejects.toMatchObject({
    kind: { code: 'cli.bad-input-file' },
    message: expect.stringContaining(scope.places.poetry) as string,
  });
  expect(Object.keys(await contents(home.path))).toEqual(['.config/pypoetry/config.toml']);
});

test('where one file cannot be written, none is', async () => {
  await using home = await makeTemporaryDirectory();
  await using closed = await makeTemporaryDirectory();
  const { places } = scopeOf(home.path);
  const pypirc = join(unwritableDirectory(closed.path), 'below', '.pypirc');
  const scope = { isVenv: false, places: { ...places, pypirc } };
  await write(scope.places.pip, '[global]\n');

  await expect((await planInstallers(scope, target)).apply()).rejects.toMatchObject({
    kind: { code: 'cli.bad-input-file' },
  });

  expect(await contents(home.path)).toEqual({ '.config/pip/pip.conf': '[global]\n' });
});
