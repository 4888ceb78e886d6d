import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environment } from '#kernel/config/environment.ts';
import { testAuthority } from '#test/certificates.ts';
import { clientPath, findProgram } from '#test/clients.ts';
import { makeGuardedDirectory } from '#test/guarded-directory.ts';
import { listPage, request } from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { findFreePort, startNginx, type Nginx } from '#test/nginx.ts';
import { reachableIndex } from '#test/reachable-index.ts';
import { runChecked, runCommand } from '#test/run-command.ts';
import type { Shell } from '#test/shell.ts';
import type { TemporaryDirectory } from '#test/temporary-directory.ts';
import { differences, IN_SUPERVISORS_FILE } from './company-today.ts';
import {
  devpiOf,
  installOwnAndPublic,
  nameUpstream,
  openServerShell,
  openWorkstation,
  succeed,
  untilItServes,
} from './machines.ts';
import { readDocument } from './read-document.ts';
import { clients, Replay, type Client } from './replay.ts';

const upstream = await reachableIndex();
/** `upload` is in the distutils that came with Python until 3.11; setuptools, which comes in its place, has given it up. */
const OLD_DISTUTILS = { SETUPTOOLS_USE_DISTUTILS: 'stdlib' };
const upload = await runCommand(['python3', '-c', 'import distutils.command.upload'], { env: OLD_DISTUTILS });
const missing = [
  ...['crontab', 'nginx', 'openssl', 'python3'].filter((name) => findProgram(name) === undefined),
  ...(upload.exitCode === 0 ? [] : ['the command `upload` of distutils']),
  ...(process.getuid?.() === 0 ? [] : ['the rights of root']),
  ...(upstream === undefined ? ['the index of pip'] : []),
];
const path = join(import.meta.dirname, 'devpi-deployment.txt');
const document = readDocument(await readFile(path, 'utf8'));

/** An address that is not loopback, since workstations are other machines. */
const host =
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';

