import { describe, expect, test } from 'vitest';
import { parseFilename } from './filename.ts';

describe('wheels', () => {
  const py3 = { python: ['py3'], abi: ['none'], platform: ['any'] };

  test.each([
    ['demo-1.0-py3-none-any.whl', { project: 'demo', version: '1.0', tags: py3 }],
    ['Zope.Interface-1.0-py3-none-any.whl', { project: 'zope-interface', version: '1.0' }],
    ['torch-2.1+cu118-py3-none-any.whl', { version: '2.1+cu118' }],
    ['demo-1!2.0-py3-none-any.whl', { version: '1!2.0' }],
    ['demo-1.0-1-py3-none-any.whl', { build: '1', tags: py3 }],
    ['demo-1.0-2b.c-py3-none-any.whl', { build: '2b.c' }],
    ['demo-1.0-py3-none-any-x8664v3.whl', { variant: 'x8664v3', tags: py3 }],
    ['demo-1.0-1-py3-none-any-cu13.whl', { build: '1', variant: 'cu13', tags: py3 }],
    [
      'demo-1.0-py2.py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
      {
        tags: {
          python: ['py2', 'py3'],
          abi: ['none'],
          platform: ['manylinux2014_x86_64', 'manylinux_2_17_x86_64'],
        },
      },
    ],
  ])('%s is read by counting from the right', (filename, expected) => {
    expect(parseFilename(filename)).toMatchObject({ kind: 'wheel', extension: 'whl', ...expected });
  });

  test.each([
    'demo-1.0.whl',
    'demo-1.0-py3-none.whl',
    'demo-1.0-a-b-py3-none-any-x.whl',
    'demo-1.0-1-2-py3-none-any-x.whl',
    'demo--py3-none-any.whl',
    '-1.0-py3-none-any.whl',
    'demo-1.0-py3--any.whl',
    'demo-1.0-py3-none-any..whl',
    'demo-1.0-py3-none-any.WHL',
  ])('%s is no wheel', (filename) => {
    expect(parseFilename(filename)).toBeUndefined();
  });
});

describe('sdists', () => {
  test.each([
    ['demo-1.0.tar.gz', 'demo', '1.0', 'tar.gz'],
    ['my_pkg-1.0.tar.gz', 'my-pkg', '1.0', 'tar.gz'],
    ['my-pkg-1.0.tar.gz', 'my-pkg', '1.0', 'tar.gz'],
    ['my-pkg-2-1.0.zip', 'my-pkg-2', '1.0', 'zip'],
    ['demo-1.0-beta.tgz', 'demo', '1.0-beta', 'tgz'],
    ['demo-1.0-1.tar.bz2', 'demo', '1.0-1', 'tar.bz2'],
    ['demo-1.0+cu118.tar.gz', 'demo', '1.0+cu118', 'tar.gz'],
    ['demo-1!2.0.tar.gz', 'demo', '1!2.0', 'tar.gz'],
    ['demo-dev.tar.gz', 'demo', 'dev', 'tar.gz'],
    ['demo-linux-tools-1.0.tar.gz', 'demo-linux-tools', '1.0', 'tar.gz'],
    ['win32-1.0.zip', 'win32', '1.0', 'zip'],
    ['demo-1.0.bz2', 'demo', '1.0', 'bz2'],
    ['demo-x-1.0.final.7z9.tar.gz', 'demo-x', '1.0.final.7z9', 'tar.gz'],
  ])('%s is %s %s', (filename, project, version, extension) => {
    expect(parseFilename(filename)).toEqual({ kind: 'sdist', project, version, extension });
  });

  test.each([
    ['a-2-1.tar.gz', 'a-2', '1'],
    ['a-2-1.tar.gz', 'A', '2-1'],
    ['a-2-1.tar.gz', 'other', '2-1'],
  ])('%s of project %s has version %s', (filename, expectedProject, version) => {
    expect(parseFilename(filename, expectedProject)).toMatchObject({ version });
  });
});

test.each([
  ['demo-1.0-py3.9.egg', 'egg', 'demo', '1.0'],
  ['my_pkg-1.0-py2.7-linux-x86_64.egg', 'egg', 'my-pkg', '1.0'],
  ['demo-1.0.win32-py2.7.exe', 'exe', 'demo', '1.0'],
  ['my-pkg-1.0.win-amd64.exe', 'exe', 'my-pkg', '1.0'],
  ['demo-1.0.win-amd64-py3.6.msi', 'msi', 'demo', '1.0'],
  ['demo-1.0-1.noarch.rpm', 'rpm', 'demo', '1.0'],
  ['my-pkg-1.0-1.src.rpm', 'rpm', 'my-pkg', '1.0'],
  ['python3-demo_1.0-1_all.deb', 'deb', 'python3-demo', '1.0'],
  ['python3-demo_1.0~rc1-1_all.deb', 'deb', 'python3-demo', '1.0~rc1'],
  ['demo-1.0.macosx-10.9-x86_64.dmg', 'dmg', 'demo', '1.0'],
  ['demo-1.0.linux-x86_64.tar.gz', 'bdist', 'demo', '1.0'],
  ['demo-1.0.win32.zip', 'bdist', 'demo', '1.0'],
])('%s is a %s of %s %s', (filename, kind, project, version) => {
  expect(parseFilename(filename)).toMatchObject({ kind, project, version });
});

test.each([
  '',
  '.tar.gz',
  'demo.tar.gz',
  'demo-1.0',
  'demo-1.0.tar.xz',
  'demo-1.0.txt',
  '.demo-1.0.tar.gz',
  '../demo-1.0.tar.gz',
  'a/demo-1.0.tar.gz',
  'a\\demo-1.0.tar.gz',
  'demo-1.0\n.tar.gz',
  'demo-1.0.tar.gz\n',
  'demo-1.0\0.tar.gz',
  'démo-1.0.tar.gz',
  'demo -1.0.tar.gz',
  `demo-${'1'.repeat(250)}.tar.gz`,
  '-1.0.tar.gz',
  'demo-.tar.gz',
])('%j is no archive name', (filename) => {
  expect(parseFilename(filename)).toBeUndefined();
});
