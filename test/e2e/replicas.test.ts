import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, rm } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from 'node:tls';
import { afterEach, expect, it, vi } from 'vitest';
import { testAuthority, type TestAuthority } from '#test/certificates.ts';
import { openClientSession } from '#test/client-session.ts';
import { clientPath } from '#test/clients.ts';
import {
  createIndex,
  listPage,
  request,
  sha256,
  upload,
  uploadAll,
  wheelUpload,
  type Account,
} from '#test/index-api.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { launcher, startServer, type ServerOptions, type ServerProcess } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { documentationUpload, uploadForm } from '#test/uploads.ts';

const ROOT = { user: 'root', password: '' };
const stack: AsyncDisposable[] = [];

afterEach(async () => {
  for (const each of stack.splice(0).toReversed()) await each[Symbol.asyncDispose]();
});

function later<Held extends AsyncDisposable>(held: Held): Held {
  stack.push(held);
  return held;
}

/** A token of root that lets a replica follow. */
async function replicaToken(primary: ServerProcess, root: Account = ROOT): Promise<string> {
  const made = await request(primary, 'POST', '/+tokens', root, {
    name: `replica ${crypto.randomUUID()}`,
    scopes: ['server.replicate'],
  });
  expect(made.status, made.text).toBe(201);
  return (JSON.parse(made.text) as { result: { token: string } }).result.token;
}

async function startReplica(
  primary: { readonly url: string },
  token: string,
  options: ServerOptions = {},
): Promise<ServerProcess> {
  return later(
    await startServer({
      ...options,
      arguments: ['--replica-of', primary.url, ...(options.arguments ?? [])],
      env: { WHEELHOUSE_REPLICA_TOKEN: token, ...options.env },
    }),
  );
}

async function serialOf(server: { readonly url: string }): Promise<number> {
  const response = await fetch(`${server.url}/+api`);
  return Number(response.headers.get('x-devpi-serial'));
}

// oxlint-disable-next-line typescript/no-explicit-any
async function statusOf(server: { readonly url: string }): Promise<any> {
  const { status, text } = await request(server, 'GET', '/+status', ROOT);
  expect(status, text).toBe(200);
  return JSON.parse(text).result;
}

async function caughtUp(replica: ServerProcess, primary: ServerProcess): Promise<void> {
  await vi.waitFor(async () => expect(await serialOf(replica)).toBe(await serialOf(primary)), {
    timeout: 30_000,
    interval: 50,
  });
}

it('lets pip install from a replica while the primary is gone', async () => {
  const primary = later(await startServer());
  const index = await createIndex(primary, 'anna/dev');
  await uploadAll(index, [wheelUpload(), wheelUpload({ name: 'helper' })]);
  const replica = await startReplica(primary, await replicaToken(primary), {
    arguments: ['--replica-files', 'all'],
  });
  await uploadAll(index, [wheelUpload({ version: '2.0' })]);
  await caughtUp(replica, primary);
  await vi.waitFor(async () => expect((await statusOf(replica)).health.replica.filesWaiting).toBe(0));
  await primary.kill();

  await using session = await openClientSession();
  const python = await session.makeVenv();
  const simple = `${replica.url}/anna/dev/+simple/`;
  await session.succeed('pip', ['--python', python, 'install', '--index-url', simple, 'demo', 'helper']);
  const { stdout } = await session.runProgram([python, '-c', 'import demo; print(demo.answer)']);

  expect(stdout).toBe('42\n');
  expect((await listPage({ simple }, 'demo')).map(({ filename }) => filename)).toContain(
    'demo-2.0-py3-none-any.whl',
  );
});

