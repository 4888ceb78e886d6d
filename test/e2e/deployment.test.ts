import { once } from 'node:events';
import { cp, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '#kernel/process/run.ts';
import { openClientSession } from '#test/client-session.ts';
import { findProgram } from '#test/clients.ts';
import { testAuthority, type TestAuthority } from '#test/certificates.ts';
import { makeGuardedDirectory } from '#test/guarded-directory.ts';
import { createIndex, request, sha256 } from '#test/index-api.ts';
import { largeWheelFile } from '#test/fixture-index.ts';
import { installedPackage } from '#test/installed-package.ts';
import { machineEnvironment } from '#test/machine-environment.ts';
import { skipWithout } from '#test/machine.ts';
import { findFreePort, startNginx } from '#test/nginx.ts';
import { writeOwnCrontab } from '#test/own-crontab.ts';
import type { TemporaryDirectory } from '#test/temporary-directory.ts';

const missing = ['nginx', 'crontab', 'python3', 'npm'].filter((name) => findProgram(name) === undefined);

describe.skipIf(skipWithout(missing.length > 0 ? `not installed: ${missing.join(', ')}` : undefined))(
  'a deployment whose maker is gone',
  () => {
    let directory: TemporaryDirectory;
    let authority: TestAuthority;
    let target: string;
    let port: number;
    let outsidePort: number;
    let printed: string;
    let crontab: string;

    const control = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await run([join(target, 'bin', 'devpi-ctl'), ...args], {
        env: machineEnvironment,
      });
      return { exitCode, lines: (stdout + stderr).replaceAll(target, 'TARGETDIR').split('\n') };
    };
    const answers = () =>
      fetch(`http://localhost:${port}/+api`).then(
        ({ status }) => status,
        () => 0,
      );
    /** Asks by an address of this machine that nothing else has. */
    const throughNginx = async (method: string, path: string, body?: string) => {
      const asking = httpsRequest({
        host: '127.0.0.1',
        port: outsidePort,
        localAddress: '127.0.0.77',
        ca: await readFile(authority.caFile),
        method,
        path,
      });
      asking.end(body);
      const [answer] = (await once(asking, 'response')) as [IncomingMessage];
      return { status: answer.statusCode, text: await text(answer) };
    };
    const read = async (path: string) =>
      (await readFile(join(target, path), 'utf8')).replaceAll(target, 'TARGETDIR');

    beforeAll(async () => {
      directory = await makeGuardedDirectory();
      authority = await testAuthority('deployment');
      await writeFile(join(directory.path, 'server.key'), authority.key);
      await writeFile(
        join(directory.path, 'ssl-unified.crt'),
        authority.cert + (await readFile(authority.caFile, 'utf8')),
      );
      target = join(directory.path, 'TARGETDIR');
      [port, outsidePort] = [await findFreePort(), await findFreePort()];
      const prefix = join(directory.path, 'prefix');
      await cp((await installedPackage()).prefix, prefix, { recursive: true, verbatimSymlinks: true });
      // Called as devpi-server, from a directory of its own.
      const bin = join(directory.path, 'bin');
      await mkdir(bin);
      const devpiServer = join(bin, 'devpi-server');
      await symlink(join(prefix, 'bin', 'wheelhouse'), devpiServer);
      await run(['python3', '-m', 'venv', target], { env: machineEnvironment });
      await writeFile(await writeOwnCrontab(bin), '# mine\n5 4 * * * true\n');
      const options = ['--port', String(port), '--outside-url', `https://localhost:${outsidePort}`];
      const certificates = ['--certificates', directory.path];
      const made = await run([devpiServer, `--gendeploy=${target}`, ...options, ...certificates], {
        env: { ...machineEnvironment, PATH: `${bin}:${machineEnvironment['PATH']}` },
        timeoutMs: 200_000,
      });
      expect(made.stderr).toBe('');
      printed = made.stdout.replaceAll(target, 'TARGETDIR');
      crontab = await read('etc/crontab');
      await rm(prefix, { recursive: true });
    });

    afterAll(async () => {
      await directory?.[Symbol.asyncDispose]();
      if (authority !== undefined) await rm(authority.directory, { recursive: true });
    });

    it('was made with the lines of devpi 1.x', () => {
      expect(printed).toBe(`using existing virtualenv: TARGETDIR
installing devpi-server,supervisor,eventlet into virtualenv
wrote TARGETDIR/etc/supervisord.conf
wrote TARGETDIR/etc/nginx-devpi.conf
wrote TARGETDIR/bin/devpi-ctl
wrote TARGETDIR/etc/crontab
created and configured TARGETDIR
To control supervisor's deployment of devpi-server set:

    alias devpi-ctl='TARGETDIR/bin/devpi-ctl'

and then start the server process:

    devpi-ctl start all
It seems you are using "cron", so we created a crontab file
 which starts devpi-server at boot. With:

    crontab TARGETDIR/etc/crontab

you should be able to install the new crontab but please check it
first.

We prepared an nginx configuration at:

    TARGETDIR/etc/nginx-devpi.conf

which you might modify and copy to your /etc/nginx/sites-enabled
directory.

may quick reliable pypi installations be with you :)
`);
    });

    it('keeps the lines that the crontab of its user has', () => {
      expect(crontab).toBe('# mine\n5 4 * * * true\n@reboot TARGETDIR/bin/devpi-ctl start all\n');
    });

    it('shows nobody else its data and its options', async () => {
      const modeOf = async (path: string) => ((await stat(join(target, path))).mode & 0o777).toString(8);

      expect(await modeOf('data')).toBe('700');
      expect(await modeOf('data/wheelhouse.yml')).toBe('600');
      expect(await modeOf('etc/supervisord.conf')).toBe('600');
    });

    it('is controlled by devpi-ctl', async () => {
      const using = 'using supervisor config: TARGETDIR/etc/supervisord.conf';

      expect(await control('status')).toEqual({
        // Of a program that does not run, as supervisorctl has it.
        exitCode: 3,
        lines: [
          expect.stringMatching(/^devpi-server +STOPPED +Not started$/) as string,
          'restarted TARGETDIR/bin/supervisord',
          using,
          '',
        ],
      });
      expect(await control('start', 'devpi-server')).toEqual({
        exitCode: 0,
        lines: ['devpi-server: started', using, ''],
      });
      expect((await control('status')).lines[0]).toMatch(/^devpi-server +RUNNING +pid \d+, uptime /);
      await expect.poll(answers, { timeout: 30_000 }).toBe(200);
      expect((await control('tail', 'devpi-server')).lines).toContain(
        `serving at url: http://localhost:${port}`,
      );
      expect((await control('stop', 'all')).lines[0]).toBe('devpi-server: stopped');
    });

    it('shuts down, and starts by the line for boot although its pid file names another process', async () => {
      expect((await control('shutdown')).lines[0]).toBe('Shut down');
      expect((await control('shutdown')).lines[0]).toBe('supervisord does not run');
      await writeFile(join(target, 'supervisord.pid'), `${process.pid}\n`);
      const line = crontab.split('\n').find((each) => each.startsWith('@reboot ')) ?? '';
      const command = line.replace('@reboot ', '').replaceAll('TARGETDIR', target);

      // As cron starts it: by sh, with next to nothing in the environment.
      const env = { SHELL: '/bin/sh', PATH: '/usr/bin:/bin', HOME: '/', WHEELHOUSE_OFFLINE: 'yes' };
      const { exitCode } = await run(['/bin/sh', '-c', command], { cwd: '/', env });

      expect(exitCode).toBe(0);
      await expect.poll(answers, { timeout: 30_000 }).toBe(200);
    });

    it('is reached through nginx with TLS, by its outside address, with large uploads', async () => {
      const site = join(target, 'etc', 'nginx-devpi.conf');
      await using _nginx = await startNginx(
        () => [],
        () => [`include ${site};`],
        directory.path,
      );
      await using session = await openClientSession();
      const { user, password } = await createIndex({ url: `http://localhost:${port}` }, 'anna/dev');
      const outside = `https://localhost:${outsidePort}/anna/dev`;
      const { filename, bytes } = largeWheelFile(70 * 1024 ** 2);
      const file = await session.write(filename, bytes);
      const env = { REQUESTS_CA_BUNDLE: authority.caFile };

      await session.succeed(
        'twine',
        ['upload', '--repository-url', `${outside}/`, '-u', user, '-p', password, file],
        { env },
      );
      const args = [
        'download',
        '--no-deps',
        '--no-cache-dir',
        '--cert',
        authority.caFile,
        '--index-url',
        `${outside}/+simple/`,
      ];
      await session.succeed('pip', [...args, '--dest', 'got', 'demo']);

      expect(sha256(await readFile(join(session.directory, 'got', filename)))).toBe(sha256(bytes));
      // The header counts before the setting, and has the name that the client used.
      const api = JSON.parse((await throughNginx('GET', '/anna/dev/+api')).text) as { result: unknown };
      expect(api.result).toMatchObject({ index: `https://127.0.0.1:${outsidePort}/anna/dev` });
    });

    it('logs the address that nginx saw', async () => {
      const site = join(target, 'etc', 'nginx-devpi.conf');
      await using _nginx = await startNginx(
        () => [],
        () => [`include ${site};`],
        directory.path,
      );
      const { status } = await throughNginx('PUT', '/berta', '{"password": "secret-9"}');
      expect(status).toBe(201);

      // The line follows the answer.
      await expect
        .poll(() => read('log/devpi-server.log'))
        .toMatch(/"method":"PUT","url":"\/berta","status":201,.*"address":"127\.0\.0\.77"/);
    });

    it('lets new indexes inherit from root/pypi without being told', async () => {
      const url = `http://localhost:${port}`;
      const account = await createIndex({ url }, 'carla/dev');

      const answer = await request({ url }, 'PUT', '/carla/more', account, {});

      expect(JSON.parse(answer.text)).toMatchObject({ result: { bases: ['root/pypi'] } });
    });
  },
);
