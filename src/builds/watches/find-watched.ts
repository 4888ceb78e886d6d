import { listOption, type Index } from '#packages';
import type { Db } from '#kernel/db/db.ts';
import { formatTarget, parseTarget } from '#python/tags/target.ts';
import { findWatch, type Watch } from './store.ts';

/** What is built of a project of an index: as somebody asked for, or by itself. Undefined if nothing is. */
export async function findWatched(db: Db, index: Index, project: string): Promise<Watch | undefined> {
  return (await findWatch(db, index.id, project)) ?? watchByOption(index, project);
}

/** What a stage builds by itself of what is uploaded to it. */
function watchByOption(index: Index, project: string): Watch | undefined {
  const targets = listOption(index, 'build_targets').map((target) => formatTarget(parseTarget(target)));
  if (targets.length === 0 || index.type === 'mirror') return undefined;
  return {
    indexId: index.id,
    project,
    specifier: '',
    targets,
    everything: false,
    prereleases: true,
    createdBy: null,
    // What is uploaded is always new.
    createdAt: 0,
    readAt: null,
    problem: null,
  };
}
