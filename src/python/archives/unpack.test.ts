import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readerOf, ruleOf } from '#test/archive-file.ts';
import {
  metadataText,
  sdist,
  sdistFilename,
  tar,
  wheel,
  wheelFilename,
  type TarMember,
} from '#test/archives.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { unpackSdist } from './unpack.ts';

const PKG_INFO = { name: 'demo-1.0/PKG-INFO', data: metadataText() };

function tarSdist(...members: readonly TarMember[]): Buffer {
  return gzipSync(tar([PKG_INFO, ...members]));
}

test('files, links and what may be run stand where the archive says', async () => {
  await using directory = await makeTemporaryDirectory();
  const bytes = tarSdist(
    { name: 'demo-1.0/tests', type: '5' },
    { name: 'demo-1.0/run.sh', data: '#!/bin/sh\n', mode: '0104755' },
    { name: 'demo-1.0/link.sh', type: '2', target: 'run.sh' },
    { name: 'demo-1.0/deep/same.sh', type: '1', target: 'demo-1.0/run.sh' },
    { name: 'demo-1.0/twice.txt', data: 'first' },
    { name: 'demo-1.0/twice.txt', data: 'second' },
  );

  const top = await unpackSdist(readerOf(bytes), sdistFilename(), directory.path);

  expect(top).toBe(join(directory.path, 'demo-1.0'));
  expect((await readdir(top)).toSorted()).toEqual([
    'PKG-INFO',
    'deep',
    'link.sh',
    'run.sh',
    'tests',
    'twice.txt',
  ]);
  expect(await readlink(join(top, 'link.sh'))).toBe('run.sh');
  expect(await readFile(join(top, 'deep/same.sh'), 'utf8')).toBe('#!/bin/sh\n');
  expect(await readFile(join(top, 'twice.txt'), 'utf8')).toBe('second');
  // Whoever may run it, nobody becomes somebody else by it.
  expect((await stat(join(top, 'run.sh'))).mode & 0o7111).toBe(0o111);
  expect((await stat(join(top, 'PKG-INFO'))).mode & 0o111).toBe(0);
});

test('a zip is unpacked, too', async () => {
  await using directory = await makeTemporaryDirectory();

  const top = await unpackSdist(
    readerOf(sdist({ format: 'zip' })),
    sdistFilename({ format: 'zip' }),
    directory.path,
  );

  expect(await readFile(join(top, 'demo.py'), 'utf8')).toBe('answer = 42\n');
});

test.each([
  ['a name that leads out', sdistFilename(), tarSdist({ name: 'demo-1.0/../../out', data: 'x' })],
  ['an absolute name', sdistFilename(), tarSdist({ name: '/out', data: 'x' })],
  ['a link that leads out', sdistFilename(), tarSdist({ name: 'demo-1.0/l', type: '2', target: '../..' })],
  [
    'a file below a link',
    sdistFilename(),
    tarSdist({ name: 'demo-1.0/l', type: '2', target: 'tests' }, { name: 'demo-1.0/l/out', data: 'x' }),
  ],
  ['a device', sdistFilename(), tarSdist({ name: 'demo-1.0/null', type: '3' })],
  ['a wheel', wheelFilename(), wheel()],
  ['a cut off archive', sdistFilename(), sdist().subarray(0, 100)],
])('%s is refused before anything is written', async (_what, filename, bytes) => {
  await using directory = await makeTemporaryDirectory();

  expect(await ruleOf(unpackSdist(readerOf(bytes), filename, directory.path))).toBeDefined();
  expect(await readdir(directory.path)).toEqual([]);
});
