import type { PackagesContext } from '../context.ts';
import type { View } from '../inheritance/reading.ts';
import { findSources } from '../inheritance/read-sources.ts';
import type { PageCache } from './page-cache.ts';

/** Asks the upstreams of the mirrors that show a reader a project anew; throws what the first of them throws. */
export async function refreshProject(
  { db, packages }: PackagesContext,
  cache: PageCache,
  { view, project }: { readonly view: View; readonly project: string },
): Promise<void> {
  const { mirrors } = await findSources(db, view, { project });
  const results = await Promise.allSettled(
    mirrors.map((mirror) => packages.mirrors.refresh(mirror, project)),
  );
  cache.drop(project);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
