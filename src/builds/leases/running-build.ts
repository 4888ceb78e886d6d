import { AppError } from '#kernel/errors/app-error.ts';
import type { Db } from '#kernel/db/db.ts';
import { buildsErrors } from '../errors.ts';
import type { Build } from '../model/build.ts';
import { getBuild } from '../records/get-build.ts';

/** A build that runs; throws 404 if there is none of this number, 409 if it is over. */
export async function getRunning(db: Db, id: string): Promise<Build> {
  const build = await getBuild(db, id);
  if (build.state === 'running') return build;
  throw buildOver(build);
}

export function buildOver({ id, state }: Pick<Build, 'id' | 'state'>): AppError {
  const why = state === 'lost' ? 'its builder was silent for too long' : `it is ${state}`;
  return new AppError(buildsErrors.buildOver, `build ${id} is over: ${why}`);
}
