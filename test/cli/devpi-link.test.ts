import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '#test/run-command.ts';
import { launcher, serverEnvironment, startServer } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

it('takes the command lines of devpi-client through a link named devpi', async () => {
  await using home = await makeTemporaryDirectory();
  await using server = await startServer({ arguments: ['--host', 'localhost'] });
  const program = join(home.path, 'devpi');
  await symlink(launcher, program);
  const devpi = async (...args: string[]) => await answering('', ...args);
  const answering = async (input: string, ...args: string[]) => {
    const { exitCode, stdout, stderr } = await runCommand([program, ...args], {
      env: { ...serverEnvironment, HOME: home.path },
      input,
    });
    return `${stdout}\n${stderr}\n[${exitCode}]`.replaceAll(server.url, 'SERVER').trim();
  };

  await devpi('use', server.url);
  expect(await devpi('login', 'root', '--password=')).toMatchInlineSnapshot(`
    "logged in 'root', credentials valid for 10.00 hours

    [0]"
  `);
  expect(await devpi('user', '-c', 'alice', 'password=secret-1', 'email=a@example.com'))
    .toMatchInlineSnapshot(`
    "user created: alice

    [0]"
  `);
  expect(await devpi('login', 'alice', '--password', 'secret-1', '--debug')).toMatchInlineSnapshot(`
    "logged in 'alice', credentials valid for 10.00 hours

    [0]"
  `);
  expect(await devpi('-y', 'index', '-c', 'dev', 'bases=root/pypi')).toMatchInlineSnapshot(`
    "SERVER/alice/dev?no_projects=:
      type=stage
      bases=root/pypi
      volatile=True
      acl_upload=alice
      acl_toxresult_upload=:ANONYMOUS:
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection

    [0]"
  `);
  expect(await devpi('user', '-m', 'alice', 'password=secret-2')).toMatchInlineSnapshot(`
    "/alice changing password: ********
    user modified: alice

    [0]"
  `);
  expect(await devpi('getjson', '-v', '/alice')).toContain('GET REQUEST sent to SERVER/alice');
  // What scripts pipe into it counts.
  expect(await answering('no\n', 'index', '--delete', 'dev')).toMatchInlineSnapshot(`
    "About to remove: SERVER/alice/dev

    [0]"
  `);
  expect(await answering('', 'index', '--delete', 'dev')).toMatchInlineSnapshot(`
    "About to remove: SERVER/alice/dev
    error: Are you sure? There is no terminal to ask on

    hint: give -y to answer yes to every question
    [1]"
  `);
  expect(await answering('maybe\nyes\n', 'index', '--delete', 'dev')).toMatchInlineSnapshot(`
    "About to remove: SERVER/alice/dev
    index deleted: SERVER/alice/dev

    [0]"
  `);
  await devpi('index', '-c', 'dev');
  expect(await devpi('index', '-y', '--delete', 'dev')).toMatchInlineSnapshot(`
    "About to remove: SERVER/alice/dev
    Are you sure (yes/no)? yes (autoset from -y option)
    index deleted: SERVER/alice/dev

    [0]"
  `);
  expect(await devpi('-y', '--clientdir', '/tmp/x', 'user', '--delete', 'alice')).toMatchInlineSnapshot(`
    "About to remove: SERVER/alice
    Are you sure (yes/no)? yes (autoset from -y option)
    user deleted: alice
    note: --clientdir has no effect: logins are kept in one place
    [0]"
  `);
  expect(await devpi('--version')).toMatch(/^\d+\.\d+\.\d+\n/);
  expect(await devpi('user', '-c', 'bob', 'password=')).toContain('a new password must not be empty');
});
