import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sdist, sdistFilename, wheel, wheelFilename } from '#test/archives.ts';
import { cleanEnvironment } from '#test/clean-environment.ts';
import { clientPath } from '#test/clients.ts';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { createIndex } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

// The real devpi-client, with the real tox.

let server: ServerProcess;
let session: ClientSession;

beforeAll(async () => {
  // It sends to another one on this machine; the proxy of tests leads nowhere.
  server = await startServer({ arguments: ['--host', 'localhost'], env: { NO_PROXY: 'localhost' } });
  session = await openClientSession();
});
afterAll(async () => {
  await session[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** It finds tox where a person would have it: on the path. */
const devpi = (...args: string[]) =>
  session.run('devpi', args, {
    env: { PATH: [dirname(clientPath('tox')), cleanEnvironment['PATH']].join(delimiter) },
  });

it('tests a release, lists how that went, and pushes it with its results', { timeout: 300_000 }, async () => {
  const dev = await createIndex(server, 'alice/dev');
  await createIndex(server, 'alice/prod');
  await session.succeed('devpi', ['use', dev.url]);
  await session.succeed('devpi', ['login', dev.user, `--password=${dev.password}`]);
  const options = { name: 'answers' };
  await session.write(wheelFilename(options), wheel(options));
  // devpi-client asks for an sdist, also where only wheels are tested.
  await session.write(sdistFilename(options), sdist(options));
  await session.succeed('devpi', ['upload', wheelFilename(options), sdistFilename(options)]);
  const ini = (module: string) =>
    `[tox]\nenvlist = unit\n[testenv:unit]\ncommands = python -c "import ${module}; print('asked')"\n`;
  await session.write('good.ini', ini('answers'));
  await session.write('bad.ini', ini('absent'));

  const passed = await devpi(
    'test',
    '--select',
    'whl$',
    '-c',
    join(session.directory, 'good.ini'),
    'answers',
  );
  expect(passed.exitCode, passed.stdout + passed.stderr).toBe(0);
  expect(passed.stdout).toContain('posting tox result data to');
  expect(passed.stdout).toMatch(/^success$/m);
  const listed = await devpi('list', '-t', 'answers');
  expect(listed.stdout).toContain('unit');
  expect(listed.stdout).toContain('tests passed');

  const failed = await devpi('test', '--select', 'whl$', '-c', join(session.directory, 'bad.ini'), 'answers');
  expect(failed.exitCode).not.toBe(0);
  expect((await devpi('list', '-f', 'answers')).stdout).toContain('absent');

  const pushed = await devpi('push', 'answers==1.0', 'alice/prod');
  expect(pushed.exitCode, pushed.stdout + pushed.stderr).toBe(0);
  expect(pushed.stdout).toMatch(/ 200 register answers 1\.0 -> alice\/prod\n/);
  expect(pushed.stdout.match(/ 200 store_toxresult alice\/prod\/\+f\//g)).toHaveLength(2);
  const there = await devpi('list', '--index', 'alice/prod', '-t', 'answers');
  // The newest result of each environment counts.
  expect(there.stdout).toContain('tests failed');

  const again = await devpi('push', 'answers==1.0', 'alice/prod');
  expect(again.stdout).toBe(pushed.stdout);
  const absent = await devpi('push', 'answers==9', 'alice/prod');
  expect(absent.exitCode).toBe(1);
  expect(absent.stdout + absent.stderr).toContain('there are no files for answers 9 on stage alice/dev');
});

it('pushes to another server that ~/.pypirc names', { timeout: 120_000 }, async () => {
  await using other = await startServer({ arguments: ['--host', 'localhost'] });
  const target = await createIndex(other, 'bob/released');
  await session.write(
    'pypirc',
    `[distutils]\nindex-servers = other\n[other]\nrepository: ${target.url}/\nusername: bob\npassword: ${target.password}\n`,
  );
  const push = ['push', '--pypirc', join(session.directory, 'pypirc'), 'answers==1.0', 'pypi:other'];

  const refused = await devpi(...push);
  expect(refused.exitCode).toBe(1);
  expect(refused.stdout).toContain('at a private address');

  await session.succeed('devpi', ['login', 'root', '--password=']);
  const pushed = await devpi(...push);
  expect(pushed.exitCode, pushed.stdout + pushed.stderr).toBe(0);
  expect(pushed.stdout).toMatch(/ 200 upload alice\/dev\/\+f\/\S+\/answers-1\.0-py3-none-any\.whl/);
  const page = await fetch(`${target.simple}answers/`, { headers: { accept: 'application/json' } });
  expect(await page.text()).toContain(wheelFilename({ name: 'answers' }));
});
