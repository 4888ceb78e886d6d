import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { seededRandom } from '#test/random.ts';
import { readElf } from './read-elf.ts';

const { sharedObjects } = process.report.getReport() as unknown as {
  readonly sharedObjects: readonly string[];
};
const library = (name: string) => readFileSync(sharedObjects.find((path) => path.includes(`/${name}`)) ?? '');
const LIBM = library('libm.so');
const MACHINE = { x64: 62, arm64: 183 }[process.arch as 'x64' | 'arm64'];

test('a library says what it is and what it needs', () => {
  const libm = readElf(LIBM);

  expect(libm).toMatchObject({ machine: MACHINE, bits: 64, name: 'libm.so.6' });
  expect(libm?.needed).toContain('libc.so.6');
  expect(libm?.glibc?.[0]).toBe(2);
});

test('a program has no name', () => {
  const node = readElf(readFileSync(process.execPath));

  expect(node?.name).toBeUndefined();
  expect(node?.needed).toContain('libc.so.6');
  expect(node?.glibc?.[1]).toBeGreaterThanOrEqual(17);
});

test.each(['', 'PK', '\u007fEL', '\u007fELF', '#!/bin/sh\n'])('%j is no ELF file', (text) => {
  expect(readElf(Buffer.from(text, 'latin1'))).toBeUndefined();
});

test('a damaged file is read to an end, and never thrown at whoever asks', () => {
  const random = seededRandom(1);
  const interesting = LIBM.length > 65_536 ? 65_536 : LIBM.length;
  for (let turn = 0; turn < 500; turn += 1) {
    const damaged = Buffer.from(
      LIBM.subarray(0, turn % 2 === 0 ? LIBM.length : Math.floor(random() * LIBM.length)),
    );
    for (let flips = 0; flips < 20; flips += 1) {
      const at = Math.floor(random() * (flips < 10 ? 1024 : interesting)) % damaged.length;
      damaged.writeUInt8(Math.floor(random() * 256), at);
    }
    expect(() => readElf(damaged)).not.toThrow();
  }
});
