import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { executablePath } from '#test/clients.ts';
import {
  createIndex,
  listPage,
  request,
  sdistUpload,
  sha256,
  uploadAll,
  wheelUpload,
} from '#test/index-api.ts';
import { requestedPaths, startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Versions of what an environment has, by name. */
async function listInstalled(session: ClientSession, python: string): Promise<Record<string, string>> {
  const { stdout } = await session.succeed('pip', ['--python', python, 'list', '--format', 'json']);
  const packages = JSON.parse(stdout) as { name: string; version: string }[];
  return Object.fromEntries(packages.map(({ name, version }) => [name, version]));
}

it('installs a project with what it depends on', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'anna/dev');
  const helper = wheelUpload({ name: 'helper.lib', version: '2.0' });
  await uploadAll(index, [wheelUpload({ metadata: { 'Requires-Dist': 'helper-lib>=2' } }), helper]);
  const python = await session.makeVenv();

  await session.succeed('pip', ['--python', python, 'install', '--index-url', index.simple, 'demo']);

  expect(await listInstalled(session, python)).toEqual({ demo: '1.0', 'helper.lib': '2.0' });
  const { stdout } = await session.runProgram([python, '-c', 'import demo; print(demo.answer)']);
  expect(stdout).toBe('42\n');
});

it('lets the pip of Debian 12 install, whose name for metadata files was another', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'anton/dev');
  await uploadAll(index, [wheelUpload(), sdistUpload({ name: 'helper' })]);
  const pip = executablePath('old-pip', 'pip');
  const download = [pip, 'download', '--no-deps', '--index-url', index.simple] as const;

  const { exitCode, stderr } = await session.runProgram([...download, 'demo']);

  expect(exitCode, stderr).toBe(0);
});

it('resolves with the metadata files and fetches no wheel', async () => {
  await using own = await startServer({ env: { WHEELHOUSE_LOG_LEVEL: 'debug' } });
  await using session = await openClientSession();
  const index = await createIndex(own, 'anna/dev');
  const dependent = { name: 'demo', metadata: { 'Requires-Dist': 'helper' } };
  await uploadAll(index, [wheelUpload(dependent), wheelUpload({ name: 'helper' })]);
  const python = await session.makeVenv();
  const install = ['--python', python, 'install', '--index-url', index.simple, 'demo'];

  await session.succeed('pip', [...install, '--dry-run']);
  const afterResolving = filesAsked(own);
  await session.succeed('pip', install);

  expect(afterResolving).toEqual([
    'demo-1.0-py3-none-any.whl.metadata',
    'helper-1.0-py3-none-any.whl.metadata',
  ]);
  expect(filesAsked(own)).toContain('demo-1.0-py3-none-any.whl');
});

/** Names below `+f`, sorted; what was asked a second time is answered before the log. */
function filesAsked(from: ServerProcess): string[] {
  return requestedPaths(from)
    .filter((path) => path.includes('/+f/'))
    .map((path) => path.split('/').at(-1) as string)
    .toSorted();
}

it('downloads wheels byte for byte, also of a local version', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'berta/dev');
  const uploads = [wheelUpload(), wheelUpload({ version: '1.0+local.1' })];
  await uploadAll(index, uploads);
  const download = ['download', '--no-deps', '--index-url', index.simple];

  for (const { version } of uploads) await session.succeed('pip', [...download, `demo===${version}`]);

  for (const { filename, bytes } of uploads) {
    expect(sha256(await readFile(join(session.directory, filename)))).toBe(sha256(bytes));
  }
});

it('lists versions, newest first', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'carla/dev');
  await uploadAll(index, [
    wheelUpload({ version: '1.9' }),
    wheelUpload({ version: '1.10' }),
    sdistUpload({ version: '1.2' }),
  ]);

  const { stdout } = await session.succeed('pip', ['index', 'versions', 'demo', '--index-url', index.simple]);

  expect(stdout).toBe('demo (1.10)\nAvailable versions: 1.10, 1.9, 1.2\n');
});

it('leaves out what needs another Python', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'dora/dev');
  const future = wheelUpload({ version: '2.0', metadata: { 'Requires-Python': '>=99' } });
  await uploadAll(index, [wheelUpload(), future]);

  const { stdout } = await session.succeed('pip', ['download', '--index-url', index.simple, 'demo']);

  expect(stdout).toContain('Saved ./demo-1.0-py3-none-any.whl');
});

