import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { clientPath, debianPath, findProgram } from '#test/clients.ts';
import { FixtureIndex, largeWheelFile, wheelFile } from '#test/fixture-index.ts';
import { createIndex, listPage, sdistUpload, sha256, upload, wheelUpload } from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { findFreePort, startNginx, type Nginx } from '#test/nginx.ts';
import { runCommand } from '#test/run-command.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { launcher, serverEnvironment } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';

const missing = ['nginx', 'systemd-analyze', 'python3'].filter((name) => findProgram(name) === undefined);
const credentials = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
/** What differs between two answers of one server, and what each connection says of itself. */
const OF_ITSELF = ['date', 'server', 'connection', 'keep-alive', 'x-request-id', 'x-sent-by-nginx'];

function startSupervisord(config: readonly string[]) {
  return execa(clientPath('supervisord'), ['--nodaemon', ...config], {
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    extendEnv: false,
    // Nobody mirrors PyPI; a mirror has an upstream of the test.
    env: {
      ...serverEnvironment,
      WHEELHOUSE_PACKAGES_ROOT_PYPI: 'no',
      WHEELHOUSE_OFFLINE: 'no',
      NO_PROXY: '127.0.0.1',
    },
  });
}

const START_LIMIT_MS = 60_000;

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    const answer = await fetch(url).catch((error: unknown) => error as Error);
    if (!(answer instanceof Error) && answer.ok) return;
    if (performance.now() > deadline) throw new Error(`${url} does not answer`);
    await sleep(50);
  }
}

