import { statfs } from 'node:fs/promises';
import { findIndexById, fullName } from '#packages';
import { filesDirectory } from '#kernel/files/files-directory.ts';
import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { noBuilder } from '../builders/change-builder.ts';
import { findBuilder, updateSeen, type Builder, type BuilderState } from '../builders/store.ts';
import type { BuildsContext } from '../context.ts';
import { buildsErrors } from '../errors.ts';
import { publishingIndex } from '../model/publishing-index.ts';
import { lockNext, removeQueued, type QueuedBuild } from '../queue/store.ts';
import { countFailures, countRunning, insertBuild } from '../records/store.ts';
import { buildsConfig } from '../settings.ts';
import { buildOver } from './running-build.ts';

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
  /** Why no build is given out, where some may be to do. */
  readonly reason?: string;
}

/** How often another builder may be faster before this one is told to come again. */
const TRIES = 10;

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
  const reason = await findDiskFull(context);
  if (reason !== undefined) return { lease: undefined, state: builder.state, reason };
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      const taken = await db.transaction().execute((tx) => take(context, tx, builder));
      return { lease: taken && (await describe(context, taken)), state: builder.state };
    } catch (error) {
      if (!(error instanceof Taken)) throw error;
    }
  }
  return { lease: undefined, state: builder.state };
}

type TakenBuild = Omit<LeasedBuild, 'index' | 'failures'>;

/** Throws `Taken` where another builder was faster. */
async function take(context: BuildsContext, tx: Tx, builder: Builder): Promise<TakenBuild | undefined> {
  const { clock, config } = context;
  const next = await chooseNext(context, tx, builder);
  if (next === undefined) return undefined;
  const { id, ...queued } = next;
  const { indexId, project, version, target, sdist, isAlone } = queued;
  await removeQueued(tx, id);
  const now = clock.now();
  const build = await insertBuild(tx, {
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
  if (build === undefined) throw new Taken();
  return { ...queued, build };
}

/** The first of each target; of those the one of the best rank, then of the target for which fewest are at work. */
async function chooseNext(
  { clock, dialect }: BuildsContext,
  tx: Tx,
  { targets }: Builder,
): Promise<QueuedBuild | undefined> {
  const firsts: QueuedBuild[] = [];
  for (const target of targets) {
    const first = await lockNext(tx, dialect, { target, now: clock.now() });
    if (first !== undefined) firsts.push(first);
  }
  if (firsts.length < 2) return firsts[0];
  const running = await countRunning(tx, targets);
  const load = ({ target }: QueuedBuild) => running.get(target) ?? 0;
  return firsts.toSorted(
    (a, b) => a.rank - b.rank || load(a) - load(b) || b.releasedAt - a.releasedAt || a.id - b.id,
  )[0];
}

/** With what the builder must know besides. */
async function describe(context: BuildsContext, taken: TakenBuild): Promise<LeasedBuild> {
  const { db } = context;
  const source = await findIndexById(db, taken.indexId);
  // It has gone with its builds, which the builder learns from its first heartbeat.
  if (source === undefined) throw buildOver({ id: taken.build, state: 'cancelled' });
  const published = (await publishingIndex(context, source)) ?? source;
  return { ...taken, failures: await countFailures(db, taken), index: fullName(published) };
}

/** Rolls back. */
class Taken extends Error {}

/** Wheels that nobody can store are not worth their building. */
async function findDiskFull({ config }: BuildsContext): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(filesDirectory(config));
  const least = buildsConfig(config)['builds.min-free-bytes'];
  if (bavail * bsize >= least) return undefined;
  return `the disk of the stored files has ${bavail * bsize} bytes free, and builds need ${least} (builds.min-free-bytes)`;
}