it('keeps the rights of the primary, and takes passwords and tokens, while it is gone', async () => {
  const primary = later(await startServer());
  const index = await createIndex(primary, 'bea/dev', { acl_read: ['bea'] });
  await uploadAll(index, [wheelUpload()]);
  const replica = await startReplica(primary, await replicaToken(primary));
  const path = '/bea/dev/+simple/demo/';
  expect(await request(replica, 'GET', path, index)).toMatchObject({ status: 200 });
  const [file] = await listPrivate(replica, path, index);
  await primary.kill();

  expect((await request(replica, 'GET', path, index)).status).toBe(200);
  expect((await request(replica, 'GET', path)).status).toBe(401);
  expect((await request(replica, 'GET', path, { user: 'bea', password: 'wrong' })).status).toBe(401);
  const login = await request(replica, 'POST', '/+login', undefined, {
    user: index.user,
    password: index.password,
  });
  expect(login.status, login.text).toBe(200);
  const { result } = JSON.parse(login.text) as { result: { password: string } };
  expect((await request(replica, 'GET', path, { user: 'bea', password: result.password })).status).toBe(200);

  // Never asked for, so not here.
  const missing = await fetch(file as string, { headers: { authorization: basicOf(index) } });
  expect([missing.status, await missing.text()]).toEqual([503, expect.stringContaining('is not here yet')]);
  const refused = await upload({ ...index, url: `${replica.url}/bea/dev` }, wheelUpload({ version: '2.0' }));
  expect(refused.status).toBe(503);
  const change = await request(replica, 'PATCH', '/bea', index, { title: 'T' });
  expect([change.status, JSON.parse(change.text).code, JSON.parse(change.text).hint]).toEqual([
    503,
    'kernel.primary-unreachable',
    expect.stringContaining('reading works meanwhile'),
  ]);
});

function basicOf({ user, password }: Account): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

async function listPrivate(server: ServerProcess, path: string, account: Account): Promise<string[]> {
  const response = await fetch(server.url + path, {
    headers: { accept: 'application/vnd.pypi.simple.v1+json', authorization: basicOf(account) },
  });
  const { files } = (await response.json()) as { files: { url: string }[] };
  return files.map(({ url }) => new URL(url, response.url).href);
}

it('loses nothing when it is killed while it takes changes over', async () => {
  const primary = later(await startServer());
  const token = await replicaToken(primary);
  await using directory = await makeTemporaryDirectory();
  const options = { serverdir: join(directory.path, 'replica') };
  let replica = await startReplica(primary, token, options);
  for (let round = 0; round < 3; round += 1) {
    await replica.kill();
    await Promise.all(
      Array.from({ length: 6 }, async (_, lane) => {
        for (let number = 0; number < 30; number += 1) {
          const user = `user${round}-${lane}-${number}`;
          const { status } = await request(primary, 'PUT', `/${user}`, undefined, { password: 'x' });
          expect(status).toBe(201);
          await request(primary, 'PUT', `/${user}/dev`, { user, password: 'x' }, { bases: [] });
        }
      }),
    );
    replica = await startReplica(primary, token, options);
    await sleep(round * 40);
  }
  await caughtUp(replica, primary);

  const [here, there] = [await request(replica, 'GET', '/', ROOT), await request(primary, 'GET', '/', ROOT)];
  expect(here.text).toBe(there.text);
  expect(Object.keys(JSON.parse(here.text).result)).toHaveLength(3 * 6 * 30 + 1);
  const events = '/+events?limit=1000&order=newest';
  expect((await request(replica, 'GET', events, ROOT)).text).toBe(
    (await request(primary, 'GET', events, ROOT)).text,
  );
});

