import type { Db } from '#kernel/db/db.ts';
import { filePath } from '../model/file-path.ts';
import type { Index } from '../model/index.ts';
import { isRemoved } from '../projects/store.ts';
import { resultName } from './result-name.ts';

export interface FreeResultName {
  readonly index: Index;
  /** That was tested. */
  readonly file: { readonly filename: string; readonly sha256: string };
  /** Epoch milliseconds. */
  readonly at: number;
  readonly taken: ReadonlySet<string>;
}

/** The name of a new result. It was never used: what was removed stays gone, and nothing is replaced. */
export async function freeResultName(db: Db, { index, file, at, taken }: FreeResultName): Promise<string> {
  for (let n = 0; ; n += 1) {
    const name = resultName(file.filename, at, n);
    if (!taken.has(name) && !(await isRemoved(db, filePath(index, file.sha256, name)))) return name;
  }
}
