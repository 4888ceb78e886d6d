import type { Db } from '#kernel/db/db.ts';
import { fileRelpath } from '../model/file-path.ts';
import { noFileAt } from '../projects/file-address.ts';
import { findDocumentationNamed, type Documentation } from './store.ts';

/** What the names of documentation zips end with, and those of no other files. */
export const DOCUMENTATION_SUFFIX = '.doc.zip';

/** The documentation behind an address below an index, without `+f/`; throws 404, or 410 where there was some. */
export async function getDocumentationAt(
  db: Db,
  index: Parameters<typeof noFileAt>[1] & { readonly id?: number },
  relpath: string,
): Promise<Documentation> {
  const filename = relpath.slice(relpath.lastIndexOf('/') + 1);
  const found = index.id === undefined ? undefined : await findDocumentationNamed(db, index.id, filename);
  if (found !== undefined && fileRelpath(found.sha256, filename) === `+f/${relpath}`) return found;
  throw await noFileAt(db, index, relpath);
}
