import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { wheel, wheelFilename } from '#test/archives.ts';
import { findProgram } from '#test/clients.ts';
import { createIndex, listPage } from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { mountSmallDisk } from '#test/small-disk.ts';
import { startNginx } from '#test/nginx.ts';
import { runCommand } from '#test/run-command.ts';
import { launcher, serverEnvironment, startServer, type ServerProcess } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

// `wheelhouse upload` where a proxy or the disk of the server stands in its way.

const hasNginx = findProgram('nginx') !== undefined || process.env['CI'] !== undefined;
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Uploads a wheel of 2 MB to an index of its own, through nginx with these lines. */
async function uploadThrough(name: string, lines: readonly string[]) {
  await using nginx = await startNginx(() => [
    'location / {',
    ...lines,
    `proxy_pass ${server.url};`,
    'proxy_set_header Host $http_host;',
    '}',
  ]);
  return await uploadTo(server, nginx.url, name);
}

async function uploadTo(at: ServerProcess, url: string, name: string) {
  await using home = await makeTemporaryDirectory();
  const index = await createIndex(at, name);
  await mkdir(join(home.path, 'dist'));
  const options = { files: { 'data.bin': randomBytes(2_000_000) } };
  await writeFile(join(home.path, 'dist', wheelFilename()), wheel(options));
  const run = async (args: readonly string[], input?: string) =>
    await runCommand([launcher, ...args], {
      env: { ...serverEnvironment, HOME: home.path },
      timeoutMs: 120_000,
      cwd: home.path,
      ...(input !== undefined && { input }),
    });
  const logIn = ['login', index.user, '--server', url, '--password', '-'];
  expect((await run(logIn, `${index.password}\n`)).exitCode).toBe(0);
  const { exitCode, stdout, stderr } = await run(['upload', '--index', 'dev', 'dist']);
  const files = await listPage(index, 'demo');
  return { exitCode, stdout, stderr: stderr.replaceAll(url, 'PROXY'), files: files.length };
}

it.skipIf(!hasNginx)('tells that a proxy takes no bodies of this size', async () => {
  const { stderr, ...rest } = await uploadThrough('amy/dev', ['client_max_body_size 1m;']);

  expect(rest).toEqual({ exitCode: 1, stdout: '', files: 0 });
  expect(stderr).toContain('\n413 FAIL file_upload of demo-1.0-py3-none-any.whl to PROXY/amy/dev/\n');
  expect(stderr).toContain('  hint: a proxy before the server takes no larger bodies');
});

it.skipIf(!hasNginx)('tries for a while when a proxy says that the server is away', async () => {
  const { stderr, ...rest } = await uploadThrough('bob/dev', [
    'client_max_body_size 10m;',
    'if ($content_type ~ "multipart") { return 502; }',
  ]);

  expect(rest).toEqual({ exitCode: 1, stdout: '', files: 0 });
  expect(stderr.match(/trying again in \S+ s/g)).toEqual([
    'trying again in 0.5 s',
    'trying again in 1 s',
    'trying again in 2 s',
    'trying again in 4 s',
    'trying again in 8 s',
  ]);
  expect(stderr).toContain('\n502 FAIL file_upload of demo-1.0-py3-none-any.whl to PROXY/bob/dev/\n');
  expect(stderr).toMatch(/\n0 files uploaded, 0 B in \d+\.\d s; 1 failed$/);
});

const noTmpfs =
  platform() === 'linux' && process.getuid?.() === 0
    ? undefined
    : 'a small disk needs Linux and root (tmpfs)';

it.skipIf(skipWithout(noTmpfs))('tells that the disk of the server is full', async () => {
  await using disk = await mountSmallDisk(8);
  await using small = await startServer({ serverdir: disk.path });
  const filler = join(disk.path, 'filler');
  await runCommand(['dd', 'if=/dev/zero', `of=${filler}`, 'bs=1M', 'count=6']);

  const { stderr, ...rest } = await uploadTo(small, small.url, 'cat/dev');

  expect(rest).toEqual({ exitCode: 1, stdout: '', files: 0 });
  expect(stderr).toMatch(
    /\n507 FAIL file_upload of .+\n {2}no space left on the server.*\n {2}hint: free space/,
  );
});