it('skips a yanked release unless it is pinned', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'emma/dev');
  await uploadAll(index, [wheelUpload(), wheelUpload({ version: '2.0' })]);
  await request(server, 'PUT', '/emma/dev/demo/2.0/+yank', index, { reason: 'breaks <everything>' });
  const download = ['download', '--no-deps', '--index-url', index.simple];

  const open = await session.succeed('pip', [...download, 'demo']);
  const pinned = await session.succeed('pip', [...download, 'demo==2.0']);
  await request(server, 'DELETE', '/emma/dev/demo/2.0/+yank', index);
  const restored = await session.succeed('pip', [...download, '--dest', 'again', 'demo']);

  expect(open.stdout).toContain('Saved ./demo-1.0-py3-none-any.whl');
  expect(pinned.stdout).toContain('Saved ./demo-2.0-py3-none-any.whl');
  expect(pinned.stderr).toContain('Reason for being yanked: breaks <everything>');
  expect(restored.stdout).toContain('demo-2.0-py3-none-any.whl');
});

it('leaves out what was uploaded after a given time', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'frida/dev');
  await uploadAll(index, [wheelUpload()]);
  const download = ['download', '--index-url', index.simple, 'demo', '--uploaded-prior-to'];

  const before = await session.run('pip', [...download, '2020-01-01T00:00:00Z']);
  const after = await session.run('pip', [...download, '2999-01-01T00:00:00Z']);

  expect(before.exitCode).toBe(1);
  expect(before.stderr).toContain('No matching distribution found for demo');
  expect(after.exitCode, after.stderr).toBe(0);
});

it('checks hashes in hash-checking mode', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'gerda/dev');
  const file = wheelUpload();
  await uploadAll(index, [file]);
  await session.write('right.txt', `demo==1.0 --hash=sha256:${sha256(file.bytes)}\n`);
  await session.write('wrong.txt', `demo==1.0 --hash=sha256:${'0'.repeat(64)}\n`);
  const download = ['download', '--require-hashes', '--index-url', index.simple];

  const right = await session.run('pip', [...download, '--dest', 'right', '-r', 'right.txt']);
  const wrong = await session.run('pip', [...download, '--dest', 'wrong', '-r', 'wrong.txt']);

  expect(right.exitCode, right.stderr).toBe(0);
  expect(wrong.exitCode).toBe(1);
  expect(wrong.stderr).toContain('DO NOT MATCH THE HASHES');
});

it('finds nothing where there is no such project', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'hanna/dev');

  const { exitCode, stderr } = await session.run('pip', ['download', '--index-url', index.simple, 'nothing']);

  expect(exitCode).toBe(1);
  expect(stderr).toContain('No matching distribution found for nothing');
});

it('installs through an index that inherits from another one', async () => {
  await using session = await openClientSession();
  await uploadAll(await createIndex(server, 'ida/base'), [wheelUpload({ name: 'helper' })]);
  const index = await createIndex(server, 'ida/dev', { bases: ['ida/base'] });
  await uploadAll(index, [wheelUpload({ metadata: { 'Requires-Dist': 'helper' } })]);
  const python = await session.makeVenv();

  await session.succeed('pip', ['--python', python, 'install', '--index-url', index.simple, 'demo']);

  expect(await listInstalled(session, python)).toEqual({ demo: '1.0', helper: '1.0' });
});

it('lets an interrupted download go on where it ended', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'jule/dev');
  const file = wheelUpload({ files: { 'demo/data.bin': randomBytes(300_000) } });
  await uploadAll(index, [file]);
  const [offered] = await listPage(index, 'demo');
  const target = await session.write(file.filename, file.bytes.subarray(0, 100_001));
  const curl = ['/usr/bin/curl', '--silent', '--show-error', '--fail'] as const;

  const resumed = await session.runProgram([
    ...curl,
    '--continue-at',
    '-',
    '--write-out',
    '%{http_code} %{size_download}',
    '--output',
    target,
    offered!.url,
  ]);

  expect(resumed.stdout).toBe(`206 ${file.bytes.length - 100_001}`);
  expect(sha256(await readFile(target))).toBe(sha256(file.bytes));
});
