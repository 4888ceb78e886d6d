import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { wheel } from '#test/archives.ts';
import { readerOf } from '#test/archive-file.ts';
import { findOwners } from './find-owners.ts';
import { readNativeNeeds } from './read-libraries.ts';

const { sharedObjects } = process.report.getReport() as unknown as {
  readonly sharedObjects: readonly string[];
};
const library = (name: string) => readFileSync(sharedObjects.find((path) => path.includes(`/${name}`)) ?? '');
const HERE = { x64: 'linux_x86_64', arm64: 'linux_aarch64' }[process.arch as 'x64' | 'arm64'];
const ELSEWHERE = HERE === 'linux_x86_64' ? 'linux_aarch64' : 'linux_x86_64';

function needs(files: Readonly<Record<string, Buffer | string>>, platform = HERE) {
  return readNativeNeeds(readerOf(wheel({ files })), platform);
}

test('a pure wheel needs nothing', async () => {
  expect(await needs({})).toEqual({ libraries: [], glibc: undefined, foreign: [] });
});

test('what a wheel brings itself, it does not need of the system', async () => {
  const libm = library('libm.so');

  const alone = await needs({ 'demo/_c.abi3.so': libm });
  const complete = await needs({ 'demo/_c.abi3.so': libm, 'demo.libs/libc.so.6': library('libc.so') });

  expect(alone).toMatchObject({ glibc: expect.stringMatching(/^2\.\d+$/), foreign: [] });
  expect(alone.libraries).toContain('libc.so.6');
  expect(complete.libraries).not.toContain('libc.so.6');
});

test('a library for another processor, or that is none, is foreign', async () => {
  expect(await needs({ 'demo/_c.so': library('libm.so') }, ELSEWHERE)).toMatchObject({
    foreign: ['demo/_c.so'],
  });
  expect(await needs({ 'demo/_c.so': 'text' })).toMatchObject({ foreign: ['demo/_c.so'] });
});

test('those of every system are left out, and what this machine does not have has no package', async () => {
  expect(
    await findOwners(['libc.so.6', 'libm.so.6', 'ld-linux-x86-64.so.2', 'libnever-heard-of.so.7']),
  ).toEqual([{ name: 'libnever-heard-of.so.7' }]);
});

test.skipIf(!existsSync('/var/lib/dpkg/info'))('libraries of Debian have their packages', async () => {
  expect(await findOwners(['libz.so.1'])).toEqual([{ name: 'libz.so.1', debianPackage: 'zlib1g' }]);
});
