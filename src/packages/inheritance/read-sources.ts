import type { Db } from '#kernel/db/db.ts';
import type { AppError } from '#kernel/errors/app-error.ts';
import type { PackagesContext } from '../context.ts';
import type { Index } from '../model/index.ts';
import type { MirrorProject } from '../mirror/mirror-project.ts';
import { listProjectsNamed } from '../projects/store.ts';
import type { View } from './reading.ts';
import { selectVisible } from './shadowing.ts';

/** Where an index takes a project from, nearest first: stages that have it, then mirrors. */
export interface Sources {
  readonly stages: readonly { readonly index: Index; readonly projectId: number }[];
  readonly mirrored: readonly MirrorProject[];
  /** Why a mirror could not be asked; the sources are then perhaps not all. */
  readonly failure: AppError | undefined;
  /** Until when no mirror would say anything else, also one that has no such project; epoch milliseconds. */
  readonly freshUntil: number;
}

/**
 * Finds the sources of a project for a reader of an index, itself and its bases, with mirrors hidden where the project is
 * private. Undefined if there is none; throws what a mirror throws if nothing else is known of the project.
 */
export async function readSources(
  { db, packages: { mirrors } }: PackagesContext,
  view: View,
  { project, ignoreBases = false }: { readonly project: string; readonly ignoreBases?: boolean },
): Promise<Sources | undefined> {
  const { stages, mirrors: visibleMirrors } = await findSources(db, view, { project, ignoreBases });
  const { projects, failure, retryAt = Infinity } = await mirrors.ask(visibleMirrors, project);
  const mirrored = projects.filter(({ isKnown }) => isKnown);
  const freshUntil = Math.min(retryAt, ...projects.map((asked) => asked.freshUntil));
  if (stages.length > 0 || mirrored.length > 0) return { stages, mirrored, failure, freshUntil };
  if (failure !== undefined) throw failure;
  return undefined;
}

/** Stages that have the project, and the mirrors that may show it: nobody else's upstream is ever asked about it. */
export async function findSources(
  db: Db,
  { index, order: all, hidden }: View,
  { project, ignoreBases = false }: { readonly project: string; readonly ignoreBases?: boolean },
): Promise<Pick<Sources, 'stages'> & { readonly mirrors: readonly Index[] }> {
  const order = ignoreBases ? [index] : all;
  const ids = order.filter(({ type }) => type !== 'mirror').map(({ id }) => id);
  const projectIds = new Map(
    (await listProjectsNamed(db, project, ids)).map((found) => [found.indexId, found.id]),
  );
  const deciding = selectVisible(order, project, ({ id, type }) => type === 'mirror' || projectIds.has(id));
  const indexes = deciding.filter(({ id }) => !hidden.has(id));
  const stages = indexes.flatMap((stage) => {
    const projectId = projectIds.get(stage.id);
    return projectId === undefined ? [] : [{ index: stage, projectId }];
  });
  return { stages, mirrors: indexes.filter(({ type }) => type === 'mirror') };
}
