import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPythons } from './find-pythons.ts';
import { runChecked } from '#test/run-command.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

test('the CPythons of this machine have their tags, one each, and are found without links', async () => {
  const pythons = await findPythons();

  expect(pythons.length).toBeGreaterThan(0);
  expect(new Set(pythons.map(({ tag }) => tag)).size).toBe(pythons.length);
  for (const { executable, version, tag, platform, prefixes } of pythons) {
    const [major, minor] = version.split('.');
    expect(tag).toMatch(new RegExp(`^cp${major}${minor}t?$`));
    expect(Number(minor)).toBeGreaterThanOrEqual(8);
    expect(platform).toMatch(/^linux_\w+$/);
    expect(
      prefixes.every((each) => executable.startsWith('/usr/') || executable.startsWith(`${each}/`)),
    ).toBe(true);
    const told = await runChecked([
      executable,
      '-c',
      'import os, sys; print(os.path.realpath(sys.executable))',
    ]);
    expect(told.stdout).toBe(executable);
  }
});

test('a script that chooses a Python does not count, and is not run', async () => {
  await using directory = await makeTemporaryDirectory();
  const [shims, trace] = [join(directory.path, 'shims'), join(directory.path, 'trace')];
  await mkdir(shims);
  await writeFile(join(shims, 'python3'), `#!/bin/sh\ntouch ${trace}\nexec /usr/bin/env python3 "$@"\n`);
  await chmod(join(shims, 'python3'), 0o755);

  expect(await findPythons([shims])).toEqual([]);

  const { stdout } = await runChecked(['ls', directory.path]);
  expect(stdout).toBe('shims');
});

test('a virtual environment is the Python that it was made from', async () => {
  await using directory = await makeTemporaryDirectory();
  const [python] = await findPythons();
  const bin = join(directory.path, 'bin');
  await mkdir(bin);
  await writeFile(
    join(directory.path, 'pyvenv.cfg'),
    `home = ${python?.executable.replace(/\/[^/]*$/, '')}\n`,
  );
  await symlink(python?.executable ?? '', join(bin, 'python3'));

  expect(await findPythons([bin])).toEqual([python]);
});

test('names that only begin like those of Pythons are not looked at', async () => {
  await using directory = await makeTemporaryDirectory();
  await symlink('/bin/true', join(directory.path, 'python3-config'));
  await symlink('/bin/true', join(directory.path, 'python3.11'));
  await symlink(join(directory.path, 'nowhere'), join(directory.path, 'python'));

  expect(await findPythons([directory.path])).toEqual([]);
});
