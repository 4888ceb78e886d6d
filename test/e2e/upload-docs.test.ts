import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { zip } from '#test/archives.ts';
import { openClientSession } from '#test/client-session.ts';
import { clientPath, executablePath } from '#test/clients.ts';
import { createIndex, request, uploadAll, wheelUpload } from '#test/index-api.ts';
import { launcher, startServer, type ServerProcess } from '#test/server.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

it('builds documentation with sphinx, and uploads it after the release', async () => {
  await using session = await openClientSession();
  const index = await createIndex(server, 'ann/dev');
  const wheelhouse = async (args: readonly string[], input?: string) =>
    await session.runProgram([launcher, ...args], {
      env: { PATH: `${dirname(clientPath('sphinx-build'))}:/usr/bin:/bin` },
      ...(input !== undefined && { input }),
    });
  await wheelhouse(['use', index.url]);
  await wheelhouse(['login', index.user, '--password', '-'], `${index.password}\n`);
  await session.write(
    'setup.py',
    "from setuptools import setup\nsetup(name='demo', version='1.0', py_modules=['demo'])\n",
  );
  await session.write('demo.py', 'answer = 42\n');
  await session.write('docs/conf.py', "project = 'demo'\n");
  await session.write('docs/index.rst', 'Demo\n====\n\nThe answer is 42.\n');
  const args = ['--no-isolation', '-p', executablePath('devpi-client', 'python')];

  const { exitCode, stdout, stderr } = await wheelhouse(['upload', '--wheel', '--with-docs', ...args]);

  expect(exitCode, stdout + stderr).toBe(0);
  expect(stdout.split('\n').slice(-3, -1)).toEqual([
    `file_upload of demo-1.0-py3-none-any.whl to ${index.url}/`,
    `doc_upload of demo-1.0.doc.zip to ${index.url}/`,
  ]);
  expect(stdout).toMatch(/^built: dist\/demo-1\.0\.doc\.zip \[sphinx docs\] \d+kb$/m);
  const page = await request(server, 'GET', '/ann/dev/demo/1.0/+doc/index.html', index);
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('The answer is 42.')]);

  // The documentation alone, and a zip from elsewhere for the newest version.
  const only = await wheelhouse(['upload', '--only-docs', '--dry-run', ...args]);
  expect(only.stdout.split('\n').at(-2)).toBe(`skipped: doc_upload of demo-1.0.doc.zip to ${index.url}/`);
  expect(await readdir(join(session.directory, 'dist'))).toEqual(['demo-1.0.doc.zip']);
  await uploadAll(index, [wheelUpload({ version: '2.0' })]);
  await session.write('demo.doc.zip', zip([{ name: 'index.html', data: '<p>of the newest</p>' }]));
  const given = await wheelhouse(['upload', 'demo.doc.zip']);
  expect(given.exitCode, given.stderr).toBe(0);
  const newest = await request(server, 'GET', '/ann/dev/demo/2.0/+doc/index.html', index);
  expect(newest.text).toContain('of the newest');
});
