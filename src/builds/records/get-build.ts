import { AppError } from '#kernel/errors/app-error.ts';
import type { Db } from '#kernel/db/db.ts';
import { buildsErrors } from '../errors.ts';
import type { Build } from '../model/build.ts';
import { findBuild } from './store.ts';

/** The build of this number, as a path has it; throws 404. */
export async function getBuild(db: Db, id: string): Promise<Build> {
  const build = /^[1-9]\d{0,14}$/.test(id) ? await findBuild(db, Number(id)) : undefined;
  if (build !== undefined) return build;
  throw noBuild(id);
}

export function noBuild(id: string): AppError {
  return new AppError(buildsErrors.buildNotFound, `there is no build ${id.slice(0, 50)}`);
}