describe.skipIf(skipWithout(missing.length > 0 ? `not there: ${missing.join(', ')}` : undefined))(
  'the document of a company, line by line',
  () => {
    let directory: TemporaryDirectory;
    let shell: Shell;
    let replay: Replay;
    let nginx: Nginx | undefined;
    let server: { readonly url: string };
    let outside: string;
    let workstationEnvironment: Readonly<Record<string, string>>;
    const inDirectory = (...names: string[]) => join(directory.path, ...names);
    const deployment = 'home/web/repo/devpi/venv_devpi';
    const data = 'home/web/repo/devpi/data';

    beforeAll(async () => {
      directory = await makeGuardedDirectory();
      for (const name of [
        'home/patrick/repo/temp',
        'home/web/repo/backup',
        'home/web/repo/temp',
        'var/log/nginx',
      ])
        await mkdir(inDirectory(name), { recursive: true });
      const [port, securePort, plainPort] = [
        await findFreePort(),
        await findFreePort(),
        await findFreePort(),
      ];
      server = { url: `http://localhost:${port}` };
      outside = `https://${host}:${securePort}`;
      replay = new Replay(
        document,
        [
          ['4040', String(port), 'a port that is free'],
          ['https://devpi.yourbiz.co.uk', outside, 'the address of this machine, and a port that is free'],
          ['http://devpi.yourbiz.co.uk', `http://${host}:${plainPort}`, 'the same without TLS'],
          ...['/srv/ssl', '/home/patrick', '/home/web', '/var/log/nginx'].map(
            (name) => [name, inDirectory(name), 'below the directory of the test'] as const,
          ),
          [
            '/var/log/supervisor/',
            inDirectory(deployment, 'log/'),
            'the supervisord of the deployment writes there',
          ],
        ],
        differences,
      );
      await prepareCertificates();
      await runChecked(['python3', '-m', 'venv', inDirectory('installed')]);
      shell = await openServerShell(directory.path, [inDirectory('installed/bin')]);
      await installAsSaltDoes(port);
      await succeed(shell, 'python3 -m venv --without-pip tools');
      await succeed(shell, `'${clientPath('pip')}' --python tools/bin/python install --quiet virtualenv`);
      await writeSite(securePort, plainPort);
    });

    afterAll(async () => {
      await nginx?.[Symbol.asyncDispose]();
      await shell?.[Symbol.asyncDispose]();
      await directory?.[Symbol.asyncDispose]();
    });

    it('gets certificates, and serves with TLS', async () => {
      await replay.follow(shell, ['Prerequisites'], {
        after: {
          'service nginx restart': async () => {
            nginx = await startNginx(
              () => [],
              () => [
                `include ${inDirectory('site.conf')};`,
                `error_log ${inDirectory('var/log/nginx/error.log')};`,
              ],
              directory.path,
            );
          },
        },
      });
    });

    it.each(clients)(
      'sets up users and an index with %s',
      async (client) => {
        await startAfresh();
        await using workstation = await openHome(client);
        await replay.follow(
          workstation,
          ['Initial Configuration', 'Security', 'Development Index', 'Client'],
          {
            client,
            after: {
              'devpi use https://devpi.yourbiz.co.uk/bz/dev/ --set-cfg': async () => {
                await installOwnAndPublic(workstation, 'pip', `${outside}/bz/dev`);
                await installAsPillarSays(workstation);
              },
            },
          },
        );
      },
      600_000,
    );

    it('moves to a new version, and starts again with a log of everything', async () => {
      const indexed = async () => {
        const files = await listPage({ simple: `${server.url}/bz/dev/+simple/` }, 'demo');
        return files.map(({ filename }) => filename);
      };
      expect(await indexed()).toEqual(['demo-1.0-py3-none-any.whl']);

      await replay.follow(shell, ['Upgrade', 'Issues'], {
        after: {
          [IN_SUPERVISORS_FILE]: async () => {
            const file = inDirectory(deployment, 'etc/supervisord.conf');
            const command = `command=${replay.here(IN_SUPERVISORS_FILE)}`;
            await writeFile(file, (await readFile(file, 'utf8')).replace(/^command=.*/m, command));
            await succeed(shell, 'devpi-ctl update');
            await succeed(shell, 'devpi-ctl start all');
            await untilItServes(server);
          },
        },
      });

      expect(await indexed()).toEqual(['demo-1.0-py3-none-any.whl']);
      expect(await readFile(inDirectory(deployment, 'log/devpi-server.log'), 'utf8')).toContain(
        '"level":"debug"',
      );
      const again = await shell.type(
        `devpi-server --import ${inDirectory('home/web/repo/backup/devpi')} --serverdir=${inDirectory(data)}`,
      );
      // "The ``data`` folder needs to be removed before running the ``import`` command."
      expect(again.exitCode, again.stdout + again.stderr).toBe(1);
    });

    it('takes uploads of setup.py, and deletes the index', async () => {
      await using workstation = await openWorkstation(
        inDirectory('workstation'),
        inDirectory('names/devpi'),
        workstationEnvironment,
      );
      await succeed(workstation, 'source venv-devpi-client/bin/activate');
      await writeFile(inDirectory('workstation/home/.pypirc'), replay.here(commentedFile('~/.pypirc')));
      await succeed(workstation, replay.here('devpi use https://devpi.yourbiz.co.uk/bz/dev/'));
      await succeed(workstation, 'devpi login bz --password 789');
      await writeFile(inDirectory('workstation/setup.py'), setupFile('0.0.02'));
      await succeed(workstation, 'python setup.py sdist');
      // "For the first release of a module, use the ``devpi upload`` command."
      await succeed(workstation, 'devpi upload dist/pkimber-my-app-0.0.02.tar.gz');
      await writeFile(inDirectory('workstation/setup.py'), setupFile('0.0.03'));

      await replay.follow(workstation, ['Bad Request', 'Weird']);

      const files = await listPage({ simple: `${server.url}/bz/dev/+simple/` }, 'pkimber-my-app');
      expect(files.map(({ filename }) => filename)).toEqual([
        'pkimber-my-app-0.0.02.tar.gz',
        'pkimber-my-app-0.0.03.tar.gz',
      ]);
      await replay.followSentence(workstation, 'devpi index --delete dev');
      await succeed(workstation, 'devpi index dev volatile=True');
      await succeed(workstation, 'echo yes | devpi index --delete dev');
      expect((await request(server, 'GET', '/bz/dev')).status).toBe(404);
    });

    it('leaves no line out', () => {
      expect(replay.leftOver()).toEqual([]);
    });

    async function prepareCertificates(): Promise<void> {
      const authority = await testAuthority('company', `IP:${host}`);
      const ca = await readFile(authority.caFile, 'utf8');
      await writeFile(inDirectory('server.key'), authority.key);
      await writeFile(inDirectory('ssl-unified.crt'), authority.cert + ca);
      const known = environment['SSL_CERT_FILE'] ?? '/etc/ssl/certs/ca-certificates.crt';
      const trusted = inDirectory('trusted.pem');
      await writeFile(trusted, ca + (await readFile(known, 'utf8').catch(() => '')));
      await rm(authority.directory, { recursive: true });
      workstationEnvironment = {
        SSL_CERT_FILE: trusted,
        REQUESTS_CA_BUNDLE: trusted,
        PIP_CERT: trusted,
        NODE_EXTRA_CA_CERTS: trusted,
        NO_PROXY: host,
        no_proxy: host,
        ...OLD_DISTUTILS,
        MACHINE_INDEX: upstream ?? '',
      };
    }

    /** The deployment that the document finds on its server, with what it tells Salt. */
    async function installAsSaltDoes(port: number): Promise<void> {
      const pillar = parse(document.sections.flatMap(({ code }) => code).join('\n')) as Pillar;
      expect(pillar.devpi).toEqual({ domain: 'devpi.yourbiz.co.uk', port: 4040 });
      await succeed(shell, 'pip install --quiet wheelhouse-server');
      const options = `--serverdir=${inDirectory(data)} --port=${port} --outside-url=https://${host}`;
      const certificates = `--certificates=${inDirectory('srv/ssl/devpi')}`;
      await succeed(shell, `devpi-server --gendeploy=${inDirectory(deployment)} ${options} ${certificates}`);
      await succeed(shell, `alias devpi-ctl=${inDirectory(deployment, 'bin/devpi-ctl')}`);
      await succeed(shell, 'devpi-ctl start all');
      await untilItServes(server);
      await nameUpstream(server, upstream ?? '');
      await succeed(shell, 'devpi-ctl stop all');
      await cp(inDirectory(data), inDirectory('fresh'), { recursive: true });
    }

    /** The site of the deployment on ports that are free. */
    async function writeSite(securePort: number, plainPort: number): Promise<void> {
      const site = await readFile(inDirectory(deployment, 'etc/nginx-devpi.conf'), 'utf8');
      const text = site
        .replace('listen 443 ssl;', `listen ${securePort} ssl;`)
        .replace('listen 80;', `listen ${plainPort};`)
        .replace('https://$host$request_uri', `https://$host:${securePort}$request_uri`)
        .replace('X-outside-url $scheme://$host;', `X-outside-url $scheme://$host:${securePort};`);
      await writeFile(inDirectory('site.conf'), text);
    }

    async function startAfresh(): Promise<void> {
      await succeed(shell, 'devpi-ctl stop all');
      await rm(inDirectory(data), { recursive: true });
      await cp(inDirectory('fresh'), inDirectory(data), { recursive: true });
      await succeed(shell, 'devpi-ctl start all');
      await untilItServes(server);
    }

    async function openHome(client: Client): Promise<Shell> {
      const devpi = await devpiOf(client, shell, inDirectory('names'));
      await rm(inDirectory('workstation'), { recursive: true, force: true });
      const workstation = await openWorkstation(inDirectory('workstation'), devpi, workstationEnvironment);
      await succeed(workstation, `PATH='${inDirectory('tools/bin')}':$PATH`);
      return workstation;
    }

    /** By plain http, which nginx leads to TLS. */
    async function installAsPillarSays(workstation: Shell): Promise<void> {
      const pillar = parse(document.sections.flatMap(({ code }) => code).join('\n')) as Pillar;
      const index = `PIP_INDEX_URL=${replay.here(pillar.pip.index_url)}`;
      // pip of today leaves out what it is told by plain http, unless the host is named.
      await succeed(
        workstation,
        `${index} PIP_TRUSTED_HOST=${host} pip install --force-reinstall --no-deps demo`,
      );
    }
  },
);

interface Pillar {
  readonly devpi: { readonly domain: string; readonly port: number };
  readonly pip: { readonly index_url: string };
}

/** A file that the document has in a comment of its own. */
function commentedFile(name: string): string {
  const [, after = ''] = document.text.split(`vim ${name}\n`);
  const lines = after.split('\n').slice(
    0,
    after.split('\n').findIndex((line) => !line.startsWith('..')),
  );
  return lines.map((line) => line.replace(/^\.\. {0,3}/, '').replace(/^::$/, '')).join('\n');
}

const setupFile = (version: string) =>
  `from distutils.core import setup\nsetup(name="pkimber-my-app", version="${version}")\n`;
