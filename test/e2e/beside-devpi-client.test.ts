import { afterAll, beforeAll, expect, it } from 'vitest';
import { wheel, wheelFilename } from '#test/archives.ts';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { createIndex, uploadAll, wheelUpload } from '#test/index-api.ts';
import { launcher, serverEnvironment, startServer, type ServerProcess } from '#test/server.ts';

// devpi-client and `wheelhouse` at the same server: where both have a command, it prints the same.

let server: ServerProcess;
let session: ClientSession;

beforeAll(async () => {
  server = await startServer();
  session = await openClientSession();
  const base = await createIndex(server, 'bea/base');
  const dev = await createIndex(server, 'bea/dev', { bases: ['bea/base'], volatile: false });
  for (const version of ['0.9', '1.0', '1.1', '1.9', '1.10', '2.0a1'])
    await uploadAll(dev, [wheelUpload({ version })]);
  // Hidden by the index itself, and seen through it.
  await uploadAll(base, [
    wheelUpload({ version: '1.10' }),
    wheelUpload({ version: '0.1' }),
    wheelUpload({ name: 'Other.One' }),
  ]);
  for (const program of [devpi, wheelhouse]) {
    await program(['use', `${server.url}/bea/dev`]);
    const { exitCode } = await program(['login', 'bea', '--password', '-'], dev.password);
    expect(exitCode).toBe(0);
  }
});

afterAll(async () => {
  await session[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function devpi(args: readonly string[], password?: string) {
  // It takes the password from the command line.
  return await session.run(
    'devpi',
    args.map((each) => (each === '-' && password !== undefined ? password : each)),
  );
}

async function wheelhouse(args: readonly string[], input?: string) {
  return await session.runProgram([launcher, ...args], {
    env: serverEnvironment['PATH'] === undefined ? {} : { PATH: serverEnvironment['PATH'] },
    ...(input !== undefined && { input: `${input}\n` }),
  });
}

it.each([
  [['list']],
  [['list', '-v']],
  [['list', '-v', '--all']],
  [['list', '--index', 'bea/base']],
  [['list', '--index', 'base', '-v']],
  [['list', 'demo']],
  [['list', 'demo', '--all']],
  [['list', 'demo', '--all', '--ignore-bases']],
  [['list', 'demo>=1.0,<1.10']],
  [['list', 'demo==3.0']],
  [['refresh', 'demo']],
  [['upload', '--dry-run', wheelFilename({ name: 'fresh' })]],
  [['upload', wheelFilename({ name: 'fresh' })]],
  [['remove', '-y', '--index', 'bea/base', 'other-one']],
])('prints the same: %j', async (args) => {
  await session.write(wheelFilename({ name: 'fresh' }), wheel({ name: 'fresh' }));

  const theirs = await devpi(args);
  // What was removed is there again for us.
  if (args[0] === 'remove')
    await uploadAll({ ...(await owner()), url: `${server.url}/bea/base` }, [
      wheelUpload({ name: 'Other.One' }),
    ]);
  const ours = await wheelhouse(args);

  expect({ exitCode: ours.exitCode, stdout: withoutHash(ours.stdout) }).toEqual({
    exitCode: theirs.exitCode,
    stdout: withoutHash(theirs.stdout),
  });
});

it('prints the same while it removes releases', async () => {
  const dev = { ...(await owner()), url: `${server.url}/bea/volatile` };
  await createIndex(server, 'bea/volatile');
  const outputs = [];
  for (const program of [devpi, wheelhouse]) {
    await uploadAll(dev, [wheelUpload(), wheelUpload({ version: '1.1' }), wheelUpload({ version: '2.0' })]);
    const { exitCode, stdout } = await program(['remove', '-y', '--index', 'bea/volatile', 'demo<2']);
    const left = await program(['list', '--index', 'bea/volatile', 'demo']);
    outputs.push({ exitCode, stdout: withoutHash(stdout), left: withoutHash(left.stdout) });
  }

  expect(outputs[1]).toEqual(outputs[0]);
  expect(outputs[1]?.stdout).toContain(
    'Are you sure (yes/no)? yes (autoset from -y option)\ndeleting release 1.0 of demo\n',
  );
});

it('fails with the same exit code where devpi-client fails', async () => {
  for (const args of [
    ['list', 'none'],
    ['remove', '-y', 'demo==3.0'],
    ['remove', '-y', 'demo==1.0'],
    ['upload', 'none.whl'],
  ]) {
    expect([args, (await wheelhouse(args)).exitCode]).toEqual([args, (await devpi(args)).exitCode]);
  }
});

async function owner() {
  return { user: 'bea', password: 'secret of bea' };
}

/** Without what differs between two uploads, and what devpi-client carries over from the address that it asked. */
function withoutHash(text: string): string {
  return text.replace(/\+f\/[0-9a-f]{3}\/[0-9a-f]{13}\//g, '+f/HASH/').replaceAll('?ignore_bases=', '');
}
