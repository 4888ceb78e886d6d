import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { fullName, isVolatile, type Index } from '../model/index.ts';
import { findProject, listFiles, listProjectNames, type VersionedFile } from '../projects/store.ts';
import { removeRelease } from '../removal/remove.ts';
import { planRetention, type LeavingRelease, type RetentionRules } from './plan-retention.ts';

const NONE: RetentionRules = { finals: false };

export interface Retain {
  /** Undefined where the index itself asks for it, by its options. */
  readonly identity: Identity | undefined;
  readonly index: Index;
  /** Of the index as it is then; undefined, and nothing goes, where there are none any more. */
  readonly rules: (index: Index) => RetentionRules | undefined;
  /** Remove them; without it they are only listed. */
  readonly apply: boolean;
  /** Also on an index that is not volatile. */
  readonly force: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Lists the old releases of a stage that the rules let go, and removes them with `apply`: project by project, each release
 * as if somebody had removed it, with its event, and only if the rules still let it go then. What is removed before a failure stays
 * so.
 */
export async function retain(
  context: PackagesContext,
  { identity, index, rules: rulesOf, apply, force, signal }: Retain,
): Promise<(LeavingRelease & { readonly project: string })[]> {
  const { db, clock } = context;
  if (index.type !== 'stage') {
    throw new AppError(
      packagesErrors.invalidRetention,
      `${fullName(index)} is a mirror; its files leave by packages.mirror-cache-days`,
    );
  }
  const rules = rulesOf(index);
  if (rules?.keep === undefined && rules?.days === undefined) {
    throw new AppError(packagesErrors.invalidRetention, 'neither keep nor days is given');
  }
  if (apply && !force && !isVolatile(index)) {
    throw new AppError(packagesErrors.indexNotVolatile, `index ${fullName(index)} is not volatile`);
  }
  const leaving: (LeavingRelease & { readonly project: string })[] = [];
  for (const name of await listProjectNames(db, [index.id])) {
    signal?.throwIfAborted();
    const project = await findProject(db, index.id, name);
    if (project === undefined) continue;
    const plan = (from: Index, files: readonly VersionedFile[]) =>
      planRetention(files, rulesOf(from) ?? NONE, clock.now());
    for (const release of plan(index, await listFiles(db, [project.id]))) {
      if (apply && !(await remove(release.version))) continue;
      leaving.push({ project: name, ...release });
    }

    /** False if it has gone, or is to stay by now. */
    async function remove(version: string): Promise<boolean> {
      const mayGo = (from: Index, files: readonly VersionedFile[]) =>
        plan(from, files).some((each) => each.version === version);
      try {
        return await removeRelease(context, { identity, index, project: name, version, force, mayGo });
      } catch (error) {
        const isGone = error instanceof AppError && error.kind.status === 404;
        if (isGone) return false;
        throw error;
      }
    }
  }
  return leaving;
}
