import { findIndex } from '#packages';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { canonicalVersion } from '#python/names/same-version.ts';
import { formatTarget, parseTarget } from '#python/tags/target.ts';
import type { BuildsContext } from '../context.ts';
import { buildsErrors } from '../errors.ts';
import { deriveSoon } from '../queue/derive-soon.ts';
import { findWatched } from '../watches/find-watched.ts';
import { notWatched } from '../watches/remove-project.ts';
import { deleteSkip, saveSkip, type Skip } from './store.ts';

export interface SelectedBuilds {
  readonly user: string;
  readonly index: string;
  /** Normalized. */
  readonly project: string;
  /** Without it all versions. */
  readonly version?: string | undefined;
  /** As `cp313`; without it all targets. */
  readonly target?: string | undefined;
}

/** Builds no more of a project, of a version or for a target of it; what runs goes on. Throws 404 if the project is not built. */
export async function skipBuilds(
  context: BuildsContext,
  {
    identity,
    reason,
    ...selected
  }: SelectedBuilds & { readonly identity: Identity; readonly reason: string },
): Promise<void> {
  const skip = await findSkip(context, selected);
  await context.db.transaction().execute(async (tx) => {
    const { user } = await context.accounts.confirm(tx, identity);
    const now = context.clock.now();
    await saveSkip(tx, skip, { reason, createdBy: user ?? null, createdAt: now });
    await deriveSoon(tx, now, skip);
  });
}

/** Takes back what `skipBuilds` was told, for just the same versions and targets. Throws 404 if it was not. */
export async function unskipBuilds(
  context: BuildsContext,
  { identity, ...selected }: SelectedBuilds & { readonly identity: Identity },
): Promise<void> {
  const skip = await findSkip(context, selected);
  await context.db.transaction().execute(async (tx) => {
    await context.accounts.confirm(tx, identity);
    if (!(await deleteSkip(tx, skip)))
      throw new AppError(buildsErrors.skipNotFound, `${skip.project} has no skip of just these builds`);
    await deriveSoon(tx, context.clock.now(), skip);
  });
}

async function findSkip({ db }: BuildsContext, selected: SelectedBuilds): Promise<Skip> {
  const { project, version, target } = selected;
  const index = await findIndex(db, selected.user, selected.index);
  if (index === undefined || (await findWatched(db, index, project)) === undefined)
    throw notWatched(selected);
  return {
    indexId: index.id,
    project,
    version: version === undefined ? '' : canonicalVersion(version),
    target: target === undefined ? '' : formatTarget(parseTarget(target)),
  };
}
