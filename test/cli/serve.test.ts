import { writeFile } from 'node:fs/promises';
import { get, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createIndex, listPage, request, sha256, uploadAll, wheelUpload } from '#test/index-api.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { startServer } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

it('prints what to type next for people', async () => {
  await using server = await startServer({ env: { WHEELHOUSE_LOG_FORMAT: 'text' } });

  const greeting = server.stderr().slice(server.stderr().indexOf('Wheelhouse serves'));

  const shown = greeting
    .replaceAll(server.url, 'http://localhost:3141')
    .replaceAll(server.serverdir, 'DIRECTORY')
    .replace(/[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}/, 'KEY');
  expect(shown).toMatchInlineSnapshot(`
    "Wheelhouse serves on http://localhost:3141 with its data in DIRECTORY

      Set it up in a browser; from another machine it asks for the key KEY:
        http://localhost:3141/+setup

      Or in a terminal: give root a password, then make a user and an index:
        ./wheelhouse passwd root --server http://localhost:3141
        devpi use http://localhost:3141
        devpi user -c alice password=SECRET
        devpi login alice
        devpi index -c dev bases=root/pypi

      Upload and install:
        twine upload --repository-url http://localhost:3141/alice/dev/ -u alice dist/*
        pip install --index-url http://localhost:3141/alice/dev/+simple/ PROJECT

      Ctrl-C stops the server.
    "
  `);
});

it('prints no key and no first steps once root has a password', async () => {
  await using server = await startServer({
    env: { WHEELHOUSE_LOG_FORMAT: 'text', WHEELHOUSE_ACCOUNTS_ROOT_PASSWORD: 'root secret' },
  });

  expect(server.stderr()).toContain('twine upload');
  expect(server.stderr()).not.toMatch(/\+setup|passwd root/);
});

it('writes nothing but JSON where a program reads its log', async () => {
  await using server = await startServer();

  const lines = server.stderr().trimEnd().split('\n');

  expect(lines.map((line) => JSON.parse(line) as object).at(-1)).toMatchObject({
    level: 'info',
    msg: 'serving',
    url: server.url,
    serverdir: server.serverdir,
    setupKey: expect.stringMatching(/^[a-z2-9-]{14}$/),
  });
});

it('refuses a port that is taken', async () => {
  await using server = await startServer();
  await using directory = await makeTemporaryDirectory();
  const { port } = new URL(server.url);
  const where = ['--serverdir', directory.path, '--host', '127.0.0.1', '--port', port];

  const result = await runWheelhouse(['serve', ...where], { env: { WHEELHOUSE_LOG_LEVEL: 'warn' } });

  expect({ ...result, stderr: result.stderr.replaceAll(port, 'PORT') }).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: cannot listen on 127.0.0.1:PORT: listen EADDRINUSE: address already in use 127.0.0.1:PORT

    hint: choose another port with --port, or stop the program that listens there
    ",
      "stdout": "",
    }
  `);
});

it('refuses a directory that another server uses, and leaves that one alone', async () => {
  await using server = await startServer();

  const result = await runWheelhouse(['serve', '--serverdir', server.serverdir, '--port', '0']);

  expect({
    ...result,
    stderr: result.stderr.replaceAll(server.serverdir, 'DIRECTORY'),
  }).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: another process serves DIRECTORY

    hint: stop the other server, or choose another directory with --serverdir
    ",
      "stdout": "",
    }
  `);
  expect((await request(server, 'GET', '/+api')).status).toBe(200);
});

it('refuses a directory that it cannot make', async () => {
  await using directory = await makeTemporaryDirectory();
  const file = join(directory.path, 'file');
  await writeFile(file, '');

  const result = await runWheelhouse(['serve', '--serverdir', join(file, 'below')]);

  expect({
    ...result,
    stderr: result.stderr.replaceAll(directory.path, 'DIRECTORY'),
  }).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: cannot create DIRECTORY/file/below: ENOTDIR: not a directory, mkdir 'DIRECTORY/file/below'

    hint: make the directory writable, or choose another one with --serverdir
    ",
      "stdout": "",
    }
  `);
});

it('serves no other machine while root has no password, unless told to', async () => {
  await using directory = await makeTemporaryDirectory();
  const everywhere = ['--serverdir', directory.path, '--host', '0.0.0.0', '--port', '0'];
  const env = { WHEELHOUSE_LOG_LEVEL: 'warn' };

  const refused = await runWheelhouse(['serve', ...everywhere], { env });

  expect(refused).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: refusing to serve on 0.0.0.0 while the root user has an empty password

    hint: set a root password on this machine first (serve on localhost, then change it), or pass --allow-empty-root-password
    ",
      "stdout": "",
    }
  `);
  await using told = await startServer({ arguments: [...everywhere, '--allow-empty-root-password'] });
  expect((await request(told, 'GET', '/+api')).status).toBe(200);
});

