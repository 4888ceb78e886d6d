import { expect, test } from 'vitest';
import type { LockedPackage } from '#python/locks/lock.ts';
import { chooseFiles, type ListedFile } from './choose-files.ts';

const digest = (letter: string) => letter.repeat(64);

function listed(filename: string, sha256?: string, size?: number): ListedFile {
  return { filename, url: `http://index/${filename}`, sha256, size, metadata: undefined };
}

const page = [
  listed('demo-1.0.tar.gz', digest('a'), 10),
  listed('demo-1.0-py3-none-any.whl', digest('b'), 20),
  listed('demo-1.0+cu1-cp311-cp311-linux_x86_64.whl', digest('c'), 30),
  listed('demo-1.1-py3-none-any.whl', digest('d'), 40),
];

interface Case {
  readonly says: string;
  readonly locked: Omit<LockedPackage, 'project'>;
  readonly only?: readonly string[];
  readonly page?: readonly ListedFile[];
  readonly files?: readonly string[];
  readonly missing?: readonly string[];
}

test.each<Case>([
  {
    says: 'all files of the version, local ones too',
    locked: { version: '1' },
    files: page.slice(0, 3).map(({ filename }) => filename),
  },
  { says: 'only what a local version names', locked: { version: '1.0+cu1' }, files: [page[2]!.filename] },
  {
    says: 'what the globs let through',
    locked: { version: '1.0' },
    only: ['*.tar.gz', '*none*'],
    files: ['demo-1.0.tar.gz', 'demo-1.0-py3-none-any.whl'],
  },
  {
    says: 'nothing that no glob lets through',
    locked: { version: '1.0' },
    only: ['*win*'],
    missing: [': no file matches --only'],
  },
  {
    says: 'what a hash allows',
    locked: { version: '1.0', files: [{ sha256: digest('b') }] },
    files: ['demo-1.0-py3-none-any.whl'],
  },
  {
    says: 'a hash that no file has',
    locked: { version: '1.0', files: [{ sha256: digest('b') }, { sha256: digest('e') }] },
    files: ['demo-1.0-py3-none-any.whl'],
    missing: [`: the index lists no file with the sha256 ${digest('e')}`],
  },
  {
    says: 'files by name',
    locked: { version: '1.0', files: [{ filename: 'demo-1.0.tar.gz', sha256: digest('a') }] },
    files: ['demo-1.0.tar.gz'],
  },
  {
    says: 'a name that the index does not list',
    locked: { version: '1.0', files: [{ filename: 'demo-1.0.zip' }] },
    missing: ['demo-1.0.zip: the index does not list it'],
  },
  {
    says: 'a name with another hash',
    locked: { version: '1.0', files: [{ filename: 'demo-1.0.tar.gz', sha256: digest('f') }] },
    missing: [`demo-1.0.tar.gz: the index offers it with the sha256 ${digest('a')}, not ${digest('f')}`],
  },
  {
    says: 'a name with another size',
    locked: { version: '1.0', files: [{ filename: 'demo-1.0.tar.gz', size: 11 }] },
    missing: ['demo-1.0.tar.gz: the index offers it with 10 bytes, not 11'],
  },
  {
    says: 'a version that is not there',
    locked: { version: '9' },
    missing: [': the index lists no file of this version'],
  },
  {
    says: 'what may be allowed, where the index tells no hashes',
    locked: { version: '1.0', files: [{ sha256: digest('a') }] },
    page: [listed('demo-1.0.tar.gz'), listed('demo-1.0.zip')],
    files: ['demo-1.0.tar.gz', 'demo-1.0.zip'],
  },
])('chooses $says', ({ locked, only = [], page: offered = page, files = [], missing = [] }) => {
  const choice = chooseFiles({ project: 'Demo', ...locked }, offered, only);

  expect(choice.files.map(({ filename }) => filename)).toEqual(files);
  expect(choice.missing.map(({ filename = '', reason }) => `${filename}: ${reason}`)).toEqual(
    missing.map((line) => line),
  );
});
