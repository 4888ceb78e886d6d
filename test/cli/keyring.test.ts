import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findProgram } from '#test/clients.ts';
import { skipWithout } from '#test/machine.ts';
import { runCommand } from '#test/run-command.ts';
import { launcher, serverEnvironment, startServer } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

const missing = ['dbus-run-session', 'gnome-keyring-daemon', 'secret-tool'].find(
  (program) => findProgram(program) === undefined,
);

/** Runs lines of a shell on a desktop of its own, whose keyring is open. */
async function onDesktop(home: string, lines: readonly string[]) {
  const unlock = 'printf secret | gnome-keyring-daemon --unlock --components=secrets > /dev/null';
  return await runCommand(['dbus-run-session', '--', 'bash', '-c', ['set -e', unlock, ...lines].join('\n')], {
    env: {
      ...serverEnvironment,
      HOME: home,
      XDG_CONFIG_HOME: home,
      XDG_DATA_HOME: join(home, 'data'),
      XDG_RUNTIME_DIR: join(home, 'run'),
    },
    timeoutMs: 60_000,
  });
}

it.skipIf(skipWithout(missing && `${missing} is not installed`))(
  'keeps a login in the keyring of a desktop, and forgets it there',
  async () => {
    await using home = await makeTemporaryDirectory();
    await using server = await startServer();
    await mkdir(join(home.path, 'run'), { mode: 0o700 });
    const session = join(home.path, 'wheelhouse', 'session.json');
    const lookup = `secret-tool lookup service wheelhouse server ${server.url} user root`;

    const { exitCode, stdout, stderr } = await onDesktop(home.path, [
      `echo | ${launcher} login root --server ${server.url} --password -`,
      `cat ${session}`,
      `${lookup} | wc -c`,
      `${launcher} token create laptop --scope packages.read > /dev/null`,
      `${launcher} token list | grep -c laptop`,
      `${launcher} logoff`,
      `${lookup} || echo gone`,
    ]);

    expect(exitCode, stderr).toBe(0);
    expect(stdout).not.toContain('"token"');
    expect(stdout).toMatch(/"user": "root",\n +"expiresAt": \d+\n/);
    expect(stdout).toMatch(/\n\d{2,}\n1\nlogin information deleted\ngone$/);
  },
);

it('keeps a login in a file where the keyring cannot be asked', async () => {
  await using home = await makeTemporaryDirectory();
  await using server = await startServer();
  const bin = join(home.path, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'secret-tool'), '#!/bin/sh\nexit 1\n');
  await chmod(join(bin, 'secret-tool'), 0o755);

  const { exitCode } = await runCommand(
    [launcher, 'login', 'root', '--server', server.url, '--password', '-'],
    {
      env: {
        ...serverEnvironment,
        XDG_CONFIG_HOME: home.path,
        PATH: `${bin}:${serverEnvironment['PATH'] ?? ''}`,
        DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
      },
      input: '\n',
    },
  );

  expect(exitCode).toBe(0);
  expect(await readFile(join(home.path, 'wheelhouse', 'session.json'), 'utf8')).toContain('"token"');
});
