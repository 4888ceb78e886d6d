import { findIndex, fullName } from '#packages';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { BuildsContext } from '../context.ts';
import { buildsErrors } from '../errors.ts';
import { buildsEvents } from '../events.ts';
import { deleteQueued } from '../queue/store.ts';
import { deleteWatch } from './store.ts';

export interface RemoveProject {
  readonly identity: Identity;
  readonly user: string;
  readonly index: string;
  /** Normalized. */
  readonly project: string;
}

/** Builds no more wheels of a project, and emits `builds.project-unwatched`; what is there stays. Throws 404 if it was not watched. */
export async function removeProject(
  context: BuildsContext,
  { identity, user, index: name, project }: RemoveProject,
): Promise<void> {
  const index = await findIndex(context.db, user, name);
  await context.events.change(async (tx, emit) => {
    await context.accounts.confirm(tx, identity);
    if (index === undefined || !(await deleteWatch(tx, index.id, project)))
      throw notWatched({ user, index: name, project });
    await deleteQueued(tx, { indexId: index.id, project });
    const data = { index: fullName(index), project };
    emit(buildsEvents.projectUnwatched, { actor: identity.user ?? null, about: index.id, data });
  });
}

export function notWatched({ user, index, project }: Omit<RemoveProject, 'identity'>): AppError {
  return new AppError(buildsErrors.projectNotWatched, `${project} of ${user}/${index} is not on the list`);
}
