import { expect, test } from 'vitest';
import { AppError } from '#kernel/errors/app-error.ts';
import { compareTargets, formatTarget, parseTarget } from './target.ts';

const targetOf = (text: string) => parseTarget(text, 'linux_x86_64');

test.each([
  ['cp311', 'cp311-linux_x86_64'],
  [' cp38 ', 'cp38-linux_x86_64'],
  ['cp313t', 'cp313t-linux_x86_64'],
  ['cp311-linux_aarch64', 'cp311-linux_aarch64'],
  ['cp313t-linux_armv7l', 'cp313t-linux_armv7l'],
])('%j is the target %s', (text, full) => {
  expect(formatTarget(targetOf(text))).toBe(full);
  expect(targetOf(full)).toEqual(targetOf(text));
});

test('without a platform a target is for this machine', () => {
  expect(formatTarget(parseTarget('cp311'))).toMatch(/^cp311-linux_\w+$/);
});

test.each([
  ['', /write a CPython as cp311/],
  ['3.11', /"3\.11" is no target of wheels: write a CPython as cp311/],
  ['py311', /write a CPython/],
  ['pp311', /write a CPython/],
  ['cp27', /write a CPython/],
  ['cp3', /write a CPython/],
  ['cp3111', /write a CPython/],
  ['cp312t', /write a CPython/],
  ['cp311-', /write a CPython/],
  ['cp311\n-linux_x86_64', /write a CPython/],
  ['cp311-linux_arm64', /write one of the platforms linux_aarch64,/],
  ['cp311-manylinux2014_x86_64', /write one of the platforms/],
  ['cp311-musllinux_1_2_x86_64', /write one of the platforms/],
  ['cp311-win_amd64', /write one of the platforms/],
])('%j is refused with the remedy', (text, message) => {
  expect(() => targetOf(text)).toThrow(AppError);
  expect(() => targetOf(text)).toThrow(message);
});

test('targets are ordered by numbers', () => {
  const ordered = ['cp38', 'cp39', 'cp310', 'cp311', 'cp313', 'cp313t', 'cp314', 'cp314-linux_aarch64'];
  const targets = ordered.map(targetOf);
  const [native, other] = [targets.slice(0, -1), targets.slice(-1)];

  expect(targets.toReversed().sort(compareTargets)).toEqual([
    ...native.slice(0, -1),
    ...other,
    ...native.slice(-1),
  ]);
});
