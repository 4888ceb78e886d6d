import type { Db } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import type { Index } from '../model/index.ts';
import { findIndex } from './store.ts';

/** The index with this name; throws `packages.index-not-found` in devpi's words. */
export async function getIndex(db: Db, user: string, name: string): Promise<Index> {
  const index = await findIndex(db, user, name);
  if (index === undefined) throw indexNotFound(user, name);
  return index;
}

export function indexNotFound(user: string, name: string): AppError {
  return new AppError(packagesErrors.indexNotFound, `The stage ${user}/${name} could not be found.`);
}
