import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createIndex, uploadAll, wheelUpload } from '#test/index-api.ts';
import { runCommand } from '#test/run-command.ts';
import { launcher, serverEnvironment, startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;
let index: Awaited<ReturnType<typeof createIndex>>;
beforeAll(async () => {
  server = await startServer();
  index = await createIndex(server, 'ada/dev');
  await uploadAll(index, [
    wheelUpload({ name: 'sundial', metadata: { Summary: 'Tells the time' } }),
    wheelUpload({ name: 'moon', metadata: { Summary: 'Shines by the sun \u001b[31m' } }),
  ]);
});
afterAll(async () => await server[Symbol.asyncDispose]());

const run = (args: readonly string[]) =>
  runCommand([launcher, ...args, '--server', server.url], { env: serverEnvironment, timeoutMs: 60_000 });

it('search prints what fits as a table, or as JSON', async () => {
  const found = await run(['search', 'sun']);
  expect([found.exitCode, found.stderr]).toEqual([0, '']);
  expect(found.stdout.split('\n')[0]).toMatch(/^PROJECT +VERSION +INDEX +SUMMARY$/);
  expect(found.stdout).toMatch(/^sundial +1\.0 +ada\/dev +Tells the time$/m);
  expect(found.stdout).toMatch(/^moon /m);
  expect(found.stdout).not.toContain('\u001b');

  const { results } = JSON.parse((await run(['search', 'time', 'tells', '--json'])).stdout);
  expect(results).toMatchObject([{ project: 'sundial', match: 'summary' }]);
  const nothing = await run(['search', 'qqqqq']);
  expect([nothing.exitCode, nothing.stdout, nothing.stderr]).toEqual([0, '', 'nothing fits']);
  const missing = await run(['search', 'x', '--index', 'no/where']);
  expect([missing.exitCode, missing.stderr]).toEqual([1, expect.stringContaining('no/where')]);
});

it('events prints what happened, the newest last', async () => {
  const { exitCode, stdout, stderr } = await run(['events', '--index', 'ada/dev', '--type', 'upload']);
  expect([exitCode, stderr]).toEqual([0, '']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^ *SERIAL +TIME +WHO +TYPE +WHAT$/);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/ ada +packages\.file-uploaded +index=ada\/dev project=sundial /);

  const events = JSON.parse((await run(['events', '--project', 'moon', '--json'])).stdout);
  expect(events.map(({ type }: { type: string }) => type)).toEqual([
    'packages.project-created',
    'packages.file-uploaded',
  ]);
  expect((await run(['events', '--limit', '1', '--json'])).stdout).toContain('"project": "moon"');
  const wrong = await run(['events', '--since', 'yesterday']);
  expect([wrong.exitCode, wrong.stderr]).toEqual([1, expect.stringContaining('since')]);
  expect((await run(['events', '--limit', '0'])).stderr).toContain('--limit must be a whole number');
});

it('events --follow goes on with what happens', async () => {
  const child = spawn(launcher, ['events', '--follow', '--json', '--server', server.url], {
    env: serverEnvironment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let heard = '';
  child.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  await expect.poll(() => heard, { timeout: 20_000 }).toContain('"moon"');
  await uploadAll(index, [wheelUpload({ name: 'mars' })]);
  await expect.poll(() => heard, { timeout: 20_000 }).toContain('"mars"');
  child.kill('SIGINT');
  await once(child, 'exit');
  for (const line of heard.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('serial');
});
