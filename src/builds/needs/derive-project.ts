import { findIndexById, readOwnFiles, type Index, type OwnFile } from '#packages';
import type { Db } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { JobHandler } from '#kernel/jobs/job-handler.ts';
import { parseTarget } from '#python/tags/target.ts';
import type { BuildsContext } from '../context.ts';
import type { Build } from '../model/build.ts';
import { publishingIndex } from '../model/publishing-index.ts';
import { DERIVE_PROJECT, DerivePayload, type SourceProject } from '../queue/derive-soon.ts';
import { deleteQueued, insertQueued } from '../queue/store.ts';
import { listBroughtFiles, listBuildsOf } from '../records/store.ts';
import { listSkips } from '../skips/store.ts';
import { findWatched } from '../watches/find-watched.ts';
import { updateRead, type Watch } from '../watches/store.ts';
import { deriveNeeds, type ProjectState } from './derive-needs.ts';
import type { SourceFile } from './need.ts';

/** The job; it may find that the index has gone, or that nobody wants wheels of the project any more. */
export function deriveProjectJob(context: BuildsContext): JobHandler {
  return {
    name: DERIVE_PROJECT,
    queue: { name: 'builds', slots: 2 },
    async run(payload) {
      const { index: indexId, project } = DerivePayload.parse(payload);
      await deriveProject(context, { indexId, project });
    },
  };
}

/**
 * Finds out what is to be built of a project: reads its files, of the index that has the sdists and of the one on which wheels
 * appear, and what was built before, and has just that to do. Returns how much it is. Where the files cannot be read, what was to
 * do stays, and the reason is noted.
 */
export async function deriveProject(context: BuildsContext, source: SourceProject): Promise<number> {
  const { db, clock } = context;
  const { indexId, project } = source;
  const index = await findIndexById(db, indexId);
  if (index === undefined) return 0;
  const watch = await findWatched(db, index, project);
  if (watch === undefined) {
    await db.transaction().execute((tx) => deleteQueued(tx, source));
    return 0;
  }
  const files = await readFiles(context, index, project).catch(async (error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    await updateRead(db, indexId, project, { readAt: clock.now(), problem: error.message });
    return undefined;
  });
  if (files === undefined) return 0;
  const paths = new Map(
    files.flatMap(({ origin, filename, path }) => (origin === 'source' ? [[filename, path]] : [])),
  );
  const queued = await db.transaction().execute(async (tx) => {
    // First, so that a build which is taken meanwhile is among those that run.
    await deleteQueued(tx, source);
    const needs = deriveNeeds((await readState(tx, watch, files)).state);
    const rows = needs.map(({ version, target, sdist, rank, releasedAt, isAlone, notBefore }) => ({
      version,
      target,
      sdist: {
        filename: sdist.filename,
        sha256: sdist.sha256 ?? null,
        path: paths.get(sdist.filename) ?? '',
        uploadedAt: sdist.uploadedAt ?? null,
      },
      rank,
      releasedAt,
      isAlone,
      notBefore,
    }));
    await insertQueued(tx, indexId, project, rows);
    return rows.length;
  });
  await updateRead(db, indexId, project, { readAt: clock.now(), problem: null });
  return queued;
}

/** What decides about a project, with the builds that it comes from. */
export interface KnownState {
  readonly state: ProjectState;
  /** The oldest first. */
  readonly builds: readonly Build[];
  /** The numbers of the builds that made these files. */
  readonly builtBy: ReadonlyMap<string, number>;
}

/** Everything that decides what is to be built of a project, of these files of its index and of the one on which wheels appear. */
export async function readState(db: Db, watch: Watch, files: readonly SourceFile[]): Promise<KnownState> {
  const builds = await listBuildsOf(db, watch.indexId, watch.project);
  const succeeded = builds.flatMap(({ id, state }) => (state === 'succeeded' ? [id] : []));
  const brought = await listBroughtFiles(db, succeeded);
  const builtBy = new Map(
    [...brought].flatMap(([id, own]) => own.map(({ filename }) => [filename, id] as const)),
  );
  const state: ProjectState = {
    // On a stage wheels that were built here stand among those that were uploaded.
    files: files.map((file) => (builtBy.has(file.filename) ? { ...file, origin: 'farm' } : file)),
    targets: watch.targets.map((target) => parseTarget(target)),
    specifier: watch.specifier,
    mode: watch.everything ? 'everything' : 'missing',
    allowPrereleases: watch.prereleases,
    skips: (await listSkips(db, watch.indexId, watch.project)).map(({ version, target, reason }) => ({
      ...(version !== '' && { version }),
      ...(target !== '' && { target }),
      reason,
    })),
    records: builds.map(({ version, target, sdist, state: reached, retryAt }) => ({
      version,
      target,
      sdistSha256: sdist.sha256 ?? '',
      state: reached === 'lost' || reached === 'cancelled' ? 'failed' : reached,
      retryAfter: reached === 'lost' ? 0 : retryAt,
    })),
    watchedAt: watch.createdAt,
  };
  return { state, builds, builtBy };
}

type FileOfProject = SourceFile & Pick<OwnFile, 'path'>;

/** The files of a project, of the index that has its sdists and of the one on which wheels appear; throws where a mirror cannot tell. */
export async function readFiles(
  context: BuildsContext,
  source: Index,
  project: string,
): Promise<FileOfProject[]> {
  const published = await publishingIndex(context, source);
  const own = await readOwnFiles(context, source, project);
  const isApart = published !== undefined && published.id !== source.id;
  const built = isApart ? await readOwnFiles(context, published, project) : [];
  return [
    ...own.map((file) => ({ ...file, origin: 'source' as const })),
    ...built.map((file) => ({ ...file, origin: 'farm' as const })),
  ];
}
