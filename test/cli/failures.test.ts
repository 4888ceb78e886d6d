import { once } from 'node:events';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testAuthority } from '#test/certificates.ts';
import { createIndex, request } from '#test/index-api.ts';
import { runCommand } from '#test/run-command.ts';
import { launcher, serverEnvironment, startServer, type ServerProcess } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';
import { openTerminal } from '#test/terminal.ts';

let server: ServerProcess;
let home: TemporaryDirectory;
let alice: Awaited<ReturnType<typeof createIndex>>;

beforeAll(async () => {
  server = await startServer({ arguments: ['--host', 'localhost'] });
  alice = await createIndex(server, 'alice/dev');
  await createIndex(server, 'alice/kept', { volatile: false });
  await createIndex(server, 'bob/dev', { acl_read: ['bob'] });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

beforeEach(async () => {
  home = await makeTemporaryDirectory();
  return async () => await home[Symbol.asyncDispose]();
});

const environment = () => ({ ...serverEnvironment, HOME: home.path });

async function wheelhouse(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}) {
  const options = { env: { ...environment(), ...env }, input, timeoutMs: 60_000 };
  const { exitCode, stdout, stderr } = await runCommand([launcher, ...args], options);
  const filtered = (text: string) => text.replaceAll(server.url, 'SERVER').replaceAll(home.path, '~');
  return { exitCode, stdout: filtered(stdout), stderr: filtered(stderr) };
}

/** Logs alice in, with her index in use, and forgets what was printed. */
async function logIn(): Promise<void> {
  await wheelhouse(['use', alice.url]);
  const { exitCode, stderr } = await wheelhouse(['login', 'alice', '--password', '-'], `${alice.password}\n`);
  expect(exitCode, stderr).toBe(0);
}

/** Every file of the home with its content; what Node keeps compiled is no state. */
async function state(): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(home.path, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.cache'))
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await readFile(path, 'utf8')])),
  );
}

/** Runs a command that fails; asserts that it leaves the home as it was. */
async function fails(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}) {
  const before = await state();
  const { exitCode, stdout, stderr } = await wheelhouse(args, input, env);
  expect(await state(), 'the state changed').toEqual(before);
  return { exitCode, stdout, stderr };
}

