import { createHash } from 'node:crypto';
import type { Context } from '#kernel/context.ts';
import type { Progress } from '#kernel/progress.ts';
import { listMirroredDigests } from './mirror/store.ts';
import { listAllFiles } from './projects/store.ts';

export interface Problem {
  readonly code: 'missing-bytes' | 'wrong-bytes' | 'orphan-bytes';
  readonly detail: string;
  readonly sha256: string;
}

export interface CheckOptions {
  /** Read every byte and compare the hashes; without it presence and size are checked. */
  readonly checksum: boolean;
  /** Bytes stored later than this are not called orphans: their row may be on its way. Epoch milliseconds. */
  readonly orphansBefore: number;
}

const READ_BYTES = 1024 ** 2;

/** Compares rows and stored bytes in both directions (design section 13). Changes nothing. */
export async function checkContents(
  context: Pick<Context, 'db' | 'files'>,
  progress: Progress,
  { checksum, orphansBefore }: CheckOptions,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const rows = await listAllFiles(context.db);
  const expected = new Map<string, { readonly size: number; readonly filename: string }>();
  for (const { sha256, size, filename, sidecar } of rows) {
    expected.set(sha256, { size, filename });
    if (sidecar !== undefined)
      expected.set(sidecar.sha256, { size: sidecar.size, filename: `${filename}.metadata` });
  }
  for (const { sha256, size, relpath } of await listMirroredDigests(context.db)) {
    expected.set(sha256, { size, filename: relpath });
  }
  progress.step('checking stored files');
  let done = 0;
  for (const [sha256, { size, filename }] of expected) {
    const problem = await checkFile(context, sha256, size, checksum);
    if (problem !== undefined)
      problems.push({ ...problem, detail: `${filename}: ${problem.detail}`, sha256 });
    done += 1;
    progress.count(done, expected.size);
  }
  progress.step('looking for bytes without a row');
  for await (const { sha256, size, storedAt } of context.files.list()) {
    if (expected.has(sha256) || storedAt >= orphansBefore) continue;
    problems.push({ code: 'orphan-bytes', detail: `${size} bytes belong to no file`, sha256 });
  }
  return problems;
}

async function checkFile(
  { files }: Pick<Context, 'files'>,
  sha256: string,
  size: number,
  checksum: boolean,
): Promise<Omit<Problem, 'sha256'> | undefined> {
  const open = await files.open(sha256).catch(() => undefined);
  if (open === undefined) return { code: 'missing-bytes', detail: 'the bytes are missing' };
  try {
    if (open.size !== size) {
      return { code: 'wrong-bytes', detail: `has ${open.size} bytes instead of ${size}` };
    }
    if (!checksum) return undefined;
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (let position = 0; position < size;) {
      const { bytesRead } = await open.handle.read(buffer, 0, READ_BYTES, position);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
    return hash.digest('hex') === sha256
      ? undefined
      : { code: 'wrong-bytes', detail: 'the hash does not match' };
  } finally {
    open.release();
  }
}