it('serves other machines once root has a password', async () => {
  await using directory = await makeTemporaryDirectory();
  const { path: serverdir } = directory;
  {
    await using local = await startServer({ serverdir });
    const root = { user: 'root', password: '' };
    expect((await request(local, 'PATCH', '/root', root, { password: 'long enough' })).status).toBe(200);
  }

  await using server = await startServer({ serverdir, arguments: ['--host', '0.0.0.0'] });

  expect((await request(server, 'GET', '/+api')).status).toBe(200);
});

it.each(['SIGTERM', 'SIGINT'] as const)('ends soon at %s though connections stay open', async (signal) => {
  await using server = await startServer();
  const { port } = new URL(server.url);
  const silent = connect(Number(port), '127.0.0.1');
  await once(silent, 'connect');
  const answered = connect(Number(port), '127.0.0.1');
  answered.write('GET /+api HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(answered, 'data');
  const startedAt = performance.now();

  const ended = await server.stop(signal);

  expect(ended).toEqual({ exitCode: 0, signal: undefined });
  expect(performance.now() - startedAt).toBeLessThan(5000);
  silent.destroy();
  answered.destroy();
});

it('finishes a running download before it ends', async () => {
  await using server = await startServer();
  const file = wheelUpload({ files: { 'demo/data.bin': randomBytes(20_000_000) } });
  const response = await openDownload(server, file);

  const ending = server.stop();
  await refusesConnections(server.url);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);

  expect(sha256(Buffer.concat(chunks))).toBe(sha256(file.bytes));
  expect(await ending).toEqual({ exitCode: 0, signal: undefined });
});

it('waits no longer than some seconds for a download that stands still', async () => {
  await using server = await startServer();
  const response = await openDownload(
    server,
    wheelUpload({ files: { 'demo/data.bin': randomBytes(20_000_000) } }),
  );
  response.on('error', () => undefined);

  const ended = await server.stop();

  expect(ended).toEqual({ exitCode: 0, signal: undefined });
  response.destroy();
});

it('ends at once at a second signal', async () => {
  await using server = await startServer();
  const response = await openDownload(
    server,
    wheelUpload({ files: { 'demo/data.bin': randomBytes(20_000_000) } }),
  );
  response.on('error', () => undefined);

  const first = server.stop();
  await refusesConnections(server.url);
  const startedAt = performance.now();
  const second = await server.stop('SIGINT');

  expect(second).toEqual({ exitCode: 130, signal: undefined });
  expect(performance.now() - startedAt).toBeLessThan(3000);
  await first;
  response.destroy();
});

it('takes an upload that has begun before it ends', async () => {
  await using directory = await makeTemporaryDirectory();
  const { path: serverdir } = directory;
  const file = wheelUpload();
  await using server = await startServer({ serverdir });
  const index = await createIndex(server, 'anna/dev');
  const body = new FormData();
  body.set(':action', 'file_upload');
  body.set('name', file.name);
  body.set('version', file.version);
  body.set('content', new Blob([file.bytes as Uint8Array<ArrayBuffer>]), file.filename);
  const form = new Response(body);
  const bytes = Buffer.from(await form.clone().arrayBuffer());
  const sending = httpRequest(`${index.url}/`, {
    method: 'POST',
    auth: `${index.user}:${index.password}`,
    headers: {
      'content-type': form.headers.get('content-type') ?? '',
      'content-length': bytes.length,
      expect: '100-continue',
    },
  });
  sending.write(bytes.subarray(0, 100));
  await once(sending, 'continue');

  const ending = server.stop();
  await refusesConnections(server.url);
  sending.end(bytes.subarray(100));
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  response.resume();

  expect(response.statusCode).toBe(200);
  expect(await ending).toEqual({ exitCode: 0, signal: undefined });
  await using again = await startServer({ serverdir });
  expect(await listPage({ simple: `${again.url}/anna/dev/+simple/` }, 'demo')).toHaveLength(1);
});

/** A download of which the client has read the headers and no more. */
async function openDownload(
  server: { readonly url: string },
  file: ReturnType<typeof wheelUpload>,
): Promise<IncomingMessage> {
  const index = await createIndex(server, 'anna/dev');
  await uploadAll(index, [file]);
  const [offered] = await listPage(index, 'demo');
  const [response] = (await once(get(offered!.url), 'response')) as [IncomingMessage];
  return response;
}

/** Resolves when the server takes no more connections, which is when it has begun to end. */
async function refusesConnections(url: string): Promise<void> {
  const { port } = new URL(url);
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    const socket = connect(Number(port), '127.0.0.1');
    const { promise, resolve } = Promise.withResolvers<boolean>();
    socket.on('connect', () => resolve(false)).on('error', () => resolve(true));
    const isRefused = await promise;
    socket.destroy();
    if (isRefused) return;
  }
  throw new Error('the server still takes connections');
}
