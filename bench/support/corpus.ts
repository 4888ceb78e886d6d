import { createHash, randomBytes } from 'node:crypto';
import { wheel, wheelFilename } from '#test/archives.ts';

export interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly pythonTag: string;
  readonly filename: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

export interface WheelOptions {
  readonly project: string;
  readonly version: string;
  /** The last part of the file name: python, abi and platform tag. */
  readonly tag?: string;
  /** Random, so that neither a server nor a disk can compress it away. */
  readonly payloadBytes?: number;
}

export const requiresPython = '>=3.10';

const platformTags = ['cp310', 'cp311', 'cp312', 'cp313'].map(
  (python) => `${python}-${python}-manylinux_2_28_x86_64`,
);

/** A project as large ones look: releases of one wheel per Python, `files` in all. */
export function* makeProject(project: string, files: number): Generator<Wheel> {
  for (let number = 0; number < files; number++) {
    const release = Math.floor(number / platformTags.length);
    const version = `${1 + Math.floor(release / 100)}.${Math.floor(release / 10) % 10}.${release % 10}`;
    yield makeWheel({ project, version, tag: platformTags[number % platformTags.length]! });
  }
}

export function makeWheel({ project, version, tag = 'py3-none-any', payloadBytes = 0 }: WheelOptions): Wheel {
  const options = { name: project, version, tag };
  const bytes = wheel({
    ...options,
    metadata: { Summary: 'made for a benchmark', 'Requires-Python': requiresPython },
    files: payloadBytes === 0 ? {} : { 'payload.bin': randomBytes(payloadBytes) },
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { project, version, pythonTag: tag.split('-')[0]!, filename: wheelFilename(options), bytes, sha256 };
}
