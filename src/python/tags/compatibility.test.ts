import { describe, expect, test } from 'vitest';
import { parseFilename, type WheelTags } from '../names/filename.ts';
import { isCompatible, isForManyPythons, type Glibc } from './compatibility.ts';
import { parseTarget } from './target.ts';

function tagsOf(text: string): WheelTags {
  const { tags } = parseFilename(`demo-1.0-${text}.whl`) ?? {};
  if (tags === undefined) throw new Error(`${text} is no tag`);
  return tags;
}

function isFor(tags: string, target: string, glibc?: Glibc): boolean {
  return isCompatible(tagsOf(tags), parseTarget(target, 'linux_x86_64'), glibc);
}

// What stands here is what packaging 26.3 says (`tags.cpython_tags`, `tags.compatible_tags`).
describe('a wheel fits', () => {
  test.each([
    // The ABI of one CPython.
    ['cp311-cp311-linux_x86_64', 'cp311'],
    ['cp39-cp39-linux_x86_64', 'cp39'],
    ['cp37-cp37m-linux_x86_64', 'cp37'],
    ['cp313-cp313t-linux_x86_64', 'cp313t'],
    ['cp310.cp311-cp310.cp311-linux_x86_64', 'cp311'],
    // The stable ABI, of this or an older CPython.
    ['cp311-abi3-linux_x86_64', 'cp311'],
    ['cp39-abi3-linux_x86_64', 'cp311'],
    ['cp32-abi3-linux_x86_64', 'cp314'],
    ['cp315-abi3t-linux_x86_64', 'cp315t'],
    ['cp315-abi3.abi3t-linux_x86_64', 'cp316t'],
    ['cp315-abi3.abi3t-linux_x86_64', 'cp315'],
    // No ABI.
    ['py3-none-any', 'cp311'],
    ['py3-none-any', 'cp313t'],
    ['py2.py3-none-any', 'cp311'],
    ['py311-none-any', 'cp311'],
    ['py39-none-any', 'cp311'],
    ['py30-none-any', 'cp311'],
    ['py36.py37.py38.py39.py310-none-any', 'cp311'],
    ['cp311-none-any', 'cp311'],
    ['cp313-none-any', 'cp313t'],
    ['cp311-none-linux_x86_64', 'cp311'],
    ['py3-none-linux_x86_64', 'cp311'],
    // Platforms.
    ['cp311-cp311-manylinux1_x86_64', 'cp311'],
    ['cp311-cp311-manylinux2010_x86_64', 'cp311'],
    ['cp311-cp311-manylinux2014_x86_64', 'cp311'],
    ['cp311-cp311-manylinux_2_34_x86_64', 'cp311'],
    ['cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64', 'cp311'],
    ['cp311-cp311-macosx_11_0_arm64.manylinux_2_28_x86_64', 'cp311'],
    ['cp311-cp311-manylinux2014_aarch64', 'cp311-linux_aarch64'],
    ['cp311-cp311-linux_armv7l', 'cp311-linux_armv7l'],
  ])('%s on %s', (tags, target) => {
    expect(isFor(tags, target)).toBe(true);
  });
});

describe('a wheel does not fit', () => {
  test.each([
    ['cp310-cp310-linux_x86_64', 'cp311'],
    ['cp312-cp312-linux_x86_64', 'cp311'],
    ['cp31-cp31-linux_x86_64', 'cp311'],
    ['cp311-cp310-linux_x86_64', 'cp311'],
    ['cp311-cp311d-linux_x86_64', 'cp311'],
    ['cp37-cp37-linux_x86_64', 'cp37'],
    ['cp38-cp38m-linux_x86_64', 'cp38'],
    ['pp311-pypy311_pp73-linux_x86_64', 'cp311'],
    // The free-threaded build is another ABI, and does not have the stable one.
    ['cp313-cp313-linux_x86_64', 'cp313t'],
    ['cp313-cp313t-linux_x86_64', 'cp313'],
    ['cp313t-cp313t-linux_x86_64', 'cp313t'],
    ['cp39-abi3-linux_x86_64', 'cp313t'],
    ['cp315-abi3t-linux_x86_64', 'cp315'],
    // Newer Pythons.
    ['cp312-abi3-linux_x86_64', 'cp311'],
    ['cp316-abi3t-linux_x86_64', 'cp315t'],
    ['py312-none-any', 'cp311'],
    ['py2-none-any', 'cp311'],
    ['cp310-none-any', 'cp311'],
    ['cp3-none-any', 'cp311'],
    ['pp3-none-any', 'cp311'],
    ['py3-abi3-linux_x86_64', 'cp311'],
    // An ABI is always of some platform.
    ['cp311-cp311-any', 'cp311'],
    ['cp39-abi3-any', 'cp311'],
    // Other platforms.
    ['cp311-cp311-linux_aarch64', 'cp311'],
    ['cp311-cp311-linux_x86_64', 'cp311-linux_aarch64'],
    ['cp39-abi3-manylinux2014_x86_64', 'cp311-linux_aarch64'],
    ['py3-none-manylinux2014_aarch64', 'cp311'],
    ['cp311-cp311-linux_armv6l', 'cp311-linux_armv7l'],
    ['cp311-cp311-musllinux_1_2_x86_64', 'cp311'],
    ['py3-none-win_amd64', 'cp311'],
    ['py3-none-macosx_11_0_universal2', 'cp311'],
    ['cp311-cp311-manylinux1_aarch64', 'cp311-linux_aarch64'],
    ['cp311-cp311-manylinux_2_5_aarch64', 'cp311-linux_aarch64'],
    ['cp311-cp311-manylinux_2_4_x86_64', 'cp311'],
    ['cp311-cp311-manylinux2015_x86_64', 'cp311'],
    ['cp311-cp311-manylinux_2_17_constructor', 'cp311'],
  ])('%s on %s', (tags, target) => {
    expect(isFor(tags, target)).toBe(false);
  });
});

test.each<[string, Glibc, boolean]>([
  ['manylinux_2_36_x86_64', [2, 36], true],
  ['manylinux_2_37_x86_64', [2, 36], false],
  ['manylinux_2_9_x86_64', [2, 36], true],
  ['manylinux2014_x86_64', [2, 17], true],
  ['manylinux2014_x86_64', [2, 16], false],
  ['manylinux_3_0_x86_64', [2, 36], false],
  ['linux_x86_64', [2, 5], true],
])('%s on a system with glibc %j: %s', (platform, glibc, fits) => {
  expect(isFor(`cp311-cp311-${platform}`, 'cp311', glibc)).toBe(fits);
});

test.each([
  ['py3-none-any', true],
  ['py311-none-linux_x86_64', true],
  ['cp39-abi3-linux_x86_64', true],
  ['cp315-abi3.abi3t-linux_x86_64', true],
  ['cp311-cp311-linux_x86_64', false],
  ['cp311-none-linux_x86_64', false],
])('%s is for many Pythons: %s', (tags, isForMany) => {
  expect(isForManyPythons(tagsOf(tags))).toBe(isForMany);
});