describe('the state stays as it is, exit code and stderr say what went wrong:', () => {
  it('an address that is none', async () => {
    expect(await fails(['use', 'ftp://example.com/alice/dev'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: ftp://example.com/alice/dev is no URL

      hint: write it with http:// or https://",
        "stdout": "",
      }
    `);
  });

  it('an address with a password', async () => {
    const { exitCode, stderr } = await fails(['use', 'https://alice:hunter2@example.com/alice/dev']);

    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('leave them out, and log in')]);
    expect(stderr).not.toContain('hunter2');
  });

  it('no server', async () => {
    expect(await fails(['use', 'http://localhost:2/alice/dev'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: cannot reach localhost:2 (ECONNREFUSED)

      hint: check the URL, and that \`wheelhouse serve\` runs there",
        "stdout": "",
      }
    `);
    expect(await fails(['login', 'alice', '--server', 'http://localhost:2', '--password', '-'], 'x\n'))
      .toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: cannot reach localhost:2 (ECONNREFUSED)

      hint: check the URL, and that \`wheelhouse serve\` runs there",
        "stdout": "",
      }
    `);
  });

  it('something else than a server of ours', async () => {
    expect((await fails(['use', `${server.url}/alice/dev/+simple/nothing/here`])).exitCode).toBe(1);
  });

  it('an index that is not there', async () => {
    await logIn();

    expect(await fails(['use', 'alice/nope'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: The stage alice/nope could not be found.",
        "stdout": "",
      }
    `);
    expect(await fails(['index', 'alice/nope'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: The stage alice/nope could not be found.",
        "stdout": "",
      }
    `);
  });

  it('no index in use', async () => {
    await wheelhouse(['use', server.url]);

    expect(await fails(['index'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: no index of SERVER is in use

      hint: choose one: wheelhouse use USER/INDEX, or name it with --index",
        "stdout": "",
      }
    `);
    expect(await fails(['use', '--set-cfg'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: no index configured: cannot set pip/easy_install index

      hint: choose one: wheelhouse use USER/INDEX, or name it with --index",
        "stdout": "",
      }
    `);
  });

  it('a certificate of an authority that is not trusted', async () => {
    const authority = await testAuthority('Acme Test Root CA');
    const https = createServer(authority, (_request, response) => void response.end());
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    const host = `localhost:${(https.address() as AddressInfo).port}`;
    try {
      for (const args of [
        ['use', `https://${host}/alice/dev`],
        ['login', 'alice', '--server', `https://${host}`, '--password', '-'],
      ]) {
        const { exitCode, stderr } = await fails(args, 'secret\n');
        expect([exitCode, stderr]).toEqual([1, expect.stringContaining('"Acme Test Root CA"')]);
        expect(stderr).toContain('hint: add that authority to the certificate store');
      }
    } finally {
      https.close();
      https.closeAllConnections();
      await rm(authority.directory, { recursive: true });
    }
  });

  it('401: a wrong password', async () => {
    await logIn();

    expect(await fails(['login', 'alice', '--password', '-'], 'wrong\n')).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: user 'alice' could not be authenticated

      hint: check the user name and the password",
        "stdout": "",
      }
    `);
  });

  it('401: a login that the server does not know any more', async () => {
    await logIn();
    const file = join(home.path, '.config/wheelhouse/session.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/"token": "[^"]*"/, '"token": "stale"'));

    expect(await fails(['index', 'title=x'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: no permission to modify index alice/dev

      hint: log in again: wheelhouse login alice --server SERVER",
        "stdout": "/alice/dev title=x",
      }
    `);
  });

  it('401: a private index, without a login', async () => {
    expect(await fails(['index', `${server.url}/bob/dev`])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: Unauthorized: log in to read bob/dev

      hint: log in: wheelhouse login USER --server SERVER",
        "stdout": "",
      }
    `);
    expect(await fails(['why', `${server.url}/bob/dev`, 'demo'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: Unauthorized: log in to read bob/dev

      hint: log in: wheelhouse login USER --server SERVER",
        "stdout": "",
      }
    `);
    expect((await fails(['use', '--set-cfg', `${server.url}/bob/dev`])).stderr).toContain('wheelhouse login');
  });

  it('403: what somebody else owns', async () => {
    await logIn();

    expect(await fails(['index', 'bob/dev'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: no permission to read bob/dev",
        "stdout": "",
      }
    `);
    expect(await fails(['index', '-c', 'bob/mine'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: no permission to create index bob/mine",
        "stdout": "",
      }
    `);
    expect(await fails(['user', '-m', 'bob', 'email=x@example.com'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: no permission to modify user bob",
        "stdout": "/bob changing email: x@example.com",
      }
    `);
    expect(await fails(['index', '-y', '--delete', 'alice/kept'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: index alice/kept non-volatile, cannot delete

      hint: set volatile=True on the index first",
        "stdout": "About to remove: SERVER/alice/kept
      Are you sure (yes/no)? yes (autoset from -y option)",
      }
    `);
  });

  it('409: what is there already', async () => {
    await logIn();

    expect(await fails(['index', '-c', 'dev'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: index 'alice/dev' exists",
        "stdout": "",
      }
    `);
    expect(await fails(['user', '-c', 'bob', '--password', '-'], 'secret-1\n')).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: user already exists",
        "stdout": "",
      }
    `);
  });

  it('a login that has expired, without a terminal', async () => {
    await logIn();
    const file = join(home.path, '.config/wheelhouse/session.json');
    const session = (await readFile(file, 'utf8')).replace(/"expiresAt": \d+/, '"expiresAt": 1000');
    await writeFile(file, session);

    expect(await fails(['index'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: the login of alice to SERVER expired at 1970-01-01T00:00:01.000Z

      hint: log in again: wheelhouse login alice --server SERVER, or forget it: wheelhouse logoff --server SERVER",
        "stdout": "",
      }
    `);
  });

  it('arguments that do not fit', async () => {
    await logIn();

    for (const [args, words] of [
      [['index', 'dev', 'title'], 'arguments must be format NAME=VALUE, not title'],
      [['index', '-c'], 'need to explicitly specify index'],
      [['index', '--delete', 'dev', 'a=b'], 'cannot delete if you specify key=values'],
      [['user', '--delete'], 'need to specify a username'],
      [['user', '-c', 'carol', 'password=hunter2'], 'seen by everybody'],
      [['use', '--pip-set-trusted', 'maybe', 'dev'], 'yes or no or auto'],
      [['use', '--local', 'dev'], 'active virtual environment'],
      [['use', '--venv', 'nowhere', 'dev'], "No virtualenv found at: 'nowhere'"],
      [['patchjson', '/alice/dev', '/does/not/exist'], 'cannot read /does/not/exist'],
    ] as const) {
      const { exitCode, stderr } = await fails(args);
      expect([args, exitCode, stderr]).toEqual([args, 1, expect.stringContaining(words)]);
      expect(stderr).not.toContain('hunter2');
    }
  });

  it('a full disk, when the session is written', async () => {
    await logIn();
    // The same that a full disk does to a program: no file may grow.
    const full = ['bash', '-c', 'trap "" XFSZ; ulimit -f 0; exec "$@"', 'bash', launcher];
    const before = await state();
    for (const args of [['use', `${server.url}/alice/kept`], ['logoff'], ['use', '--set-cfg', 'dev']]) {
      const { exitCode, stderr } = await runCommand([...full, ...args], { env: environment() });
      expect([args, exitCode, stderr]).toEqual([args, 1, expect.stringContaining('cannot write')]);
      expect(stderr).toContain('see that there is room on the disk');
      expect(await state()).toEqual(before);
    }
  });

  it('Ctrl-C at the question for a password, and before a deletion', async () => {
    await logIn();
    const before = await state();
    for (const [args, question] of [
      [['login', 'alice'], 'Password of alice:'],
      [['passwd'], 'New password of alice:'],
      [['user', '-c', 'carol'], 'New password of carol:'],
      [['index', '--delete', 'dev'], 'Are you sure (yes/no)?'],
    ] as const) {
      await using terminal = openTerminal([launcher, ...args], { env: environment() });
      await terminal.until(question);
      terminal.type('\u0003');
      expect([args, await terminal.ended]).toEqual([args, { exitCode: 130, isRestored: true }]);
    }
    expect(await state()).toEqual(before);
    expect((await request(server, 'GET', '/alice/dev')).status).toBe(200);
    expect((await request(server, 'GET', '/carol')).status).toBe(404);
  });
});

it('asks whether a short password is meant', async () => {
  await logIn();
  for (const [answer, exitCode] of [
    ['no', 1],
    ['yes', 0],
  ] as const) {
    await using terminal = openTerminal([launcher, 'user', '-c', 'dora'], { env: environment() });
    await terminal.until('New password of dora:');
    terminal.type('short\n');
    await terminal.until('The same again:');
    terminal.type('short\n');
    await terminal.until('less than 8 characters, are you sure to use it (yes/no)?');
    terminal.type(`${answer}\n`);
    expect((await terminal.ended).exitCode).toBe(exitCode);
    expect((await request(server, 'GET', '/dora')).status).toBe(exitCode === 0 ? 200 : 404);
  }
});

it('renews an expired login by asking for the password', async () => {
  await logIn();
  const file = join(home.path, '.config/wheelhouse/session.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/"expiresAt": \d+/, '"expiresAt": 1000'));
  await using terminal = openTerminal([launcher, 'index', 'title=Renewed'], {
    env: environment(),
    columns: 200,
  });

  await terminal.until(/the login of alice to \S+ expired at 1970[\s\S]*Password of alice:/);
  terminal.type(`${alice.password}\n`);

  expect((await terminal.ended).exitCode).toBe(0);
  expect(terminal.output()).toContain('title=Renewed');
  expect((await wheelhouse(['index', '-l'])).stdout).toContain('alice/dev');
});
