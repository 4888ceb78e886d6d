import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { type Index, fullName } from '../model/index.ts';
import { METADATA_SUFFIX } from '../model/metadata-file.ts';
import { linkRelpath } from './link.ts';
import { knownProject, type MirrorProject } from './mirror-project.ts';
import { findMirrorProject, listCachedPaths } from './store.ts';

const OFFLINE_MS = 60_000;

/** What can be installed without upstream: the files that are stored here. Throws 503 if nothing is known. */
export async function offlineProject(
  { db, clock }: Pick<Context, 'db' | 'clock'>,
  index: Index,
  name: string,
): Promise<MirrorProject> {
  const known = await findMirrorProject(db, index, name);
  if (known === undefined) {
    const detail = `offline: nothing is known of ${name} on ${fullName(index)}`;
    throw new AppError(packagesErrors.notCachedOffline, detail);
  }
  const freshUntil = clock.now() + OFFLINE_MS;
  const project = await knownProject(index, known, { freshUntil });
  const cached = await listCachedPaths(db, index.id, name);
  const isCached = (relpath: string) => cached.has(decodeURIComponent(relpath));
  return {
    ...project,
    files: project.files
      .filter((link) => isCached(linkRelpath(link)))
      // An installer that is promised metadata fails when it is not there.
      .map((link) =>
        isCached(linkRelpath(link) + METADATA_SUFFIX) ? link : { ...link, coreMetadata: undefined },
      ),
  };
}
