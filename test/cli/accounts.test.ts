import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { launcher, serverEnvironment, startServer } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { runCommand } from '#test/run-command.ts';

/** Runs the program with its session in a directory, and something on stdin. */
function runner(home: string) {
  return async (args: readonly string[], input = '') =>
    await runCommand([launcher, ...args], {
      env: { ...serverEnvironment, XDG_CONFIG_HOME: home },
      input,
      timeoutMs: 30_000,
    });
}

it('makes a server with a password for root, which is changed and reset without Python', async () => {
  await using home = await makeTemporaryDirectory();
  const run = runner(home.path);
  const serverdir = join(home.path, 'server');
  const where = ['--serverdir', serverdir];

  expect(
    await run(['init', ...where, '--packages.root-pypi', 'no', '--root-password', '-'], 'first\n'),
  ).toMatchObject({
    exitCode: 0,
    stderr: `made a new server in ${serverdir}`,
  });
  expect((await run(['init', ...where], '')).exitCode).toBe(1);
  const empty = await run(['passwd', 'root', '--local', ...where, '--password', '-'], '');
  expect([empty.exitCode, empty.stderr]).toEqual([1, expect.stringContaining('must not be empty')]);
  {
    await using server = await startServer({ serverdir });
    const login = ['login', 'root', '--server', server.url, '--password', '-'];
    expect((await fetch(`${server.url}/root/pypi`)).status).toBe(404);
    const nobody = await run(['passwd', 'root', '--server', server.url, '--password', '-'], 'second\n');
    expect([nobody.exitCode, nobody.stderr]).toEqual([1, expect.stringContaining('hint: log in first')]);
    expect((await run(login, 'wrong\n')).exitCode).toBe(1);
    expect(await run(login, 'first\n')).toMatchObject({
      exitCode: 0,
      stdout: "logged in 'root', credentials valid for 10.00 hours",
    });
    expect(await run(['passwd', '--password', '-'], 'second\n')).toMatchObject({ exitCode: 0 });
    expect((await run(login, 'first\n')).exitCode).toBe(1);
    expect((await run(login, 'second\n')).exitCode).toBe(0);
    const beside = await run(['passwd', 'root', '--local', ...where, '--password', '-'], 'beside\n');
    expect(beside).toMatchObject({ exitCode: 0, stderr: `changed the password of root in ${serverdir}` });
    // The login from above ends as soon as the server has heard of it.
    const whoAmI = async () => (await run(['getjson', '/+api', '--server', server.url])).stdout;
    await expect.poll(whoAmI, { timeout: 20_000 }).toContain('noauth');
    expect((await run(login, 'second\n')).exitCode).toBe(1);
    expect((await run(login, 'beside\n')).exitCode).toBe(0);
  }
  // Whatever the login of another user's home is.
  const session = join(home.path, 'wheelhouse', 'session.json');
  await writeFile(session, 'damaged');
  expect(await run(['passwd', 'root', '--local', ...where, '--password', '-'], 'third\n')).toMatchObject({
    exitCode: 0,
    stderr: `changed the password of root in ${serverdir}`,
  });
  await rm(session);
  await using server = await startServer({ serverdir });
  expect((await run(['login', 'root', '--server', server.url, '--password', '-'], 'third\n')).exitCode).toBe(
    0,
  );
});

it('makes a server with its files elsewhere, and resets a password there within the limits', async () => {
  await using home = await makeTemporaryDirectory();
  const run = runner(home.path);
  const files = join(home.path, 'files');
  const where = ['--serverdir', join(home.path, 'server'), '--files-directory', files];
  const reset = ['passwd', 'root', '--local', ...where, '--password', '-'];

  expect(await run(['init', ...where, '--root-password', '-'], 'first\n')).toMatchObject({ exitCode: 0 });

  expect(await readFile(join(files, 'id'), 'utf8')).toMatch(/^[0-9a-f]{32}\n$/);
  expect(await run(reset, 'second\n')).toMatchObject({ exitCode: 0 });
  const long = await run(reset, `${'x'.repeat(65_537)}\n`);
  expect([long.exitCode, long.stderr]).toEqual([
    1,
    expect.stringContaining('a password may have 65536 bytes (accounts.max-user-bytes)'),
  ]);
});

it('makes, lists and revokes API tokens for who is logged in', async () => {
  await using home = await makeTemporaryDirectory();
  await using server = await startServer();
  const run = runner(home.path);
  const create = ['token', 'create', 'laptop', '--scope', 'packages.upload', '--json'];

  const before = await run([...create, '--server', server.url]);
  expect([before.exitCode, before.stderr]).toEqual([1, expect.stringContaining('nobody is logged in')]);
  await run(['login', 'root', '--server', server.url, '--password', '-'], '\n');
  const session = join(home.path, 'wheelhouse', 'session.json');
  expect((await stat(session)).mode & 0o777).toBe(0o600);

  const aimless = await run(['token', 'create', 'laptop']);
  expect([aimless.exitCode, aimless.stderr]).toEqual([1, expect.stringContaining('such as packages.upload')]);
  const made = JSON.parse((await run(create)).stdout) as { id: string; token: string };
  expect(made.token).toMatch(/^wh_/);
  expect((await run(['token', 'list'])).stdout).toMatch(
    new RegExp(`^${made.id}  laptop +packages.upload +all +until `, 'm'),
  );
  const asked = await run(['token', 'revoke', made.id]);
  expect([asked.exitCode, asked.stderr]).toEqual([1, expect.stringContaining('give -y')]);
  expect((await run(['token', 'revoke', '--dry-run', made.id])).exitCode).toBe(0);
  expect(JSON.parse((await run(['token', 'list', '--json'])).stdout)).toMatchObject([{ id: made.id }]);
  expect((await run(['token', 'list', '--json'])).stdout).not.toContain('revoked');
  expect((await run(['token', 'revoke', '-y', made.id])).exitCode).toBe(0);
  expect((await run(['token', 'list'])).stdout).toContain('revoked');
  expect((await run(['logoff'])).exitCode).toBe(0);
  expect(await readFile(session, 'utf8')).not.toContain('"token"');
  expect((await run(['token', 'list'])).exitCode).toBe(1);
});

it('takes no password as an argument', async () => {
  await using home = await makeTemporaryDirectory();

  const result = await runner(home.path)(['login', 'root', '--password', 'hunter2']);

  expect([result.exitCode, result.stderr]).toEqual([1, expect.not.stringContaining('hunter2')]);
});
