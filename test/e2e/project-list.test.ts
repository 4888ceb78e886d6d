import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { platform } from 'node:os';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { createIndex } from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

const NAMES = 1_200_000;
const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
/** May ask upstreams on this machine, and no others. */
const LOCAL = { WHEELHOUSE_OFFLINE: 'no', NO_PROXY: '127.0.0.1' };
const noProc = platform() === 'linux' ? undefined : 'memory of a process is read from /proc';

it.skipIf(skipWithout(noProc))('lists a mirror of 1,200,000 projects in bounded memory', async () => {
  await using upstream = await startUpstream();
  await using server = await startServer({ env: LOCAL });
  const mirror = await createIndex(server, 'anna/mirror', { type: 'mirror', mirror_url: upstream.url });
  const stage = await createIndex(server, 'anna/dev', { bases: ['anna/mirror'] });
  const before = await peakMemory(server);

  const listing = fetch(mirror.simple, { headers: { accept: JSON_TYPE, 'accept-encoding': 'identity' } });
  const asked = performance.now();
  const page = await fetch(`${mirror.simple}project-1/`, { headers: { accept: JSON_TYPE } });
  const waited = performance.now() - asked;
  const { projects } = (await (await listing).json()) as { projects: { name: string }[] };

  expect(page.status).toBe(200);
  expect(waited, 'milliseconds that a project page took meanwhile').toBeLessThan(2000);
  expect(new Set(projects.map(({ name }) => name)).size).toBe(NAMES);
  const merged = await fetch(stage.simple, { headers: { accept: JSON_TYPE } });
  expect(((await merged.json()) as { projects: unknown[] }).projects).toHaveLength(NAMES);
  const again = await fetch(stage.simple, {
    headers: { accept: JSON_TYPE, 'if-none-match': merged.headers.get('etag') ?? '' },
  });
  expect(again.status).toBe(304);
  const slice = await fetch(`${mirror.url}?q=project-119999&limit=2&offset=1&total`);
  expect(await slice.json()).toMatchObject({
    result: { projects: ['project-1199990', 'project-1199991'], total: 11 },
  });
  expect(upstream.lists()).toBe(1);
  expect((await peakMemory(server)) - before, 'MiB that the server grew by').toBeLessThan(512);
});

/** An index with many projects without files. */
async function startUpstream() {
  const names = Array.from({ length: NAMES }, (_name, number) => `{"name":"project-${number}"}`);
  const list = gzipSync(`{"meta":{"api-version":"1.4"},"projects":[${names.join(',')}]}`, { level: 1 });
  let lists = 0;
  const server = createServer((request, response) => {
    if (request.url !== '/simple/') {
      response.setHeader('content-type', JSON_TYPE);
      response.end('{"meta":{"api-version":"1.4"},"name":"project-1","versions":[],"files":[]}');
      return;
    }
    lists += 1;
    response
      .writeHead(200, { 'content-type': JSON_TYPE, 'content-encoding': 'gzip', etag: '"list"' })
      .end(list);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    lists: () => lists,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** MiB. */
async function peakMemory({ pid }: ServerProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