it('is one of two, which the primary knows by their uuids', async () => {
  const primary = later(await startServer());
  const index = await createIndex(primary, 'cleo/dev');
  const token = await replicaToken(primary);
  const [one, two] = [await startReplica(primary, token), await startReplica(primary, token)];

  const added = await upload({ ...index, url: `${one.url}/cleo/dev` }, wheelUpload());
  expect(added.status, added.text).toBe(200);
  expect(await listPage({ simple: `${one.url}/cleo/dev/+simple/` }, 'demo')).toHaveLength(1);
  await caughtUp(two, primary);
  const [file] = await listPage({ simple: `${two.url}/cleo/dev/+simple/` }, 'demo');
  expect(file?.url).toContain(two.url);
  const bytes = new Uint8Array(await (await fetch(file?.url as string)).arrayBuffer());
  expect(sha256(bytes)).toBe(file?.hashes['sha256']);

  const status = await statusOf(primary);
  const replicas = [await statusOf(one), await statusOf(two)];
  expect(status.role).toBe('MASTER');
  expect(Object.keys(status.polling_replicas).toSorted()).toEqual(
    replicas.map(({ uuid }) => uuid).toSorted(),
  );
  for (const replica of replicas) {
    expect(replica).toMatchObject({
      role: 'REPLICA',
      serial: status.serial,
      'primary-url': primary.url,
      'primary-uuid': status.uuid,
      'master-uuid': status.uuid,
      'primary-serial': status.serial,
      'replication-errors': {},
    });
    expect(replica.health.replica).toMatchObject({ isInSync: true, missingEvents: 0, trouble: null });
  }
  await vi.waitFor(async () => {
    const { polling_replicas: polling } = await statusOf(primary);
    expect(Object.values(polling)).toMatchObject([{ 'missing-serials': 0 }, { 'missing-serials': 0 }]);
  }, 10_000);
});

it('parts from a primary that was restored from an older copy, and says what to do', async () => {
  await using directory = await makeTemporaryDirectory();
  const [serverdir, copy] = [join(directory.path, 'primary'), join(directory.path, 'copy')];
  const first = await startServer({ serverdir });
  const { port } = new URL(first.url);
  const index = await createIndex(first, 'dora/dev');
  const token = await replicaToken(first);
  const replica = await startReplica(first, token);
  await uploadAll(index, [wheelUpload()]);
  await caughtUp(replica, first);
  await first.stop();
  await cp(serverdir, copy, { recursive: true });
  const second = await startServer({ serverdir, arguments: ['--port', port] });
  await uploadAll(index, [wheelUpload({ version: '2.0' })]);
  await caughtUp(replica, second);
  await second.stop();

  const restored = later(await startServer({ serverdir: copy, arguments: ['--port', port] }));
  await vi.waitFor(
    async () => expect((await statusOf(replica)).health.replica.isDiverged).toBe(true),
    20_000,
  );

  const simple = `${replica.url}/dora/dev/+simple/`;
  expect(await listPage({ simple }, 'demo')).toHaveLength(2);
  const refused = await request(replica, 'PATCH', '/dora', index, { title: 'T' });
  expect([refused.status, JSON.parse(refused.text).code]).toEqual([409, 'kernel.replica-diverged']);
  expect((await request(replica, 'GET', '/+readyz')).status).toBe(503);
  const told = replica.log().find(({ level }) => level === 'error');
  expect(told).toMatchObject({
    msg: 'the replica cannot follow its primary',
    hint: expect.stringContaining('empty its server directory'),
  });

  const anew = await startReplica(restored, token);
  expect(await listPage({ simple: `${anew.url}/dora/dev/+simple/` }, 'demo')).toHaveLength(1);
});

it('refuses a directory with a server of its own, and a line that others can read', async () => {
  await using directory = await makeTemporaryDirectory();
  const serverdir = join(directory.path, 'own');
  const own = await startServer({ serverdir });
  await own.stop();
  const env = { WHEELHOUSE_REPLICA_TOKEN: 'wh_x' };
  const serve = async (...args: string[]) => await runWheelhouse(['serve', '--port', '0', ...args], { env });

  const kept = await serve('--serverdir', serverdir, '--replica-of', own.url);
  expect([kept.exitCode, kept.stderr]).toEqual([1, expect.stringContaining('a server of its own')]);
  const other = join(directory.path, 'replica');
  const plain = await serve('--serverdir', other, '--replica-of', 'http://packages.example.com');
  expect([plain.exitCode, plain.stderr]).toEqual([1, expect.stringContaining('must be https:')]);

  const primary = later(await startServer());
  const replica = await startReplica(primary, await replicaToken(primary), { serverdir: other });
  await replica.stop();
  const alone = await serve('--serverdir', other);
  expect([alone.exitCode, alone.stderr]).toEqual([1, expect.stringContaining('is a replica')]);
});

