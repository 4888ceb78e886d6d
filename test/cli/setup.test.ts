import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { request } from '#test/index-api.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { launcher, serverEnvironment, startServer } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { openTerminal } from '#test/terminal.ts';

function openSetup(home: string, url: string) {
  const env = { ...serverEnvironment, HOME: home };
  return openTerminal([launcher, 'setup', url], { env, columns: 200 });
}

it('goes from a fresh server to an index that the installers use', async () => {
  await using home = await makeTemporaryDirectory();
  await using server = await startServer();
  await using terminal = openSetup(home.path, server.url);

  await terminal.until('URL of the server');
  terminal.type('\n');
  await terminal.until('New password of root:');
  terminal.type('root-secret\n');
  await terminal.until('The same again:');
  terminal.type('typo\n');
  await terminal.until(/differ[\s\S]*New password of root:/);
  terminal.type('root-secret\n');
  await terminal.until(/differ[\s\S]*The same again:/);
  terminal.type('root-secret\n');
  await terminal.until('Your user name');
  terminal.type('alice\n');
  await terminal.until('New password of alice:');
  terminal.type('alice-secret\n');
  await terminal.until(/New password of alice:[\s\S]*The same again:/);
  terminal.type('alice-secret\n');
  await terminal.until('Name of an index');
  terminal.type('\n');
  await terminal.until('through root/pypi');
  terminal.type('yes\n');
  await terminal.until('Set pip, uv');
  terminal.type('\n');

  expect(await terminal.ended).toMatchObject({ exitCode: 0, isRestored: true });
  expect(terminal.output()).not.toContain('secret');
  expect(terminal.output()).toContain(`current devpi index: ${server.url}/alice/dev (logged in as alice)`);
  const root = { user: 'root', password: 'root-secret' };
  expect((await request(server, 'POST', '/+login', undefined, root)).status).toBe(200);
  const index = JSON.parse((await request(server, 'GET', '/alice/dev')).text) as object;
  expect(index).toMatchObject({ result: { bases: ['root/pypi'] } });
  expect(await readFile(join(home.path, '.config/pip/pip.conf'), 'utf8')).toContain('/alice/dev/+simple/');

  // Again: all is there, and only what is asked for is asked for.
  await using again = openSetup(home.path, server.url);
  await again.until('URL of the server');
  again.type('\n');
  await again.until('Your user name');
  again.type('alice\n');
  await again.until('Password of alice:');
  again.type('wrong\n');
  await again.until(/could not be authenticated[\s\S]*Password of alice:/);
  again.type('alice-secret\n');
  await again.until('Name of an index');
  again.type('\n');
  await again.until('Set pip, uv');
  again.type('no\n');
  expect(await again.ended).toMatchObject({ exitCode: 0 });
  expect(again.output()).not.toContain('made the');
});

it('has changed nothing when it is ended with Ctrl-C at its last question', async () => {
  await using home = await makeTemporaryDirectory();
  await using server = await startServer();
  await using terminal = openSetup(home.path, server.url);

  for (const [question, answer] of [
    ['URL of the server', '\n'],
    ['New password of root:', 'root-secret\n'],
    ['The same again:', 'root-secret\n'],
    ['Your user name', 'alice\n'],
    ['New password of alice:', 'alice-secret\n'],
    [/alice:[\s\S]*The same again:/, 'alice-secret\n'],
    ['Name of an index', '\n'],
    ['through root/pypi', '\n'],
    ['Set pip, uv', '\u0003'],
  ] as const) {
    await terminal.until(question);
    terminal.type(answer);
  }

  expect(await terminal.ended).toEqual({ exitCode: 130, isRestored: true });
  expect(existsSync(join(home.path, '.config'))).toBe(false);
  const root = { user: 'root', password: '' };
  expect((await request(server, 'POST', '/+login', undefined, root)).status).toBe(200);
  expect((await request(server, 'GET', '/alice')).status).toBe(404);
});

it('asks again for the address of a server that is not there', async () => {
  await using home = await makeTemporaryDirectory();
  await using terminal = openSetup(home.path, 'http://localhost:2');

  await terminal.until('URL of the server');
  terminal.type('\n');
  await terminal.until(/cannot reach localhost:2 \(ECONNREFUSED\)[\s\S]*URL of the server/);
  terminal.type('\u0003');

  expect((await terminal.ended).exitCode).toBe(130);
});

it('does not go on without a terminal', async () => {
  const { exitCode, stderr } = await runWheelhouse(['setup']);

  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('there is no terminal to ask on')]);
});
