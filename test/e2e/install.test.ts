import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClientSession, type ClientOptions } from '#test/client-session.ts';
import { clientPath } from '#test/clients.ts';
import { createIndex, request, uploadAll, wheelUpload } from '#test/index-api.ts';
import { launcher, startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Somebody with an index in use and a virtual environment, logged in. */
async function openPerson(name: string, options: Readonly<Record<string, unknown>> = {}) {
  const session = await openClientSession();
  const index = await createIndex(server, name, options);
  const wheelhouse = async (args: readonly string[], more: ClientOptions = {}) => {
    const result = await session.runProgram([launcher, ...args], {
      ...more,
      env: { PATH: '/usr/bin:/bin', ...more.env },
    });
    const filter = (text: string) =>
      text.replaceAll(server.url, 'SERVER').replaceAll(session.directory, 'DIR');
    return { ...result, stdout: filter(result.stdout), stderr: filter(result.stderr) };
  };
  await wheelhouse(['use', index.url]);
  const { exitCode } = await wheelhouse(['login', index.user, '--password', '-'], {
    input: `${index.password}\n`,
  });
  expect(exitCode).toBe(0);
  return { session, index, wheelhouse, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
}

it('installs with the pip of a virtual environment, and prints what devpi-client prints', async () => {
  await using person = await openPerson('ann/dev');
  const { session, index, wheelhouse } = person;
  await uploadAll(index, [wheelUpload(), wheelUpload({ version: '2.0a1' })]);
  await session.run('devpi', ['use', index.url]);
  // With a pip of its own.
  await session.succeed('python', ['-m', 'venv', 'venv']);
  const outputs = [];
  for (const program of [
    (args: readonly string[]) => session.run('devpi', args),
    (args: readonly string[]) => wheelhouse(args),
  ]) {
    const installed = await program(['install', '--venv', 'venv', 'demo']);
    const listed = await program(['install', '--venv', 'venv', '-l']);
    await session.runProgram([join(session.directory, 'venv/bin/pip'), 'uninstall', '-y', 'demo']);
    const missing = await program(['install', '--venv', 'none', 'demo']);
    outputs.push({
      codes: [installed, listed, missing].map(({ exitCode }) => exitCode),
      installed: lastLine(installed.stdout),
      listed: listed.stdout.split('\n').filter((line) => line.startsWith('demo ')),
    });
  }

  expect(outputs[1]).toEqual(outputs[0]);
  expect(outputs[1]).toEqual({
    codes: [0, 0, 1],
    installed: 'Successfully installed demo-2.0a1',
    // A pre-release counts.
    listed: [expect.stringMatching(/^demo +2\.0a1$/)],
  });
});

it('tells the command, and installs with uv where the environment has no pip', async () => {
  await using person = await openPerson('ben/dev');
  const { session, index, wheelhouse } = person;
  await uploadAll(index, [wheelUpload(), wheelUpload({ name: 'other' })]);
  const python = await session.makeVenv();
  await session.write('requirements.txt', 'demo==1.0\nother\n');
  const env = { PATH: `${dirname(clientPath('uv'))}:/usr/bin:/bin`, VIRTUAL_ENV: dirname(dirname(python)) };

  const none = await wheelhouse(['install', 'demo'], {
    env: { VIRTUAL_ENV: env.VIRTUAL_ENV },
  });
  const dry = await wheelhouse(['install', '--dry-run', 'demo'], { env });
  const { exitCode, stderr } = await wheelhouse(['install', '-r', 'requirements.txt'], { env });
  const listed = await wheelhouse(['install', '-l', '--json'], { env });

  expect([none.exitCode, none.stderr]).toEqual([
    1,
    'error: no pip binary found in DIR/venv\n\nhint: install uv, or make a virtual environment with pip: python3 -m venv DIR\n',
  ]);
  expect(dry.stdout).toBe(
    `--> DIR$ ${clientPath('uv')} pip install -U --python DIR/venv/bin/python -- demo ` +
      "[PIP_INDEX_URL='SERVER/ben/dev/+simple/',PIP_PRE='1']\n",
  );
  expect(exitCode, stderr).toBe(0);
  expect(JSON.parse(listed.stdout)).toEqual([
    { name: 'demo', version: '1.0' },
    { name: 'other', version: '1.0' },
  ]);
});

it.each(['pip', 'uv'] as const)(
  'reads a private index with %s by a token that ends, and shows it nowhere',
  async (installer) => {
    const user = `cat-${installer}`;
    await using person = await openPerson(`${user}/dev`, { acl_read: [user] });
    const { session, index, wheelhouse } = person;
    await uploadAll(index, [wheelUpload()]);
    if (installer === 'pip') await session.succeed('python', ['-m', 'venv', 'venv']);
    else await session.makeVenv();

    const { exitCode, stdout, stderr } = await wheelhouse(
      ['install', '--installer', installer, '--venv', 'venv', 'demo'],
      {
        env: { PATH: `${dirname(clientPath('uv'))}:/usr/bin:/bin` },
      },
    );

    expect(exitCode, stderr).toBe(0);
    expect(`${stdout}${stderr}`).not.toMatch(/wh_|secret of/);
    const { text } = await request(server, 'GET', '/+tokens', index);
    expect(JSON.parse(text)).toMatchObject({
      result: [{ scopes: ['packages.read'], on: [`${user}/dev`], revoked: expect.any(String) }],
    });
    expect(await readdir(join(session.directory, 'venv/lib'), { recursive: true })).toContainEqual(
      expect.stringMatching(/site-packages\/demo\/__init__\.py$/),
    );
  },
);

it.each([
  [['-e', '.', 'demo'], 'cannot specify packages and --editable'],
  [['--installer', 'poetry', 'demo'], '--installer must be pip or uv, not poetry'],
  [['--venv', 'none', 'demo'], "No virtualenv found at: 'DIR/none'"],
])('refuses %j', async (args, message) => {
  await using session = await openClientSession();

  const { exitCode, stderr } = await session.runProgram([launcher, 'install', ...args]);

  expect({ exitCode, error: stderr.replaceAll(session.directory, 'DIR').split('\n')[0] }).toEqual({
    exitCode: 1,
    error: `error: ${message}`,
  });
});

function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1);
}
