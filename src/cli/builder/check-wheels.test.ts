import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { wheel, wheelFilename, type WheelOptions } from '#test/archives.ts';
import { runChecked } from '#test/run-command.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { takeWheels } from './check-wheels.ts';

const WANTED = { project: 'demo', version: '1.0', python: { tag: 'cp311', platform: 'linux_x86_64' } };

async function taken(make: (directory: string) => Promise<unknown>) {
  await using directory = await makeTemporaryDirectory();
  const [from, to] = [join(directory.path, 'from'), join(directory.path, 'to')];
  await mkdir(from);
  await make(from);
  const wheels = await takeWheels(from, to, WANTED);
  return { wheels, files: await readdir(to) };
}

const put = (options: WheelOptions) => (directory: string) =>
  writeFile(join(directory, wheelFilename(options)), wheel(options));

test.each<WheelOptions>([
  {},
  { version: '1.0.0' },
  { tag: 'py2.py3-none-any' },
  { tag: 'cp311-cp311-linux_x86_64' },
  { tag: 'cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64' },
])('a wheel %j is taken, with its digest', async (options) => {
  const { wheels, files } = await taken(put(options));

  expect(wheels).toMatchObject([
    {
      filename: wheelFilename(options),
      size: wheel(options).length,
      sha256: expect.stringMatching(/^\w{64}$/),
    },
  ]);
  expect(files).toEqual([wheelFilename(options)]);
});

test.each<[string, WheelOptions, string]>([
  ['another project', { name: 'other' }, 'is not demo 1.0, which was to be built'],
  ['another version', { version: '2.0' }, 'is not demo 1.0, which was to be built'],
  ['another Python', { tag: 'cp310-cp310-linux_x86_64' }, 'does not fit cp311-linux_x86_64'],
  ['another platform', { tag: 'py3-none-linux_aarch64' }, 'does not fit cp311-linux_x86_64'],
  ['another name in METADATA', { metadata: { Name: 'other' } }, 'name'],
  ['a wrong RECORD', { record: '' }, 'RECORD'],
])('a wheel of or with %s is refused', async (_, options, sentence) => {
  await expect(taken(put(options))).rejects.toThrow(sentence);
});

const NAME = 'demo-1.0-py3-none-any.whl';

test.each<[string, (directory: string) => unknown, string]>([
  ['nothing', () => undefined, 'there is no wheel'],
  ['a link', (directory) => symlink('/etc/hostname', join(directory, NAME)), 'cannot be read'],
  ['a pipe', (directory) => runChecked(['mkfifo', join(directory, NAME)]), 'is not a file'],
  ['a directory', (directory) => mkdir(join(directory, NAME)), 'is not a file'],
  ['other bytes', (directory) => writeFile(join(directory, NAME), 'PK'), 'is not that of a .whl file'],
  ['a name that is none', (directory) => writeFile(join(directory, '-1.whl'), 'PK'), 'is no name of a wheel'],
])('where there is %s instead of a wheel, it is refused', async (_, make, sentence) => {
  await expect(taken(async (directory) => make(directory))).rejects.toThrow(sentence);
});
