import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClientSession, type ClientOptions, type ClientSession } from '#test/client-session.ts';
import { clientPath, executablePath } from '#test/clients.ts';
import { createIndex, listPage, sdistUpload, uploadAll, wheelUpload } from '#test/index-api.ts';
import { launcher, startServer } from '#test/server.ts';
import { startIndexServer, type IndexServerName } from '../../bench/support/index-server.ts';

/** A build backend that lies in the sdist: nothing is fetched to build it. */
const BACKEND = `
import zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    version = open('version').read().strip()
    name = f'demo-{version}-py3-none-any.whl'
    info = f'demo-{version}.dist-info'
    with zipfile.ZipFile(f'{wheel_directory}/{name}', 'w') as wheel:
        wheel.writestr('demo.py', open('demo.py').read())
        wheel.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: demo\\nVersion: {version}\\n')
        wheel.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
        wheel.writestr(f'{info}/RECORD', '')
    return name
`;

/** A release whose tests pass if the answer is 42. */
function testedSdist(
  version: string,
  answer: number,
  files: Readonly<Record<string, string | undefined>> = {},
) {
  return sdistUpload({
    version,
    metadata: { 'Provides-Extra': 'test', 'Requires-Dist': "helper; extra == 'test'" },
    files: {
      'setup.py': undefined,
      'pyproject.toml': '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
      'backend.py': BACKEND,
      version,
      'demo.py': `answer = ${answer}\n`,
      'tox.ini':
        '[tox]\nenv_list = py\n[testenv]\ncommands = python -c "import demo; print(demo.answer); assert demo.answer == 42"\n',
      'tests/test_demo.py': 'import demo\n\ndef test_answer():\n    assert demo.answer == 42\n',
      ...files,
    },
  });
}

interface Server extends AsyncDisposable {
  readonly url: string;
}

