import type { Db } from '#kernel/db/db.ts';
import { findFileAt, noFileAt } from '../projects/file-address.ts';
import type { VersionedFile } from '../projects/store.ts';
import { testedFile } from './result-name.ts';
import { findToxResult, type ToxResult } from './store.ts';

type Place = Parameters<typeof findFileAt>[1];

/** A result, and the file that it is of. */
export interface ResultAt {
  readonly result: ToxResult;
  readonly file: VersionedFile;
}

/** The result behind an address below an index; throws 404, or 410 where there once was one. `relpath` is what follows `+f/`. */
export async function getResultAt(db: Db, index: Place, relpath: string): Promise<ResultAt> {
  const found = await findResultAt(db, index, relpath);
  if (found === undefined) throw await noFileAt(db, index, relpath);
  return found;
}

/** The same, undefined where none is. */
export async function findResultAt(db: Db, index: Place, relpath: string): Promise<ResultAt | undefined> {
  const tested = testedFile(relpath);
  const file = tested === undefined ? undefined : await findFileAt(db, index, tested);
  const result = file && (await findToxResult(db, file.id, relpath.split('/').at(-1) ?? ''));
  return result && { file, result };
}