it('finds words of descriptions and documentation that have just come', async () => {
  const primary = later(await startServer());
  const index = await createIndex(primary, 'ida/dev');
  const replica = await startReplica(primary, await replicaToken(primary));
  await uploadAll(index, [wheelUpload({ name: 'rain', description: 'cumulonimbus' })]);
  const documentation = documentationUpload({ 'index.html': '<p>stratocumulus</p>' }, { name: 'rain' });
  const { body, contentType } = uploadForm(documentation);
  const headers = { authorization: basicOf(index), 'content-type': contentType };
  expect((await fetch(`${index.url}/`, { method: 'POST', headers, body: new Uint8Array(body) })).status).toBe(
    200,
  );

  for (const word of ['cumulonimbus', 'stratocumulus']) {
    await vi.waitFor(
      async () => {
        const { text } = await request(replica, 'GET', `/+search?q=${word}`);
        expect(JSON.parse(text)).toMatchObject({ results: [{ project: 'rain' }] });
      },
      { timeout: 60_000, interval: 300 },
    );
  }
});

it('is promoted when its primary was lost, and takes changes by the logins of before', async () => {
  await using directory = await makeTemporaryDirectory();
  const serverdir = join(directory.path, 'replica');
  const primary = later(await startServer());
  const index = await createIndex(primary, 'frida/dev');
  await uploadAll(index, [wheelUpload()]);
  const login = await request(primary, 'POST', '/+login', undefined, {
    user: index.user,
    password: index.password,
  });
  const { result } = JSON.parse(login.text) as { result: { password: string } };
  const token = await replicaToken(primary);
  const replica = await startReplica(primary, token, { serverdir, arguments: ['--replica-files', 'all'] });
  await caughtUp(replica, primary);
  await vi.waitFor(async () => expect((await statusOf(replica)).health.replica.filesWaiting).toBe(0));
  const promote = async () =>
    await runWheelhouse(['promote', '--serverdir', serverdir, '--replica-of', primary.url], {
      env: { WHEELHOUSE_REPLICA_TOKEN: token },
    });

  const served = await promote();
  expect([served.exitCode, served.stderr]).toEqual([1, expect.stringContaining('another process serves')]);
  await replica.stop();
  const early = await promote();
  expect([early.exitCode, early.stderr]).toEqual([1, expect.stringContaining('still answers')]);
  await primary.kill();
  const { exitCode, stdout, stderr } = await promote();
  expect([exitCode, stdout, stderr]).toEqual([0, '', expect.stringMatching(/^promoted: .* event \d+\n/m)]);

  const promoted = later(await startServer({ serverdir }));
  const account = { user: index.user, password: result.password };
  const added = await upload(
    { ...account, url: `${promoted.url}/frida/dev` },
    wheelUpload({ version: '2.0' }),
  );
  expect(added.status, added.text).toBe(200);
  const files = await listPage({ simple: `${promoted.url}/frida/dev/+simple/` }, 'demo');
  expect(files.map(({ filename }) => filename)).toEqual([
    'demo-1.0-py3-none-any.whl',
    'demo-2.0-py3-none-any.whl',
  ]);
  for (const { url } of files) expect((await fetch(url)).status).toBe(200);
});

