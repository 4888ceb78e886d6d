import { createHash } from 'node:crypto';
import type { Progress } from '../progress.ts';
import type { ExpectedBytes } from './expected-bytes.ts';
import type { Files } from './files.ts';
import type { FindNeeded } from './find-orphans.ts';

export interface Problem {
  readonly code: 'missing-bytes' | 'wrong-bytes';
  readonly detail: string;
  readonly sha256: string;
}

export interface CheckOptions {
  /** Read every byte and compare the hashes; without it presence and size are checked. */
  readonly checksum: boolean;
}

const READ_BYTES = 1024 ** 2;

/**
 * Looks whether the store has all these bytes, and whether they are what the rows say. Changes nothing; memory does not grow
 * with the rows.
 */
export async function* checkFiles(
  files: Files,
  stored: AsyncIterable<ExpectedBytes>,
  findNeeded: FindNeeded,
  progress: Progress,
  { checksum }: CheckOptions,
): AsyncGenerator<Problem> {
  let done = 0;
  for await (const expected of stored) {
    const problem = await checkBytes(files, expected, checksum);
    const { sha256, name } = expected;
    // On a busy server the file may have been deleted, and its bytes collected, since its row was read.
    if (problem !== undefined && (await findNeeded([sha256])).has(sha256)) {
      yield { code: problem.code, detail: `${name}: ${problem.detail}`, sha256 };
    }
    progress.count((done += 1));
  }
}

async function checkBytes(
  files: Files,
  { sha256, size, largest }: ExpectedBytes,
  checksum: boolean,
): Promise<Omit<Problem, 'sha256'> | undefined> {
  const open = await files.open(sha256).catch(() => undefined);
  if (open === undefined) return { code: 'missing-bytes', detail: 'the bytes are missing' };
  try {
    const wrong = [size, largest].find((told) => told !== open.size);
    if (wrong !== undefined) {
      return { code: 'wrong-bytes', detail: `has ${open.size} bytes instead of ${wrong}` };
    }
    if (!checksum) return undefined;
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (let read = await open.next(buffer); read.byteLength > 0; read = await open.next(buffer)) {
      hash.update(read);
    }
    return hash.digest('hex') === sha256
      ? undefined
      : { code: 'wrong-bytes', detail: 'the hash does not match' };
  } finally {
    open.release();
  }
}
