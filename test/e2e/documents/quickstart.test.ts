import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientPath, findProgram } from '#test/clients.ts';
import { makeGuardedDirectory } from '#test/guarded-directory.ts';
import { listPage } from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { findFreePort } from '#test/nginx.ts';
import { reachableIndex } from '#test/reachable-index.ts';
import { runChecked } from '#test/run-command.ts';
import { startServer } from '#test/server.ts';
import type { Shell } from '#test/shell.ts';
import type { TemporaryDirectory } from '#test/temporary-directory.ts';
import {
  devpiOf,
  installOwnAndPublic,
  nameUpstream,
  openServerShell,
  openWorkstation,
  succeed,
  untilItServes,
} from './machines.ts';
import { differences } from './quickstart-today.ts';
import { readDocument } from './read-document.ts';
import { clients, Replay } from './replay.ts';

const upstream = await reachableIndex();
const missing = [
  ...['crontab', 'python3'].filter((name) => findProgram(name) === undefined),
  ...(upstream === undefined ? ['the index of pip'] : []),
];
const path = join(import.meta.dirname, 'devpi-server-quickstart.txt');

describe.skipIf(skipWithout(missing.length > 0 ? `not there: ${missing.join(', ')}` : undefined))(
  'the quickstart of devpi-server, line by line',
  () => {
    let directory: TemporaryDirectory;
    let shell: Shell;
    let replay: Replay;
    let server: { readonly url: string };
    let imported: { readonly url: string };
    const inDirectory = (...names: string[]) => join(directory.path, ...names);

    beforeAll(async () => {
      directory = await makeGuardedDirectory();
      const [port, importedPort] = [await findFreePort(), await findFreePort()];
      server = { url: `http://localhost:${port}` };
      imported = { url: `http://localhost:${importedPort}` };
      await runChecked(['python3', '-m', 'venv', inDirectory('venv')]);
      // The deployment's programs are found once those of the wheel are uninstalled.
      shell = await openServerShell(directory.path, [inDirectory('venv/bin'), inDirectory('TARGETDIR/bin')]);
      replay = new Replay(
        readDocument(await readFile(path, 'utf8')),
        [
          ['4040', String(port), 'a port that is free'],
          ['5000', String(importedPort), 'a port that is free'],
          ['~/.devpi/server', 'TARGETDIR/data', 'the server that the document has made'],
          ['/home/hpk/p/devpi/doc', directory.path, 'where its author worked'],
        ],
        differences,
      );
    });

    afterAll(async () => {
      await shell?.[Symbol.asyncDispose]();
      await directory?.[Symbol.asyncDispose]();
    });

    it('installs, generates a deployment and controls it', async () => {
      const alias = "alias devpi-ctl='/home/hpk/p/devpi/doc/TARGETDIR/bin/devpi-ctl'";
      await replay.follow(
        shell,
        [
          'Installing devpi-server',
          'creating a virtualenv',
          '--gendeploy: installing packages and configuration files',
          'devpi-ctl: supervisor wrapper for devpi control',
          'the supervisor configuration file',
          'nginx as frontend',
          'crontab / start at bootup',
        ],
        {
          after: {
            'devpi-server --gendeploy=TARGETDIR --port 4040': async () => {
              // As it prints.
              await succeed(shell, replay.here(alias));
              await using serving = await startServer({ serverdir: inDirectory('TARGETDIR/data') });
              await nameUpstream(serving, upstream ?? '');
            },
          },
        },
      );
      await cp(inDirectory('TARGETDIR/data'), inDirectory('fresh'), { recursive: true });
    }, 900_000);

    it.each(clients)(
      'sets up users and an index with %s',
      async (client) => {
        await succeed(shell, 'devpi-ctl shutdown');
        await rm(inDirectory('TARGETDIR/data'), { recursive: true });
        await cp(inDirectory('fresh'), inDirectory('TARGETDIR/data'), { recursive: true });
        await succeed(shell, 'devpi-ctl start all');
        await untilItServes(server);
        const devpi = await devpiOf(client, shell, inDirectory('names'));
        await rm(inDirectory('workstation'), { recursive: true, force: true });
        await using workstation = await openWorkstation(inDirectory('workstation'), devpi);
        await replay.follow(
          workstation,
          [
            'Initial user setup (on separate machine)',
            'Connecting to the server',
            'setting the root password',
            'Registering a new user',
            'automatically setting pip/easy_install config files',
          ],
          { client },
        );
        // "Our alice/dev index derives from root/pypi by default which makes all PyPI releases available."
        await succeed(workstation, 'python3 -m venv --without-pip venv');
        const pip = `'${clientPath('pip')}' --python venv/bin/python`;
        await installOwnAndPublic(workstation, pip, `${server.url}/alice/dev`);
      },
      600_000,
    );

    it('stops, and moves with its state', async () => {
      await replay.follow(
        shell,
        ['Stopping the server', 'versioning, exporting and importing server state'],
        {
          after: {
            'devpi-server --serverdir newserver --port 5000': async () => {
              await untilItServes(imported);
              const files = await listPage({ simple: `${imported.url}/alice/dev/+simple/` }, 'demo');
              expect(files.map(({ filename }) => filename)).toEqual(['demo-1.0-py3-none-any.whl']);
              await succeed(shell, 'kill $!; wait $!');
            },
          },
        },
      );
    });

    it('leaves no line out', () => {
      expect(replay.leftOver()).toEqual([]);
    });
  },
);