describe.skipIf(skipWithout(missing.length > 0 ? `not installed: ${missing.join(', ')}` : undefined))(
  'what gen-config writes',
  () => {
    let home: TemporaryDirectory;
    let printed: string;
    let port: number;
    const at = (...path: string[]) => join(home.path, ...path);
    const read = async (name: string) => await readFile(at('written', name), 'utf8');

    beforeAll(async () => {
      home = await makeTemporaryDirectory();
      port = await findFreePort();
      const { exitCode, stdout, stderr } = await runWheelhouse(
        [
          'gen-config',
          'written',
          '--serverdir',
          at('server'),
          '--port',
          `${port}`,
          '--user',
          userInfo().username,
        ],
        { cwd: home.path },
      );
      expect([exitCode, stderr]).toEqual([0, '']);
      printed = stdout;
    });

    afterAll(async () => await home?.[Symbol.asyncDispose]());

    it('is a file for each program, and a line for each file', async () => {
      const names = printed.match(/(?<=^wrote written\/).*/gm) ?? [];

      expect(names).toEqual([
        'wheelhouse.yml',
        'wheelhouse.service',
        'nginx-wheelhouse.conf',
        'supervisor-wheelhouse.conf',
        'supervisord.conf',
        'crontab',
        'wheelhouse.plist',
        'compose.yaml',
        'Containerfile',
      ]);
      expect((await readdir(at('written'))).toSorted()).toEqual(names.toSorted());
    });

    it('is a unit that systemd takes, and that may do little', async () => {
      const analyze = debianPath('systemd-analyze');
      const unit = at('written', 'wheelhouse.service');

      const verified = await runCommand([analyze, 'verify', unit]);
      const { stdout } = await runCommand([analyze, 'security', '--offline=yes', '--no-pager', unit]);

      expect(verified).toEqual({ exitCode: 0, stdout: '', stderr: '' });
      expect(Number(/exposure level .*: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(2);
    });

    it('is a property list as macOS reads it', async () => {
      const script = 'import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))';
      const { stdout } = await runCommand(['python3', '-c', script], {
        input: await read('wheelhouse.plist'),
      });

      expect(JSON.parse(stdout)).toMatchObject({
        Label: 'wheelhouse',
        ProgramArguments: [launcher, 'serve'],
        EnvironmentVariables: { WHEELHOUSE_SERVERDIR: at('server') },
        KeepAlive: true,
      });
    });

    it('is a composition of one container, which can write its volume and nothing else', async () => {
      const { services, volumes } = parse(await read('compose.yaml')) as Record<
        string,
        Record<string, unknown>
      >;

      expect(volumes).toEqual({ data: null });
      expect(services).toEqual({
        wheelhouse: expect.objectContaining({
          build: { context: '.', dockerfile: 'Containerfile' },
          ports: [`127.0.0.1:${port}:3141`],
          volumes: ['data:/var/lib/wheelhouse'],
          read_only: true,
          cap_drop: ['ALL'],
        }),
      });
      expect(await read('Containerfile')).toContain('VOLUME /var/lib/wheelhouse\n');
    });

    it('names another place where a value would mean something else in one of the files', async () => {
      for (const [flag, value] of [
        ['--serverdir', '/srv/a b'],
        ['--user', 'a;b'],
        ['--host', 'a$b'],
        ['--outside-url', 'http://h/a;b'],
      ] as const) {
        const { exitCode, stderr } = await runWheelhouse(['gen-config', 'other', flag, value], {
          cwd: home.path,
        });
        expect([exitCode, stderr]).toEqual([1, expect.stringContaining('hint: ')]);
      }
      expect(await readdir(home.path)).not.toContain('other');
    });

    it('is what devpi-gen-config writes, under that name', async () => {
      const program = at('devpi-gen-config');
      await symlink(launcher, program);
      const options = ['--serverdir', at('server'), '--port', String(port), '--threads', '20'];

      const { exitCode, stdout, stderr } = await runWheelhouse(options, { program, cwd: home.path });

      expect([exitCode, stderr]).toEqual([0, 'note: --threads has no effect: one thread answers all\n']);
      expect(stdout).toBe(
        [
          'crontab',
          'net.devpi.plist',
          'launchd-macos.txt',
          'nginx-devpi.conf',
          'nginx-devpi-caching.conf',
          'supervisor-devpi.conf',
          'supervisord.conf',
          'devpi.service',
          'windows-service.txt',
        ]
          .map((name) => `wrote gen-config/${name}\n`)
          .join(''),
      );
      const unit = at('gen-config', 'devpi.service');
      expect(await runCommand([debianPath('systemd-analyze'), 'verify', unit])).toEqual({
        exitCode: 0,
        stdout: '',
        stderr: '',
      });
      const command = `${launcher} --called-as devpi-server --serverdir ${at('server')} --port ${port}`;
      for (const file of ['devpi.service', 'supervisor-devpi.conf']) {
        expect(await readFile(at('gen-config', file), 'utf8')).toContain(command);
      }
    });

    describe('run by supervisord, behind nginx', () => {
      let supervisord: ReturnType<typeof startSupervisord>;
      let nginx: Nginx;
      let direct: { readonly url: string };
      let outside: { readonly url: string };
      let brokenUrl: string;
      let cachingUrl: string;
      const config = () => ['-c', at('written', 'supervisord.conf')];
      const supervisorctl = async (...args: string[]) =>
        (await runCommand([clientPath('supervisorctl'), ...config(), ...args])).stdout;

      beforeAll(async () => {
        await mkdir(at('server'), { mode: 0o700 });
        await writeFile(at('server', 'wheelhouse.yml'), await read('wheelhouse.yml'), { mode: 0o600 });
        supervisord = startSupervisord(config());
        direct = { url: `http://localhost:${port}` };
        await untilReady(`${direct.url}/+readyz`);
        const [outsidePort, brokenPort] = [await findFreePort(), await findFreePort()];
        outside = { url: `http://127.0.0.1:${outsidePort}` };
        const site = await read('nginx-wheelhouse.conf');
        const told = site
          .replace('listen 80;', `listen 127.0.0.1:${outsidePort};`)
          .replace('internal;', 'internal;\n        add_header X-Sent-By-Nginx yes;');
        // The same where nginx cannot read what is stored.
        const broken = site
          .replace(/^upstream [^}]+}\n/m, '')
          .replace('listen 80;', `listen 127.0.0.1:${brokenPort};`)
          .replace('-files/sha256/', '-files/nothing/');
        await writeFile(at('told.conf'), told);
        await writeFile(at('broken.conf'), broken);
        brokenUrl = `http://127.0.0.1:${brokenPort}`;
        const cachingPort = await findFreePort();
        cachingUrl = `http://127.0.0.1:${cachingPort}`;
        const caching = await readFile(at('gen-config', 'nginx-devpi-caching.conf'), 'utf8');
        await writeFile(
          at('devpi.conf'),
          caching
            .replace('listen 80;', `listen 127.0.0.1:${cachingPort};`)
            .replace('/var/cache/nginx-devpi', at('cache')),
        );
        nginx = await startNginx(
          () => [],
          () => ['told.conf', 'broken.conf', 'devpi.conf'].map((name) => `include ${at(name)};`),
        );
      });

      afterAll(async () => {
        await nginx?.[Symbol.asyncDispose]();
        supervisord?.kill('SIGTERM');
        await supervisord;
      });

      async function ask(
        { url }: { readonly url: string },
        path: string,
        { method = 'GET', ...headers }: OutgoingHttpHeaders & { readonly method?: string } = {},
      ) {
        const asking = httpRequest(url + path, { method, headers });
        asking.end();
        const [answer] = (await once(asking, 'response')) as [IncomingMessage];
        return { status: answer.statusCode, headers: answer.headers, bytes: await buffer(answer) };
      }
      const comparable = ({ status, headers, bytes }: Awaited<ReturnType<typeof ask>>) => ({
        status,
        bytes: sha256(bytes),
        headers: Object.fromEntries(
          Object.entries(headers)
            .filter(([name]) => !OF_ITSELF.includes(name))
            // nginx says of a part that it is one, and no more.
            .filter(([name]) => status !== 206 || name !== 'accept-ranges'),
        ),
      });
      const pathOf = async (index: { readonly simple: string }, filename: string, project = 'demo') => {
        const files = await listPage(index, project);
        return new URL(files.find((file) => file.filename === filename)?.url ?? '').pathname;
      };

      it('runs, as supervisorctl tells once it has run for some seconds', async () => {
        await expect.poll(() => supervisorctl('status'), { timeout: 30_000 }).toMatch(/^wheelhouse +RUNNING/);
      });

      it('answers for files as the server does, and nginx sends the bytes', async () => {
        const index = await createIndex(outside, 'anna/dev');
        const [wheel, sdist] = [wheelUpload(), sdistUpload()];
        for (const file of [wheel, sdist]) expect((await upload(index, file)).status).toBe(200);
        const path = await pathOf(index, wheel.filename);
        const size = wheel.bytes.length;
        const { etag = '', 'last-modified': modified = '' } = (await ask(direct, path)).headers;
        const asked: readonly [string, OutgoingHttpHeaders & { method?: string }, boolean][] = [
          [path, {}, true],
          [path, { 'accept-encoding': 'gzip' }, true],
          [path, { range: 'bytes=0-9' }, true],
          [path, { range: 'bytes=-7' }, true],
          [path, { range: `bytes=5-${size + 100}` }, true],
          [path, { range: 'BYTES=1-2' }, true],
          [path, { range: 'bytes=0-1', 'if-range': etag }, true],
          [path, { range: 'bytes=0-1', 'if-range': modified }, true],
          [path, { 'if-none-match': '"x"' }, true],
          [path, { 'if-modified-since': 'Thu, 19 Nov 2020 10:00:00 GMT' }, true],
          [path, { range: 'bytes=0-1', 'if-range': '"x"' }, false],
          [path, { range: 'bytes=0-1,4-5' }, false],
          [path, { range: 'bytes=9-1' }, false],
          [path, { range: `bytes=${size}-` }, false],
          [path, { 'if-none-match': etag }, false],
          [path, { 'if-modified-since': modified }, false],
          [path, { 'if-match': '"x"' }, false],
          [path, { method: 'HEAD' }, false],
          [`${path}.metadata`, {}, true],
          [`${path}.metadata`, { 'accept-encoding': 'gzip' }, true],
          [path.replace('+f', '%2Bf'), {}, true],
          [await pathOf(index, sdist.filename), {}, true],
          [path.replace('demo', 'other'), {}, false],
        ];

        for (const [path, headers, isSent] of asked) {
          const [here, there] = [await ask(direct, path, headers), await ask(outside, path, headers)];
          const what = JSON.stringify([path, headers]);
          expect(comparable(there), what).toEqual(comparable(here));
          expect(there.headers['x-sent-by-nginx'], what).toBe(isSent ? 'yes' : undefined);
        }
        expect((await ask(outside, path)).headers).not.toHaveProperty('x-accel-redirect');
      });

      it('sends a large file whole and in parts', async () => {
        const index = await createIndex(outside, 'berta/dev');
        const { filename, bytes } = largeWheelFile(20 * 1024 ** 2, { name: 'large' });
        expect((await upload(index, { filename, bytes, name: 'large', version: '1.0' })).status).toBe(200);
        const path = await pathOf(index, filename, 'large');

        const whole = await ask(outside, path);
        const half = Math.floor(bytes.length / 2);
        const parts = [
          await ask(outside, path, { range: `bytes=0-${half - 1}` }),
          await ask(outside, path, { range: `bytes=${half}-` }),
        ];

        expect([whole.status, sha256(whole.bytes)]).toEqual([200, sha256(bytes)]);
        expect(parts.map(({ status }) => status)).toEqual([206, 206]);
        expect(sha256(Buffer.concat(parts.map((part) => part.bytes)))).toBe(sha256(bytes));
        for (const each of [whole, ...parts]) expect(each.headers['x-sent-by-nginx']).toBe('yes');
      });

      it('gives files of a private index to its readers only, and the store to nobody', async () => {
        const index = await createIndex(outside, 'carla/dev', { acl_read: 'carla' });
        const file = wheelUpload();
        expect((await upload(index, file)).status).toBe(200);
        const digest = sha256(file.bytes);
        const path = `/carla/dev/+f/${digest.slice(0, 3)}/${digest.slice(3, 16)}/${file.filename}`;
        const reader = credentials(index.user, index.password);
        const stored = `/+stored/${digest.slice(0, 2)}/${digest.slice(2)}`;

        for (const url of [outside.url, direct.url]) {
          expect((await ask({ url }, path)).status).toBe(401);
          expect((await ask({ url }, stored)).status).toBe(404);
        }
        for (let time = 0; time < 2; time += 1) {
          const [here, there] = [await ask(direct, path, reader), await ask(outside, path, reader)];
          expect([there.status, sha256(there.bytes), there.headers['x-sent-by-nginx']]).toEqual([
            200,
            digest,
            'yes',
          ]);
          expect(comparable(there)).toEqual(comparable(here));
        }
        expect((await ask(outside, path, { 'x-accel-location': '/+stored/' })).status).toBe(401);
      });

      it('tells who may not upload before it has all, and answers the next request on the same connections', async () => {
        const index = await createIndex(outside, 'gustav/dev');
        const large = largeWheelFile(20 * 1024 ** 2, { name: 'large' });
        const file = { ...large, name: 'large', version: '1.0' };

        for (let time = 0; time < 3; time += 1) {
          const [refused, ...asked] = await Promise.all([
            upload({ ...index, password: 'wrong' }, file),
            ...[1, 2, 3].map(() => ask(outside, '/gustav/dev/+api')),
          ]);
          expect([refused.status, ...asked.map(({ status }) => status)]).toEqual([401, 200, 200, 200]);
        }
        expect((await upload(index, file)).status).toBe(200);
      });

      it('keeps pages in the caching site that the server lets everybody keep, and no others', async () => {
        await using upstream = await FixtureIndex.start();
        upstream.set('demo', [wheelFile()]);
        const site = { url: cachingUrl };
        await createIndex(site, 'emil/mirror', { type: 'mirror', mirror_url: upstream.url });
        const index = await createIndex(site, 'emil/dev', { acl_read: 'emil' });
        const file = wheelUpload();
        expect((await upload(index, file)).status).toBe(200);
        const reader = credentials(index.user, index.password);
        const page = async (of: string, headers = {}) => {
          const { status, headers: answered } = await ask(site, `/emil/${of}/+simple/demo/`, headers);
          return [status, answered['x-cached']];
        };

        expect([await page('mirror'), await page('mirror')]).toEqual([
          [200, 'MISS'],
          [200, 'HIT'],
        ]);
        expect([await page('dev', reader), await page('dev', reader), await page('dev')]).toEqual([
          [200, 'MISS'],
          [200, 'MISS'],
          [401, undefined],
        ]);
      });

      it('sends what nginx cannot read by itself', async () => {
        const index = await createIndex({ url: brokenUrl }, 'dora/dev');
        const file = wheelUpload();
        expect((await upload(index, file)).status).toBe(200);
        const path = await pathOf(index, file.filename);

        for (const headers of [{}, { range: 'bytes=3-9' }]) {
          const [here, there] = [
            await ask(direct, path, headers),
            await ask({ url: brokenUrl }, path, headers),
          ];
          expect(comparable(there)).toEqual(comparable(here));
        }
      });
    });
  },
);
