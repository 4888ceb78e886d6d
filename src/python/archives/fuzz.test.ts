import { expect, test } from 'vitest';
import { brokenRule } from '#test/archive-file.ts';
import { sdist, sdistFilename, wheel, wheelFilename } from '#test/archives.ts';

const RUNS = 150;

// A small generator with a fixed seed (xorshift), so that a failure can be repeated.
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function damage(bytes: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  const kind = random(4);
  if (kind === 0) return copy.subarray(0, random(copy.length));
  if (kind === 1)
    return Buffer.concat([copy.subarray(0, random(copy.length)), copy.subarray(random(copy.length))]);
  for (let count = 1 + random(4); count > 0; count--) copy[random(copy.length)] = random(256);
  return copy;
}

test.each([
  [wheelFilename(), wheel({ files: { 'demo/text.txt': 'some text '.repeat(50) } })],
  [sdistFilename(), sdist()],
  [sdistFilename({ format: 'zip' }), sdist({ format: 'zip' })],
])('damaged variants of %s are accepted or rejected, nothing else', async (filename, bytes) => {
  const random = randomNumbers(20_261_120);
  let rejected = 0;

  for (let run = 0; run < RUNS; run++) {
    if ((await brokenRule(filename, damage(bytes, random))) !== undefined) rejected++;
  }

  expect(rejected).toBeGreaterThan(RUNS / 2);
});
