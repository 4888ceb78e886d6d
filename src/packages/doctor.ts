import { createHash } from 'node:crypto';
import type { Context } from '#kernel/context.ts';
import type { Db } from '#kernel/db/db.ts';
import type { Progress } from '#kernel/progress.ts';
import type { ExpectedBytes } from './model/expected-bytes.ts';
import { listMirroredDigests } from './mirror/store.ts';
import { neededDigests } from './needed-digests.ts';
import { listFileDigests, listSidecarDigests } from './projects/store.ts';

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
const PAGE = 500;

/** Looks whether every row has its bytes, in the order of the digests. Changes nothing; memory does not grow with the rows. */
export async function* checkContents(
  context: Pick<Context, 'db' | 'files'>,
  progress: Progress,
  { checksum }: CheckOptions,
): AsyncGenerator<Problem> {
  progress.step('checking stored files');
  let done = 0;
  for await (const expected of listExpectedBytes(context.db)) {
    const problem = await checkBytes(context, expected, checksum);
    const { sha256, name } = expected;
    // On a busy server the file may have been deleted, and its bytes collected, since its row was read.
    if (problem !== undefined && (await neededDigests(context.db, [sha256])).has(sha256)) {
      yield { code: problem.code, detail: `${name}: ${problem.detail}`, sha256 };
    }
    progress.count((done += 1));
  }
}

async function* listExpectedBytes(db: Db): AsyncGenerator<ExpectedBytes> {
  for (const list of [listFileDigests, listSidecarDigests, listMirroredDigests]) {
    for (let after = ''; ;) {
      const page = await list(db, after, PAGE);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last.sha256;
    }
  }
}

async function checkBytes(
  { files }: Pick<Context, 'files'>,
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
