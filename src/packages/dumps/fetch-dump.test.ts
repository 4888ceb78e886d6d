import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentProgress } from '#kernel/progress.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';
import { fetchDump } from './fetch-dump.ts';
import { SourceServer } from './source-server.ts';

const bytes = 'ssh-ed25519 of somebody else';
const digest = createHash('sha256').update(bytes).digest('hex');

let home: TemporaryDirectory;
beforeAll(async () => {
  home = await makeTemporaryDirectory();
});
afterAll(() => home[Symbol.asyncDispose]());

/** A server to move in from, which answers with these results by path, and with a file to everything else. */
async function serving(results: Readonly<Record<string, unknown>>) {
  const server = createServer((request, response) => {
    const result = results[(request.url ?? '').split('?')[0] ?? ''];
    response.end(result === undefined ? bytes : JSON.stringify({ result }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => void server.close(),
  };
}

const link = (filename: string) => ({
  rel: 'releasefile',
  href: `http://other.example/a/b/+f/123/456/${filename}`,
  hash_spec: `sha256=${digest}`,
});

test('a server that is moved from can write nothing beside its dump', async () => {
  const release = (version: string) => ({ [version]: { '+links': [link('authorized_keys')] } });
  using server = await serving({
    '/': {
      ada: { indexes: { dev: { type: 'stage' } } },
      '../../eve': { indexes: { dev: { type: 'stage' } } },
    },
    '/ada/dev': { projects: ['a', 'b'] },
    '/ada/dev/a': release('../../../..'),
    '/ada/dev/b': release('1.0'),
    '/..%2F..%2Feve/dev': { projects: ['c'] },
    '/..%2F..%2Feve/dev/c': release('1.0'),
  });
  const directory = join(home.path, 'one/two/dump');

  const notes = await fetchDump(new SourceServer(server.url), { directory, indexes: [] }, silentProgress);

  expect(notes).toEqual([
    'ada/dev: not taken, since its names make no path: ada/dev/a/../../../../authorized_keys',
    '../../eve/dev: not taken, since its names make no path: ../../eve/dev/c/1.0/authorized_keys',
  ]);
  const written = await readdir(home.path, { recursive: true, withFileTypes: true });
  const files = written.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  expect(files.toSorted()).toEqual([
    join(directory, 'ada/dev/b/1.0/authorized_keys'),
    join(directory, 'dataindex.json'),
  ]);
});

test('a dump below a directory that others may enter tells them no names', async () => {
  using server = await serving({
    '/': { ada: { indexes: { dev: { type: 'stage' } } } },
    '/ada/dev': { projects: ['secret-project'] },
    '/ada/dev/secret-project': { '1.0': { '+links': [link('secret_project-1.0.tar.gz')] } },
  });
  const directory = join(home.path, 'open');
  await mkdir(directory, { mode: 0o755 });

  await fetchDump(new SourceServer(server.url), { directory, indexes: [] }, silentProgress);

  for (const each of await readdir(directory))
    expect((await stat(join(directory, each))).mode & 0o077).toBe(0);
});
