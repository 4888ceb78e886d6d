import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment } from '#kernel/config/environment.ts';
import { run } from '#kernel/process/run.ts';
import { DEVPI_VERSION } from '#packages/contract';
import { buildWheel } from '#test/built-wheel.ts';
import { networkVariables } from '#test/clean-environment.ts';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { clientPath, findProgram } from '#test/clients.ts';
import { request, wheelUpload } from '#test/index-api.ts';
import { machineEnvironment } from '#test/machine-environment.ts';
import { skipWithout } from '#test/machine.ts';
import { findFreePort } from '#test/nginx.ts';
import { reachableIndex } from '#test/reachable-index.ts';
import { startServer } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';
import {
  atTheEnd,
  controlling,
  onAnotherMachine,
  onTheServer,
  patternOf,
} from './documents/quickstart-server.ts';
import type { Step } from './documents/step.ts';

const upstream = await reachableIndex();
const missing = [
  ...['crontab', 'python3'].filter((name) => findProgram(name) === undefined),
  ...(upstream === undefined ? ['the index of pip'] : []),
];

describe.skipIf(skipWithout(missing.length > 0 ? `not there: ${missing.join(', ')}` : undefined))(
  'the quickstart of devpi-server, line by line',
  () => {
    let directory: TemporaryDirectory;
    let port: number;
    let env: Record<string, string>;
    /** Where the words of commands lead that are no paths and no programs of the system. */
    let programs: Record<string, string>;
    let userTable: string | undefined;

    beforeAll(async () => {
      directory = await makeTemporaryDirectory();
      port = await findFreePort();
      const inDirectory = (...names: string[]) => join(directory.path, ...names);
      await buildWheel(inDirectory('wheels'));
      env = {
        ...machineEnvironment,
        ...Object.fromEntries(networkVariables.map((name) => [name, environment[name] ?? ''])),
        // Asks the index of the machine, which is set before anything is asked for.
        WHEELHOUSE_OFFLINE: 'no',
      };
      await run(['python3', '-m', 'venv', inDirectory('venv')], { env });
      programs = {
        ...Object.fromEntries(
          ['pip', 'virtualenv', 'devpi-server'].map((name) => [name, inDirectory('venv', 'bin', name)]),
        ),
        'devpi-ctl': inDirectory('TARGETDIR', 'bin', 'devpi-ctl'),
        'TARGETDIR/bin/devpi-ctl': inDirectory('TARGETDIR', 'bin', 'devpi-ctl'),
      };
      const { exitCode, stdout } = await run(['crontab', '-l']);
      userTable = exitCode === 0 ? stdout : undefined;
    });

    afterAll(async () => {
      await run([programs['devpi-ctl'] ?? '', 'shutdown'], { env }).catch(() => undefined);
      if (userTable === undefined) await run(['crontab', '-r']);
      else await run(['crontab', '-'], { input: userTable });
      await directory?.[Symbol.asyncDispose]();
    });

    /** What the document has for what is different here: paths, ports, versions and the name of the distribution. */
    const asShown = (text: string) =>
      text
        .replaceAll(directory.path, 'DIR')
        .replaceAll(`localhost:${port}`, 'localhost:4040')
        .replaceAll(`--port ${port}`, '--port 4040')
        .replace(new RegExp(`^${DEVPI_VERSION}$`, 'm'), '1.1')
        .replace(/(\S) {2,}/g, '$1 ')
        .replace(/[^\S\n]+$/gm, '');

    const wordsOf = (command: string) =>
      command
        .replace('4040', String(port))
        .replace(/^(pip .*)devpi-server$/, '$1wheelhouse-server')
        .split(' ')
        .map((word) => (word === '""' ? '' : word));

    async function follow(step: Step, session?: ClientSession, devpi?: string): Promise<void> {
      if (step.left !== undefined) return;
      const [name = '', ...args] = wordsOf(step.command);
      const argv = [name === 'devpi' ? (devpi ?? '') : (programs[name] ?? name), ...args] as [
        string,
        ...string[],
      ];
      // What is built here is not asked for elsewhere, where somebody else might have that name.
      const own = name === 'pip' && args.includes('wheelhouse-server');
      const pip = own ? { PIP_NO_INDEX: '1', PIP_FIND_LINKS: join(directory.path, 'wheels') } : {};
      const result =
        session === undefined
          ? await run(argv, { cwd: directory.path, env: { ...env, ...pip }, timeoutMs: 300_000 })
          : await session.runProgram(argv, { env: { PIP_CONFIG_FILE: undefined } });
      const said = `${step.command}\n${result.stdout}\n${result.stderr}`;
      expect(result.exitCode, said).toBe(step.exitCode ?? 0);
      if (step.prints === undefined) return;
      const printed = asShown(result.stdout).replace(/\n$/, '').split('\n');
      const lines = result.stdout === '' ? [] : printed;
      const patterns = step.prints
        .map((line) => patternOf(line).today)
        .filter((pattern) => pattern !== undefined)
        .map((pattern) => (typeof pattern === 'string' ? asShown(pattern) : pattern));
      if (step.more === undefined) expect(lines.length, said).toBe(patterns.length);
      let at = 0;
      for (const pattern of patterns) {
        const fits = (line: string) => (typeof pattern === 'string' ? line === pattern : pattern.test(line));
        const found = lines.findIndex((line, position) => position >= at && fits(line));
        expect(found, `${String(pattern)} is not printed by\n${said}`).toBeGreaterThanOrEqual(at);
        if (step.more === undefined) expect(found, `${String(pattern)} comes later in\n${said}`).toBe(at);
        at = found + 1;
      }
    }

    it('installs, generates a deployment and controls it', async () => {
      for (const step of onTheServer) await follow(step);
      await nameUpstream();
      for (const step of controlling) await follow(step);
      await cp(join(directory.path, 'TARGETDIR', 'data'), join(directory.path, 'fresh'), { recursive: true });
      const names = await run(
        [join(directory.path, 'TARGETDIR/bin/wheelhouse'), 'link-old-names', join(directory.path, 'names')],
        { env },
      );
      expect(names.exitCode, names.stderr).toBe(0);
    }, 900_000);

    it.each(['devpi-client', 'our client under its name'])(
      'sets up users and an index with %s',
      async (which) => {
        const data = join(directory.path, 'TARGETDIR', 'data');
        await follow({ command: 'devpi-ctl shutdown' });
        await rm(data, { recursive: true });
        await mkdir(data, { mode: 0o700 });
        await cp(join(directory.path, 'fresh'), data, { recursive: true });
        await follow({ command: 'devpi-ctl start all' });
        const server = { url: `http://localhost:${port}` };
        await expect
          .poll(
            () =>
              request(server, 'GET', '/+api').then(
                ({ status }) => status,
                () => 0,
              ),
            { timeout: 60_000 },
          )
          .toBe(200);
        await using session = await openClientSession();
        const devpi = which === 'devpi-client' ? clientPath('devpi') : join(directory.path, 'names', 'devpi');

        for (const step of onAnotherMachine) await follow(step, session, devpi);

        // "Our alice/dev index derives from root/pypi by default which makes all PyPI releases available."
        const { filename, bytes } = wheelUpload();
        const file = await session.write(filename, bytes);
        const client = { env: { PIP_CONFIG_FILE: undefined } };
        const uploaded = await session.runProgram([devpi, 'upload', file], client);
        expect(uploaded.exitCode, uploaded.stdout + uploaded.stderr).toBe(0);
        const python = await session.makeVenv();
        const installed = await session.succeed(
          'pip',
          ['--python', python, 'install', '--no-cache-dir', 'demo', 'iniconfig'],
          client,
        );
        expect(installed.stdout).toMatch(/Looking in indexes: http:\/\/localhost:\d+\/alice\/dev\/\+simple/);
        expect(installed.stdout).toMatch(/Successfully installed demo-1\.0 iniconfig-\S+/);
      },
      600_000,
    );

    it('stops', async () => {
      for (const step of atTheEnd) await follow(step);
    });

    /** Project pages only: nobody needs the names of all projects here, so nothing may fetch them. */
    async function nameUpstream(): Promise<void> {
      const serverdir = join(directory.path, 'TARGETDIR', 'data');
      await using server = await startServer({ serverdir });
      const root = { user: 'root', password: '' };
      const patch = { mirror_no_project_list: true, mirror_url: upstream };
      expect((await request(server, 'PATCH', '/root/pypi', root, patch)).status).toBe(200);
    }
  },
);
