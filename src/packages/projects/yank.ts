import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { lockForChange } from '../lock-for-change.ts';
import { type Index, fullName } from '../model/index.ts';
import { recordProject } from '../search-entries/record-entry.ts';
import { releaseNotFound } from './release-not-found.ts';
import { findProject, findRelease, listFiles, setYanked } from './store.ts';

export interface Yank {
  readonly identity: Identity;
  readonly index: Index;
  /** Normalized. */
  readonly project: string;
  readonly version: string;
  /** The files to change; all of the release when absent. */
  readonly filenames?: readonly string[] | undefined;
  /** Why, possibly empty; null takes the yank back. */
  readonly reason: string | null;
}

/**
 * Marks files so that installers take them only for an exact pin (PEP 592), or takes that back. Emits
 * `packages.release-yanked` or `packages.release-unyanked`. Returns the names of the files.
 */
export async function yank(context: PackagesContext, input: Yank): Promise<string[]> {
  const { identity, index, version, reason } = input;
  return await context.events.change(async (tx, emit) => {
    const locked = await lockForChange(context, tx, { index, identity, permission: 'packages.yank' });
    const project = await findProject(tx, locked.id, input.project);
    const release = project && (await findRelease(tx, project.id, version));
    if (release === undefined) throw releaseNotFound(input.project, version);
    const files = (await listFiles(tx, [release.projectId])).filter((file) => file.releaseId === release.id);
    const wanted = input.filenames ?? files.map(({ filename }) => filename);
    const missing = wanted.find((filename) => !files.some((file) => file.filename === filename));
    if (missing !== undefined) {
      throw new AppError(
        packagesErrors.fileNotFound,
        `release ${version} has no file ${missing.slice(0, 255)}`,
      );
    }
    const chosen = files.filter(({ filename }) => wanted.includes(filename));
    await setYanked(
      tx,
      chosen.map(({ id }) => id),
      reason,
    );
    if (project !== undefined) await recordProject(tx, project, context.clock.now());
    const filenames = chosen.map(({ filename }) => filename).sort();
    const fact = { actor: identity.user ?? null, about: locked.id };
    const data = { index: fullName(locked), project: input.project, version, filenames };
    if (reason === null) emit(packagesEvents.releaseUnyanked, { ...fact, data });
    else emit(packagesEvents.releaseYanked, { ...fact, data: { ...data, reason } });
    return filenames;
  });
}
