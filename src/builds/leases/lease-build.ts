import { findIndexById, fullName } from '#packages';
import { AppError } from '#kernel/errors/app-error.ts';
import { noBuilder } from '../builders/change-builder.ts';
import { findBuilder, updateSeen, type Builder, type BuilderState } from '../builders/store.ts';
import type { BuildsContext } from '../context.ts';
import { buildsErrors } from '../errors.ts';
import { publishingIndex } from '../queue/derive-project.ts';
import { findNext, takeQueued, type QueuedBuild } from '../queue/store.ts';
import { countFailures, countRunning, insertBuild } from '../records/store.ts';
import { buildsConfig } from '../settings.ts';

export interface LeasedBuild extends Omit<QueuedBuild, 'id'> {
  readonly build: number;
  /** `user/index` from which the requirements of the build come. */
  readonly index: string;
  /** How often it has failed before. */
  readonly failures: number;
}

export interface Leased {
  readonly lease: LeasedBuild | undefined;
  readonly state: BuilderState;
}

/** How often another builder may be faster before this one is told to come again. */
const TRIES = 5;

/**
 * Gives a builder the next build of those that it can do, as its own until it is silent for too long; none if there is none, or if it is
 * paused or drained. Throws 404 for a builder that is not registered, 409 for one whose name another has taken over.
 */
export async function leaseBuild(
  context: BuildsContext,
  { name, session }: { readonly name: string; readonly session: string },
): Promise<Leased> {
  const { db, clock } = context;
  const builder = await findBuilder(db, name);
  if (builder === undefined) throw noBuilder(name);
  if (builder.session !== session)
    throw new AppError(buildsErrors.builderExists, `another builder has taken the name ${name}`);
  await updateSeen(db, name, clock.now());
  if (builder.state !== 'active') return { lease: undefined, state: builder.state };
  for (let tries = 0; tries < TRIES; tries += 1) {
    const next = await chooseNext(context, builder);
    if (next === undefined) break;
    const lease = await take(context, builder, next);
    if (lease !== undefined) return { lease, state: builder.state };
  }
  return { lease: undefined, state: builder.state };
}

/** The first of each target; of those the one of the best rank, then of the target for which fewest are at work. */
async function chooseNext(
  { db, clock }: BuildsContext,
  { targets }: Builder,
): Promise<QueuedBuild | undefined> {
  const firsts: QueuedBuild[] = [];
  for (const target of targets) {
    const first = await findNext(db, target, clock.now());
    if (first !== undefined) firsts.push(first);
  }
  if (firsts.length < 2) return firsts[0];
  const running = await countRunning(db, targets);
  const load = ({ target }: QueuedBuild) => running.get(target) ?? 0;
  return firsts.toSorted(
    (a, b) => a.rank - b.rank || load(a) - load(b) || b.releasedAt - a.releasedAt || a.id - b.id,
  )[0];
}

/** Undefined if another builder was faster. */
async function take(
  context: BuildsContext,
  builder: Builder,
  { id, ...queued }: QueuedBuild,
): Promise<LeasedBuild | undefined> {
  const { db, clock, config } = context;
  const { indexId, project, version, target, sdist, isAlone } = queued;
  const source = await findIndexById(db, indexId);
  if (source === undefined) return undefined;
  const published = (await publishingIndex(context, source)) ?? source;
  const build = await db
    .transaction()
    .execute(async (tx) => {
      if (!(await takeQueued(tx, id))) return undefined;
      const now = clock.now();
      const number = await insertBuild(tx, {
        indexId,
        project,
        version,
        target,
        sdist,
        builder: builder.name,
        // One wheel may do for all targets: until that is known, nobody builds the release for another one.
        claim: [indexId, project, version, isAlone ? '*' : target].join(' '),
        leaseUntil: now + buildsConfig(config)['builds.lease-seconds'] * 1000,
        startedAt: now,
      });
      if (number === undefined) throw new Taken();
      return number;
    })
    .catch((error: unknown) => {
      if (error instanceof Taken) return undefined;
      throw error;
    });
  if (build === undefined) return undefined;
  const failures = await countFailures(db, queued);
  return { ...queued, build, failures, index: fullName(published) };
}

/** Rolls back. */
class Taken extends Error {}
