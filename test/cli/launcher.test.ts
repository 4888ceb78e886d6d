import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '#kernel/process/run.ts';
import { cleanEnvironment } from '#test/clean-environment.ts';
import { launcher } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

it('runs with the Node of the package where PATH has none', async () => {
  await using directory = await makeTemporaryDirectory();
  const tools = join(directory.path, 'tools');
  await mkdir(tools);
  for (const tool of ['readlink', 'dirname', 'uname', 'sh'])
    await symlink(`/usr/bin/${tool}`, join(tools, tool));

  const result = await run(['/bin/sh', launcher, '--version'], { cwd: directory.path, env: { PATH: tools } });

  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(result.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it('runs through links, absolute and relative, from anywhere', async () => {
  await using directory = await makeTemporaryDirectory();
  const { path } = directory;
  await mkdir(join(path, 'with space'));
  await symlink(launcher, join(path, 'absolute'));
  await symlink('../absolute', join(path, 'with space', 'relative'));
  await symlink(relative(path, launcher), join(path, 'direct'));

  for (const link of ['absolute', 'with space/relative', 'direct']) {
    const inside = await run([`./${link}`, '--version'], { cwd: path, env: cleanEnvironment });
    const outside = await run([join(path, link), '--version'], { cwd: '/', env: cleanEnvironment });
    expect(inside, link).toMatchObject({ exitCode: 0, stderr: '' });
    expect(outside, link).toEqual(inside);
  }
});

it('passes arguments on as they are', async () => {
  const { stderr } = await run([launcher, 'no such  *command'], { env: cleanEnvironment });

  expect(stderr).toContain(`unknown command 'no such  *command'`);
});

it('says what to do when the packages are not installed', async () => {
  await using directory = await makeTemporaryDirectory();
  await copyFile(launcher, join(directory.path, 'wheelhouse'));

  const result = await run([join(directory.path, 'wheelhouse'), '--version'], { env: cleanEnvironment });

  expect(result.exitCode).toBe(2);
  expect(result.stderr).toMatch(/^error: node-\S+ is not installed below .*\nhint: run `npm ci` there/);
});
