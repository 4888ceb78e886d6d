import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { wheel, wheelFilename } from '#test/archives.ts';
import { dumpedFile, writeDump } from '#test/dumps.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { runCommand } from '#test/run-command.ts';
import { launcher, serverEnvironment, startServer } from '#test/server.ts';

describe('links named after the programs of devpi', () => {
  let directory: string;
  let serverdir: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'wheelhouse-links-'));
    serverdir = join(directory, 'state');
    const names = ['devpi-server', 'devpi-init', 'devpi-passwd', 'devpi-import', 'devpi-export', 'other'];
    for (const name of names) symlinkSync(launcher, join(directory, name));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  const run = async (name: string, ...argv: string[]) => {
    const result = await runWheelhouse(argv, { program: join(directory, name) });
    return { ...result, stderr: result.stderr.replaceAll(serverdir, 'STATE') };
  };

  test('devpi-server tells the version whose interface it serves', async () => {
    expect(await run('devpi-server', '--version')).toEqual({ exitCode: 0, stdout: '6.20.3\n', stderr: '' });
  });

  test('devpi-import and devpi-export move a server, and give files second names', async () => {
    const dump = join(directory, 'dump');
    const path = `ada/dev/demo/1.0/${wheelFilename()}`;
    await writeDump(dump, {
      users: { root: {}, ada: {} },
      indexes: {
        'ada/dev': {
          indexconfig: { type: 'stage' },
          projects: { demo: { '1.0': { name: 'demo', version: '1.0' } } },
          files: [dumpedFile(path, wheel())],
        },
        'ada/rest': { indexconfig: { type: 'constrained' } },
      },
      files: { [path]: wheel() },
    });
    const there = ['--serverdir', serverdir, '--no-root-pypi'];

    const refused = await run('devpi-import', ...there, dump);
    const skipping = ['--skip-import-type', 'constrained', '--hard-links', '--no-events'];
    const imported = await run('devpi-import', ...there, ...skipping, dump);
    const exported = await run(
      'devpi-export',
      '--serverdir',
      serverdir,
      '--hard-links',
      join(directory, 'out'),
    );

    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("ada/rest: unknown index type 'constrained'"),
    });
    expect(imported).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('imported 2 users, 1 index, 1 project, 1 release, 1 file\n'),
    });
    expect(exported).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('exported 2 users, 1 index, 1 project, 1 file ('),
    });
    const [before, after] = [join(dump, path), join(directory, 'out', path)].map((file) => statSync(file));
    expect(after?.ino).toBe(before?.ino);
    // The dump that came, the store, and the dump that went.
    expect(after?.nlink).toBe(3);
    expect((after?.mode ?? 0) & 0o222).toBe(0);
  });

  test('devpi-init makes the state once', async () => {
    const first = await run(
      'devpi-init',
      '--serverdir',
      serverdir,
      '--no-root-pypi',
      '--root-passwd',
      'secret',
    );
    const second = await run('devpi-init', '--serverdir', serverdir);

    expect(first).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(readdirSync(serverdir)).toContain('wheelhouse.sqlite');
    expect(second).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: The path 'STATE' already contains devpi-server data.

      hint: serve it with devpi-server, or choose another directory with --serverdir
      ",
        "stdout": "",
      }
    `);
  });

  test('devpi-server refuses a directory that devpi-init has not seen', async () => {
    const result = await run('devpi-server', '--serverdir', serverdir, '--threads', '20');

    expect(result).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "note: --threads has no effect: one thread answers all
      error: The path 'STATE' contains no devpi-server data, use devpi-init to initialize.

      hint: files of the original devpi-server cannot be served: they need an export and an import
      ",
        "stdout": "",
      }
    `);
  });

  test('devpi-passwd and devpi-server --passwd set passwords of users who exist, of root without a name', async () => {
    await run('devpi-init', '--serverdir', serverdir, '--no-root-pypi');
    const set = async (input: string, name: string, ...argv: string[]) => {
      const program = join(directory, name);
      const env = serverEnvironment;
      const result = await runCommand([program, '--serverdir', serverdir, ...argv], { env, input });
      return [result.exitCode, result.stdout, result.stderr.replaceAll(serverdir, 'STATE')];
    };

    expect(await set('first\n', 'devpi-passwd')).toEqual([0, '', 'changed the password of root in STATE']);
    expect(await set('second\n', 'devpi-server', '--passwd', 'root')).toEqual([
      0,
      '',
      'changed the password of root in STATE',
    ]);
    expect(await set('third\n', 'devpi-passwd', 'alice')).toEqual([
      1,
      '',
      expect.stringContaining("no user 'alice'"),
    ]);
    expect(await set('', 'devpi-passwd', 'root')).toEqual([
      1,
      '',
      expect.stringContaining('must not be empty'),
    ]);
    await using server = await startServer({ serverdir });
    const login = async (password: string) =>
      (
        await fetch(`${server.url}/+login`, {
          method: 'POST',
          body: JSON.stringify({ user: 'root', password }),
        })
      ).status;
    expect([await login('first'), await login('second')]).toEqual([401, 200]);
  });

  test('an unknown option is the user’s mistake', async () => {
    expect(await run('devpi-server', '--no-such-option')).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: unknown option '--no-such-option'
      hint: devpi-server --help lists the options
      ",
        "stdout": "",
      }
    `);
  });

  test('a link with any other name is wheelhouse', async () => {
    const { stdout } = await run('other', '--help');

    expect(stdout).toContain('Usage: wheelhouse');
  });
});
