import { findIndexById, fullName } from '#packages';
import type { z } from 'zod';
import type { Db } from '#kernel/db/db.ts';
import type { BuildsContext } from '../context.ts';
import type * as contract from '../contract.ts';
import type { Build } from '../model/build.ts';
import { publishingIndex } from '../model/publishing-index.ts';
import { listBroughtFiles } from './store.ts';

type ShownBuild = z.input<typeof contract.Build>;

/** Builds as the interface tells of them. */
export async function showBuilds(db: Db, builds: readonly Build[]): Promise<ShownBuild[]> {
  const brought = await listBroughtFiles(
    db,
    builds.flatMap(({ id, state }) => (state === 'succeeded' ? [id] : [])),
  );
  const names = new Map<number, string>();
  for (const indexId of new Set(builds.map((build) => build.indexId))) {
    const index = await findIndexById(db, indexId);
    if (index !== undefined) names.set(indexId, fullName(index));
  }
  return builds.map((build) => ({
    id: build.id,
    index: names.get(build.indexId) ?? '',
    project: build.project,
    version: build.version,
    target: build.target,
    state: build.state,
    builder: build.builder,
    started: shownTime(build.startedAt),
    ended: build.endedAt === null ? null : shownTime(build.endedAt),
    seconds: build.seconds,
    failure: build.failure,
    detail: build.detail,
    files: (brought.get(build.id) ?? []).map(({ filename }) => filename),
  }));
}

/** One build with everything that is known of it. */
export async function showBuildRecord(
  context: BuildsContext,
  build: Build,
): Promise<z.input<typeof contract.BuildRecord>> {
  const [shown] = await showBuilds(context.db, [build]);
  const source = await findIndexById(context.db, build.indexId);
  const published = source && (await publishingIndex(context, source));
  if (shown === undefined) throw new Error(`build ${build.id} is not shown`);
  return {
    ...shown,
    sdist: build.sdist,
    publishedOn: published === undefined ? shown.index : fullName(published),
    record: build.record,
  };
}

/** ISO 8601, UTC. */
function shownTime(at: number): string {
  return new Date(at).toISOString();
}
