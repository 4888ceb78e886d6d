import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFreePort } from '#test/nginx.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { launcher } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';

describe('devpi-server in the background', () => {
  let directory: TemporaryDirectory;
  let port: number;
  let serverdir: string;

  beforeAll(async () => {
    directory = await makeTemporaryDirectory();
    port = await findFreePort();
    serverdir = join(directory.path, 'state');
    await symlink(launcher, join(directory.path, 'devpi-server'));
  });

  const devpiServer = async (...args: string[]) => {
    const program = join(directory.path, 'devpi-server');
    const words = ['--serverdir', serverdir, '--port', String(port), ...args];
    const { exitCode, stdout, stderr } = await runWheelhouse(words, { program });
    const text = (stdout + stderr).replaceAll(serverdir, 'STATE').replaceAll(String(port), 'PORT');
    return { exitCode, text: text.replace(/\bpid(.)\d+/g, 'pid$1N').trim() };
  };

  afterAll(async () => {
    await devpiServer('--stop');
    await directory[Symbol.asyncDispose]();
  });

  test('starts on a new directory, once, and stops', async () => {
    expect(await devpiServer('--status')).toEqual({ exitCode: 1, text: 'no server is running' });
    expect(await devpiServer('--start')).toEqual({
      exitCode: 0,
      text: 'started background devpi-server at http://localhost:PORT\nlogfile is at STATE/devpi-server.log',
    });
    expect((await fetch(`http://localhost:${port}/root/pypi/+api`)).status).toBe(200);
    expect(await devpiServer('--status')).toEqual({ exitCode: 0, text: 'server is running with pid N' });
    const again = await devpiServer('--start');
    expect(again.exitCode).toBe(1);
    expect(again.text).toContain('a server is running already with pid N');
    expect((await devpiServer('--log')).text).toContain('serving at url: http://localhost:PORT');
    expect(await devpiServer('--stop')).toEqual({ exitCode: 0, text: 'killed server pid=N' });
    expect(await devpiServer('--stop')).toEqual({ exitCode: 0, text: 'no server is running' });
  });

  test('moves to a new directory with --export, beside the server that serves, and --import', async () => {
    const [dump, moved] = [join(directory.path, 'dump'), join(directory.path, 'moved')];
    await devpiServer('--start');
    await fetch(`http://localhost:${port}/ada`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ password: 'secret of ada' }),
    });

    const written = await devpiServer('--export', dump);
    await devpiServer('--stop');
    const read = await devpiServer('--import', dump, '--serverdir', moved);
    await devpiServer('--start', '--serverdir', moved);

    expect([written.exitCode, read.exitCode], written.text + read.text).toEqual([0, 0]);
    expect((await fetch(`http://localhost:${port}/ada`)).status).toBe(200);
    await devpiServer('--stop', '--serverdir', moved);
  });

  test('takes no other process for its server', async () => {
    await devpiServer('--start');
    const pidFile = join(serverdir, 'devpi-server.pid');
    const known = await readFile(pidFile, 'utf8');
    await devpiServer('--stop');
    // The number of a process that lives, and the start of one that does not.
    await writeFile(pidFile, known.replace(/^\d+/, String(process.pid)));

    expect(await devpiServer('--status')).toEqual({ exitCode: 1, text: 'no server is running' });
    expect(await devpiServer('--stop')).toEqual({ exitCode: 0, text: 'no server is running' });
    expect((await devpiServer('--start')).exitCode).toBe(0);
  });

  test('starts once, however many start it at a time', async () => {
    const many = join(directory.path, 'many');
    const on = ['--serverdir', many, '--port', String(await findFreePort())];
    await devpiServer(...on, '--start');
    await devpiServer(...on, '--stop');

    const all = await Promise.all(Array.from({ length: 4 }, () => devpiServer(...on, '--start')));

    expect(all.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1);
    for (const { exitCode, text } of all)
      if (exitCode !== 0) expect(text).toMatch(/another devpi-server --start|is running already/);
    expect((await devpiServer(...on, '--status')).text).toBe('server is running with pid N');
    expect((await devpiServer(...on, '--stop')).text).toBe('killed server pid=N');
  });

  test('says why it does not start', async () => {
    const other = join(directory.path, 'other');
    const words = ['--serverdir', other, '--port', String(port), '--start'];
    const { exitCode, stderr } = await runWheelhouse(words, {
      program: join(directory.path, 'devpi-server'),
    });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('the server ended at once');
    expect(stderr).toContain(`${port}`);
    expect(stderr).toContain('devpi-server.log');
  });
});