async function openDeveloper(server: Server, session: ClientSession, name: string) {
  const index = await createIndex(server, name);
  const env = { PATH: [dirname(clientPath('tox')), '/usr/bin', '/bin'].join(':') };
  const filter = (text: string) =>
    text
      .replaceAll(server.url, 'SERVER')
      .replaceAll(/\/tmp\/(?:devpi|wheelhouse)-[^/$ \n]+/g, 'TMP')
      .replaceAll(/\+f\/[0-9a-f]{3}\/[0-9a-f]{13}\//g, '+f/HASH/')
      .replaceAll(/toxresult-\d+-\d+-\d+/g, 'toxresult-TIME');
  const run = async (argv: readonly [string, ...string[]], options: ClientOptions = {}) => {
    const result = await session.runProgram(argv, {
      timeoutMs: 300_000,
      ...options,
      env: { ...env, ...options.env },
    });
    return { ...result, stdout: filter(result.stdout), stderr: filter(result.stderr) };
  };
  const wheelhouse = async (args: readonly string[], options?: ClientOptions) =>
    await run([launcher, ...args], options);
  const devpi = async (args: readonly string[], options?: ClientOptions) =>
    await run([clientPath('devpi'), ...args], options);
  await devpi(['use', index.url]);
  await devpi(['login', index.user, '--password', index.password]);
  await wheelhouse(['use', index.url]);
  const login = await wheelhouse(['login', index.user, '--password', '-'], { input: `${index.password}\n` });
  expect(login.exitCode, login.stderr).toBe(0);
  return { index, wheelhouse, devpi };
}

const kinds = ['devpi', 'wheelhouse'] as const satisfies readonly IndexServerName[];

// devpi-server is the contract, and ours must keep it.
describe.each(kinds)('at a server of %s', (kind) => {
  let server: Server;
  let session: ClientSession;

  beforeAll(async () => {
    session = await openClientSession();
    server = await startIndexServer(kind, session.directory);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
  });

  it('tests a release with tox, uploads the result, and both clients list it in the same words', async () => {
    const { index, wheelhouse, devpi } = await openDeveloper(server, session, `${kind}-ann/dev`);
    await uploadAll(index, [testedSdist('1.0', 42), testedSdist('2.0', 41), wheelUpload({ version: '1.0' })]);

    const passed = await wheelhouse(['test', 'demo==1.0']);
    const theirs = await devpi(['test', 'demo==1.0']);
    const failed = await wheelhouse(['test', '-e', 'py', '--tox-args', '-q', 'demo']);
    const kept = await wheelhouse(['test', '--no-upload', 'demo==1.0']);

    // devpi-client downloads with the login in the URL, and prints that.
    const wording = (text: string) =>
      text
        .split('\n')
        .filter((line) => /^(?:received|posting|success)/.test(line))
        .map((line) => line.replace(/http:\/\/\S+:\*+@[^/]+/, 'SERVER'));
    expect(passed.exitCode, passed.stdout + passed.stderr).toBe(0);
    expect(wording(passed.stdout)).toEqual(wording(theirs.stdout));
    expect(wording(passed.stdout)).toEqual([
      `received SERVER/${index.index}/+f/HASH/demo-1.0.tar.gz`,
      `posting tox result data to SERVER/${index.index}/+f/HASH/demo-1.0.tar.gz`,
      'success',
    ]);
    expect(passed.stderr).toContain(
      'warning: only universal wheels supported, found demo-1.0-py3-none-any.whl',
    );
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('tox command failed 1');
    expect(wording(failed.stdout)).toContain('success');
    expect(kept.exitCode).toBe(0);
    expect(kept.stdout).not.toContain('posting');
    for (const option of ['-t', '-f']) {
      const ours = await wheelhouse(['list', option, 'demo', '--all']);
      expect(ours.stdout).toBe((await devpi(['list', option, 'demo', '--all'])).stdout);
      expect(ours.stdout).toMatch(/linux +py +3\.\d+\.\d+ tests passed\n/);
      expect(ours.stdout).toMatch(/linux +py +3\.\d+\.\d+ tests failed\n/);
    }
    const json = await wheelhouse(['list', '-t', '--json', 'demo==2.0']);
    // Beside it stand the environments in which tox built the package.
    const results = expect.arrayContaining([
      expect.objectContaining({ environment: expect.objectContaining({ name: 'py', hasPassed: false }) }),
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject([{ files: [{ toxResults: results }] }]);
  });

  it('pushes to an index of the server and to one that .pypirc names, and shows no password', async () => {
    const { index, wheelhouse, devpi } = await openDeveloper(server, session, `${kind}-ben/dev`);
    const prod = await createIndex(server, `${kind}-ben/prod`);
    // Elsewhere: devpi-server cannot push to itself.
    await using elsewhereServer = await startServer();
    const outside = await createIndex(elsewhereServer, 'carl/dev');
    await uploadAll(index, [wheelUpload(), sdistUpload()]);
    await session.write(
      'pypirc',
      `[distutils]\nindex-servers = company\n\n[company]\nrepository: ${outside.url}/\nusername: ${outside.user}\npassword: ${outside.password}\n`,
    );

    const inside = [
      await devpi(['push', 'demo==1.0', prod.index]),
      await wheelhouse(['push', 'demo==1.0', prod.index]),
    ];
    const elsewhere = [
      await devpi(['push', '--pypirc', 'pypirc', 'demo==1.0', 'pypi:company']),
      await wheelhouse(['push', '--pypirc', 'pypirc', 'demo==1.0', 'pypi:company']),
    ];
    const missing = await wheelhouse(['push', 'demo==3.0', prod.index]);
    await session.write(
      'wrong',
      `[company]\nrepository: ${outside.url}/\nusername: ${outside.user}\npassword: no\n`,
    );
    const refused = await wheelhouse(['push', '--pypirc', 'wrong', 'demo==1.0', 'pypi:company']);

    const rows = ({ stdout }: { readonly stdout: string }) =>
      stdout
        .split('\n')
        .filter((line) => line.startsWith('   '))
        .toSorted();
    expect(inside.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(rows(inside[1]!)).toEqual(rows(inside[0]!));
    expect(rows(inside[1]!)).toContain(`   200 register demo 1.0 -> ${prod.index}`);
    expect(elsewhere.map(({ exitCode, stdout, stderr }) => [exitCode, stdout, stderr])).toEqual([
      [0, expect.anything(), expect.anything()],
      [0, expect.anything(), expect.anything()],
    ]);
    expect(rows(elsewhere[1]!)).toEqual(rows(elsewhere[0]!));
    expect(
      [await listPage(prod, 'demo'), await listPage(outside, 'demo')].map((page) => page.length),
    ).toEqual([2, 2]);
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toContain('there are no files for demo 3.0');
    expect(refused.exitCode).toBe(1);
    for (const { stdout, stderr } of [...elsewhere, refused])
      expect(stdout + stderr).not.toContain(`secret of ${outside.user}`);
  });

  it.each(['uv', 'pip'] as const)(
    'needs no tox, installs the extra of tests with %s, and exits with the verdict',
    async (installer) => {
      const { index, wheelhouse } = await openDeveloper(server, session, `${kind}-dan-${installer}/dev`);
      // The tests are run from the sdist, and the module comes from what was installed.
      const files = { 'tox.ini': undefined };
      await uploadAll(index, [
        testedSdist('1.0', 42, files),
        testedSdist('2.0', 41, files),
        wheelUpload({ name: 'helper' }),
      ]);
      await uploadAll(
        index,
        await installedAsWheels(session, ['pytest', 'pluggy', 'iniconfig', 'packaging', 'pygments']),
      );
      const programs = installer === 'uv' ? dirname(clientPath('uv')) : '/nowhere';
      const options = { env: { PATH: `${programs}:/usr/bin:/bin`, UV_PYTHON: undefined } };
      const args = ['test', '--runner', 'pytest', '-p', executablePath('pip', 'python')];

      const passed = await wheelhouse([...args, 'demo==1.0'], options);
      const failed = await wheelhouse([...args, 'demo'], options);

      expect(passed.exitCode, passed.stdout + passed.stderr).toBe(0);
      expect(passed.stdout).toMatch(/1 passed/);
      expect(failed.exitCode).toBe(1);
      expect(failed.stdout).toMatch(/assert 41 == 42/);
      expect(failed.stderr).toContain('pytest command failed 1');
      expect(passed.stdout + passed.stderr).not.toContain('wh_');
      const listed = await wheelhouse(['list', '-t', 'demo']);
      expect(listed.stdout).toMatch(
        /linux +pytest +3\.\d+\.\d+ tests failed\n[^]*linux +pytest +3\.\d+\.\d+ tests passed\n/,
      );
      const json = await wheelhouse(['list', '-t', '--json', 'demo==1.0']);
      expect(json.stdout).toContain('demo[test]');
      expect(json.stdout).toContain('"hasPassed": true');
      expect(json.stdout).not.toContain('wh_');
    },
  );
});

/** What is installed beside devpi-server, as wheels again. */
async function installedAsWheels(session: ClientSession, names: readonly string[]) {
  const script = `
import json, sys, zipfile
from importlib.metadata import distribution
found = []
for name in sys.argv[1:]:
    d = distribution(name)
    filename = f'{d.metadata["Name"].replace("-", "_").lower()}-{d.version}-py3-none-any.whl'
    with zipfile.ZipFile(filename, 'w') as wheel:
        for file in d.files:
            if not str(file).startswith('..') and '__pycache__' not in str(file) and file.name not in ('INSTALLER', 'REQUESTED', 'RECORD'):
                wheel.write(file.locate(), str(file))
        record = next(str(file) for file in d.files if file.name == 'RECORD')
        names = wheel.namelist()
        import base64, hashlib
        lines = []
        for each in names:
            data = wheel.read(each)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()
            lines.append(f'{each},sha256={digest},{len(data)}')
        wheel.writestr(record, '\\n'.join([*lines, f'{record},,', '']))
    found.append({'filename': filename, 'name': d.metadata['Name'], 'version': d.version})
print(json.dumps(found))
`;
  const python = executablePath('devpi-server', 'python');
  const { exitCode, stdout, stderr } = await session.runProgram([python, '-c', script, ...names]);
  expect(exitCode, stderr).toBe(0);
  const found = JSON.parse(stdout) as { filename: string; name: string; version: string }[];
  return await Promise.all(
    found.map(async (each) => ({ ...each, bytes: await readFile(join(session.directory, each.filename)) })),
  );
}
