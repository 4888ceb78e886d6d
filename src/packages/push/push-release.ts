import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { indexNotFound } from '../indexes/find.ts';
import { findIndex, lockIndex } from '../indexes/store.ts';
import type { MirrorFiles } from '../mirror/mirror-files.ts';
import { fullName, type Index } from '../model/index.ts';
import { lockForChange } from '../lock-for-change.ts';
import { indexSubject, policy } from '../policy.ts';
import { combined } from './combined.ts';
import { fetchRelease } from './fetch-release.ts';
import { findSource, nothingToPush, type Source } from './find-source.ts';
import { readStageRelease, type PushedRelease } from './pushed-release.ts';
import type { Pushed } from './push-request.ts';
import { findConflicts, writeRelease, type ActionRow } from './write-release.ts';

export interface PushRelease {
  readonly identity: Identity;
  /** Which the sender may read. */
  readonly source: Index;
  readonly target: Pick<Index, 'user' | 'name'>;
  readonly pushed: Pushed;
}

/**
 * Copies a release to another index: its files with what tests told of them, its documentation, its metadata. What is there
 * with the same bytes stays as it is. All or nothing: throws one error with every reason, of the kind of the first, and then
 * nothing has changed. Emits `packages.release-pushed` and an event for everything that came.
 */
export async function pushRelease(
  context: PackagesContext & { readonly mirrorFiles: MirrorFiles },
  { identity, source, target, pushed }: PushRelease,
): Promise<ActionRow[]> {
  const found = await findSource(context, identity, source, pushed);
  const named = await findTarget(context, identity, target);
  const refusals = [found, named].filter((each) => each instanceof AppError);
  if (refusals.length > 0) throw combined(refusals);
  const to = named as Index;
  const { links } = found as Source;
  const fetched = links && (await fetchRelease(context, source, pushed, links));

  return await context.events.change(async (tx, emit) => {
    const { from, locked } = await lockBoth(context, tx, { identity, source, target: to });
    const release = fetched ?? (await readStageRelease(tx, from, pushed));
    if (release === undefined || !holdsAnything(release)) throw nothingToPush(from, pushed, release);
    const conflicts = await findConflicts(tx, locked, release);
    if (conflicts.length > 0) throw combined(conflicts);
    const now = context.clock.now();
    const actor = identity.user ?? null;
    const { rows, hasChanged } = await writeRelease(tx, emit, {
      release,
      source: from,
      target: locked,
      now,
      actor,
    });
    if (hasChanged) {
      const { name: project } = release.project;
      emit(packagesEvents.releasePushed, {
        actor,
        about: locked.id,
        data: { index: fullName(locked), project, version: release.version, from: fullName(from) },
      });
    }
    return rows;
  });
}

function holdsAnything({ files, documentation }: PushedRelease): boolean {
  return files.length > 0 || documentation !== undefined;
}

/** The index that takes the release, or why it does not. */
async function findTarget(
  context: PackagesContext,
  identity: Identity,
  { user, name }: Pick<Index, 'user' | 'name'>,
): Promise<Index | AppError> {
  const target = await findIndex(context.db, user, name);
  if (target === undefined) return indexNotFound(user, name);
  if (target.type === 'mirror') {
    return new AppError(
      packagesErrors.uploadToMirror,
      `${fullName(target)} is a mirror, which takes no releases`,
    );
  }
  if (policy.isAllowed(context, identity, 'packages.upload', indexSubject(target))) return target;
  const who = identity.user === undefined ? 'anonymous' : `user '${identity.user}'`;
  return new AppError(packagesErrors.mayNotPush, `${who} cannot upload to '${fullName(target)}'`);
}

/** In one order whoever pushes where, so that two pushes in opposite directions do not wait for each other. */
async function lockBoth(
  context: PackagesContext,
  tx: Tx,
  {
    identity,
    source,
    target,
  }: { readonly identity: Identity; readonly source: Index; readonly target: Index },
): Promise<{ readonly from: Index; readonly locked: Index }> {
  for (const { user, name } of [source, target].toSorted((a, b) => a.id - b.id))
    await lockIndex(tx, user, name);
  return {
    from: await lockForChange(context, tx, { index: source, identity, permission: 'packages.read' }),
    locked: await lockForChange(context, tx, { index: target, identity, permission: 'packages.upload' }),
  };
}