/** A proxy with a certificate of an authority of its own, as a company has in front of its primary. */
async function publish(server: ServerProcess, authority: TestAuthority): Promise<{ readonly url: string }> {
  const { port } = new URL(server.url);
  const proxy = createServer(authority, (secure) => {
    const plain = connect(Number(port), '127.0.0.1');
    for (const socket of [secure, plain])
      socket.on('error', () => [secure, plain].map((each) => each.destroy()));
    secure.pipe(plain).pipe(secure);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  later({ [Symbol.asyncDispose]: async () => void proxy.close() });
  return { url: `https://localhost:${(proxy.address() as AddressInfo).port}` };
}

it('follows a primary over https by the authority that it is told, and by no other', async () => {
  const authority = await testAuthority('Test CA of a primary');
  later({ [Symbol.asyncDispose]: () => rm(authority.directory, { recursive: true }) });
  const primary = later(await startServer());
  const index = await createIndex(primary, 'gesa/dev');
  const token = await replicaToken(primary);
  const published = await publish(primary, authority);

  const args = ['serve', '--port', '0', '--replica-of', published.url];
  await using directory = await makeTemporaryDirectory();
  const refused = await runWheelhouse([...args, '--serverdir', join(directory.path, 'none')], {
    env: { WHEELHOUSE_REPLICA_TOKEN: token },
  });
  expect([refused.exitCode, refused.stderr]).toEqual([
    1,
    expect.stringContaining('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  ]);

  const replica = await startReplica(published, token, { env: { WHEELHOUSE_CA_FILE: authority.caFile } });
  const added = await upload({ ...index, url: `${replica.url}/gesa/dev` }, wheelUpload());
  expect(added.status, added.text).toBe(200);
  const [file] = await listPage({ simple: `${replica.url}/gesa/dev/+simple/` }, 'demo');
  expect((await fetch(file?.url ?? '')).status).toBe(200);
});

it('takes the forms of a browser for the primary, whose session it is', async () => {
  const primary = later(await startServer());
  const { user, password } = await createIndex(primary, 'hedy/dev');
  const replica = await startReplica(primary, await replicaToken(primary));
  let cookie = '';
  const browse = async (path: string, fields?: Readonly<Record<string, string>>) => {
    const response = await fetch(replica.url + path, {
      redirect: 'manual',
      headers: { accept: 'text/html', cookie, origin: replica.url, 'sec-fetch-site': 'same-origin' },
      ...(fields && { method: 'POST', body: new URLSearchParams(fields) }),
    });
    const set = response.headers.getSetCookie().map((each) => each.split(';')[0]);
    if (set.length > 0) cookie = set.join('; ');
    return { status: response.status, to: response.headers.get('location'), text: await response.text() };
  };

  expect((await browse('/+login', { user, password })).status).toBe(303);
  const isStranger = ({ text }: { readonly text: string }) => /class="reader" href="\/\+login/.test(text);
  expect(isStranger(await browse('/'))).toBe(false);
  const made = await browse('/hedy/+new-index', { name: 'second', type: 'stage' });
  expect(made.status, made.text).toBe(303);
  expect(made.to).not.toContain(new URL(primary.url).host);
  expect((await browse('/hedy/second')).status).toBe(200);
  const foreign = await fetch(`${replica.url}/hedy/+new-index`, {
    method: 'POST',
    headers: { cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams({ name: 'third', type: 'stage' }),
  });
  expect(foreign.status).toBe(403);
  expect((await request(primary, 'GET', '/hedy/second')).status).toBe(200);
  expect((await request(primary, 'GET', '/hedy/third')).status).toBe(404);

  await primary.kill();
  const alone = await browse('/');
  expect([alone.status, isStranger(alone)]).toEqual([200, true]);
  expect((await browse('/hedy/+new-index', { name: 'fourth', type: 'stage' })).status).toBe(503);
});

const hasNamespaces = process.getuid?.() === 0 && existsSync('/usr/sbin/ip');

it.skipIf(!hasNamespaces)(
  'in a network of its own is cut off, answers alone, and catches up with nothing lost',
  async () => {
    const session = later(await openClientSession());
    const name = `wh${process.pid}`;
    const ip = async (...args: string[]) => {
      const { exitCode, stderr } = await session.runProgram(['/usr/sbin/ip', ...args]);
      expect(exitCode, `ip ${args.join(' ')}: ${stderr}`).toBe(0);
    };
    const [here, there] = ['10.213.77.1', '10.213.77.2'];
    await ip('netns', 'add', name);
    later({ [Symbol.asyncDispose]: () => ip('netns', 'delete', name) });
    await ip('link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`, 'netns', name);
    await ip('address', 'add', `${here}/30`, 'dev', `${name}a`);
    await ip('link', 'set', `${name}a`, 'up');
    await ip('-n', name, 'address', 'add', `${there}/30`, 'dev', `${name}b`);
    await ip('-n', name, 'link', 'set', `${name}b`, 'up');
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    const inside = ['/usr/sbin/ip', 'netns', 'exec', name] as const;

    const root = { user: 'root', password: 'secret of root' };
    const primary = later(
      await startServer({
        arguments: ['--host', here],
        env: { WHEELHOUSE_ACCOUNTS_ROOT_PASSWORD: root.password },
      }),
    );
    const index = await createIndex(primary, 'emil/dev');
    await uploadAll(index, [wheelUpload()]);
    const program = await session.write('replica', `#!/bin/sh\nexec ${inside.join(' ')} ${launcher} "$@"\n`);
    await chmod(program, 0o755);
    const replica = await startReplica(primary, await replicaToken(primary, root), {
      program,
      arguments: ['--replica-files', 'all'],
      env: { WHEELHOUSE_REPLICA_ALLOW_PLAIN_HTTP: 'yes' },
    });

    /** As a client beside the replica asks. */
    const ask = async (path: string, method = 'GET') => {
      const curl = ['curl', '-sS', '--max-time', '60', '-X', method, '-w', '\n%{http_code}'] as const;
      const credentials = ['-u', `${root.user}:${root.password}`, '-H', 'Accept: application/json'];
      const { stdout, stderr } = await session.runProgram([
        ...inside,
        ...curl,
        ...credentials,
        ...(method === 'GET' ? [] : ['-d', '{"password": "x"}']),
        replica.url + path,
      ]);
      const [, text = '', status] = /^([^]*)\n(\d{3})$/.exec(stdout) ?? [];
      return { status: Number(status), text: text === '' ? stderr : text };
    };
    const followed = async (isInSync: boolean) =>
      await vi.waitFor(
        async () => {
          const { result } = JSON.parse((await ask('/+status')).text);
          expect(result.health.replica).toMatchObject({ isInSync, filesWaiting: 0 });
          if (isInSync) expect(result.serial).toBe(await serialOf(primary));
          return result;
        },
        { timeout: 60_000, interval: 500 },
      );
    await followed(true);

    await ip('link', 'set', `${name}a`, 'down');
    await uploadAll(index, [wheelUpload({ version: '2.0' }), wheelUpload({ name: 'while-away' })]);
    await request(primary, 'DELETE', '/emil/dev/demo/1.0?force', index);
    const cutOff = await followed(false);
    expect(cutOff.health.replica).toMatchObject({
      isDiverged: false,
      trouble: expect.stringContaining('does not answer'),
    });
    expect(cutOff.health.replica.lagSeconds).toBeGreaterThan(10);
    const install = ['download', '--no-deps', '--index-url', `${replica.url}/emil/dev/+simple/`, 'demo'];
    const alone = await session.runProgram([...inside, clientPath('pip'), ...install]);
    expect(alone.stdout, alone.stderr).toContain('Saved ./demo-1.0-py3-none-any.whl');
    const refused = await ask('/somebody', 'PUT');
    expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('does not answer')]);

    await ip('link', 'set', `${name}a`, 'up');
    await followed(true);
    const caught = await session.runProgram([...inside, clientPath('pip'), ...install, 'while-away']);
    expect(caught.stdout, caught.stderr).toContain('Saved ./demo-2.0-py3-none-any.whl');
    expect(caught.stdout).toContain('Saved ./while_away-1.0-py3-none-any.whl');
    const events = '/+events?limit=1000&order=newest';
    expect(JSON.parse((await ask(events)).text)).toEqual(
      JSON.parse((await request(primary, 'GET', events, root)).text),
    );
    expect((await ask('/somebody', 'PUT')).status).toBe(201);
    expect((await request(primary, 'GET', '/somebody', root)).status).toBe(200);
  },
);
