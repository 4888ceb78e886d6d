import { checkBuiltWheel, findIndexById, fullName, packagesErrors, type AddWheel } from '#packages';
import type { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { isCompatible } from '#python/tags/compatibility.ts';
import { parseTarget } from '#python/tags/target.ts';
import { parseFilename } from '#python/names/filename.ts';
import type { BuildsContext } from '../context.ts';
import type { BuildResult } from '../contract.ts';
import { buildsErrors } from '../errors.ts';
import { buildsEvents } from '../events.ts';
import { storeLog } from '../logs/read-log.ts';
import { deleteLogPieces } from '../logs/store.ts';
import type { Build } from '../model/build.ts';
import { publishingIndex } from '../model/publishing-index.ts';
import { deriveSoon } from '../queue/derive-soon.ts';
import { deleteQueued } from '../queue/store.ts';
import { listBroughtFiles, updateEnded, type EndOfBuild } from '../records/store.ts';
import { buildOver } from './running-build.ts';

export interface EndBuild {
  readonly identity: Identity;
  readonly build: Build;
  readonly result: z.output<typeof BuildResult>;
}

/**
 * Ends a build in one transaction: its wheels appear on the index, the record is written, and what is to be built of the project is
 * found out anew. A wheel that is not what it should be makes the build a failed one. Emits `builds.build-succeeded` or
 * `builds.build-failed`. Sent again, the same result changes nothing; throws 409 if the build is over otherwise.
 */
export async function endBuild(context: BuildsContext, { identity, build, result }: EndBuild): Promise<void> {
  if (build.state === result.state) return;
  if (build.state !== 'running') throw buildOver(build);
  const log = await storeLog(context, build);
  if (result.state === 'failed') {
    await fail(context, { identity, build, log, result });
    return;
  }
  try {
    const wheels = await checkWheels(context, build, result.files);
    await succeed(context, { identity, build, log, result, wheels });
  } catch (error) {
    const isWrong =
      error instanceof AppError &&
      [buildsErrors.wrongFile, packagesErrors.invalidArchive, packagesErrors.fileExists].includes(error.kind);
    if (!isWrong) throw error;
    const failure = error.kind === packagesErrors.fileExists ? 'file-exists' : 'bad-wheel';
    const { seconds, record } = result;
    const refused = { state: 'failed', seconds, record, failure, detail: error.message } as const;
    await fail(context, { identity, build, log, result: { ...refused, retryAfterSeconds: null } });
  }
}

type Succeeded = Extract<EndBuild['result'], { state: 'succeeded' }>;
type Failed = Extract<EndBuild['result'], { state: 'failed' }>;

interface Ending<Result> {
  readonly identity: Identity;
  readonly build: Build;
  readonly log: Build['log'];
  readonly result: Result;
}

/** Everything that is to be checked before anything changes: that they came, are wheels of the release, and fit the target. */
async function checkWheels(
  context: BuildsContext,
  build: Build,
  filenames: readonly string[],
): Promise<AddWheel[]> {
  const brought = (await listBroughtFiles(context.db, [build.id])).get(build.id) ?? [];
  const target = parseTarget(build.target);
  const wheels: AddWheel[] = [];
  for (const filename of filenames) {
    const file = brought.find((each) => each.filename === filename);
    const tags = parseFilename(filename, build.project)?.tags;
    if (file === undefined) throw wrong(`${filename} was not brought`);
    if (tags === undefined || !isCompatible(tags, target))
      throw wrong(`${filename} does not fit ${build.target}`);
    const { project, version } = build;
    wheels.push(await checkBuiltWheel(context, { project, version, ...file }));
  }
  return wheels;
}

async function succeed(
  context: BuildsContext,
  { identity, build, log, result, wheels }: Ending<Succeeded> & { readonly wheels: readonly AddWheel[] },
): Promise<void> {
  const { id, indexId, project, version, target } = build;
  const source = await findIndexById(context.db, indexId);
  const index = source && (await publishingIndex(context, source));
  if (source === undefined || index === undefined) throw buildOver({ ...build, state: 'cancelled' });
  const actor = identity.user ?? null;
  await context.events.change(async (tx, emit) => {
    await context.accounts.confirm(tx, identity);
    const now = context.clock.now();
    const { seconds, record } = result;
    const rest = { failure: null, detail: null, retryAt: null, record, log } as const;
    const end: EndOfBuild = { state: 'succeeded', endedAt: now, seconds, ...rest };
    if (!(await updateEnded(tx, id, end))) throw buildOver({ ...build, state: 'lost' });
    for (const add of wheels) await add(tx, emit, { index, actor, now, by: `build ${id}` });
    // Perhaps these wheels serve the other targets, too: nobody begins with those before the job below has looked.
    await deleteQueued(tx, { indexId, project, version });
    await deleteLogPieces(tx, id);
    await deriveSoon(tx, now, build);
    const data = { index: fullName(source), project, version, target, build: id };
    emit(buildsEvents.buildSucceeded, {
      actor,
      about: indexId,
      data: { ...data, filenames: [...result.files] },
    });
  });
}

async function fail(context: BuildsContext, { identity, build, log, result }: Ending<Failed>): Promise<void> {
  const { id, indexId, project, version, target } = build;
  const source = await findIndexById(context.db, indexId);
  if (source === undefined) throw buildOver({ ...build, state: 'cancelled' });
  await context.events.change(async (tx, emit) => {
    await context.accounts.confirm(tx, identity);
    const now = context.clock.now();
    const { seconds, failure, detail, retryAfterSeconds, record } = result;
    const retryAt = retryAfterSeconds === null ? null : now + retryAfterSeconds * 1000;
    const end: EndOfBuild = { state: 'failed', endedAt: now, seconds, failure, detail, retryAt, record, log };
    if (!(await updateEnded(tx, id, end))) throw buildOver({ ...build, state: 'lost' });
    await deleteLogPieces(tx, id);
    await deriveSoon(tx, now, build);
    const data = { index: fullName(source), project, version, target, build: id, failure, detail };
    emit(buildsEvents.buildFailed, { actor: identity.user ?? null, about: indexId, data });
  });
}

function wrong(detail: string): AppError {
  return new AppError(buildsErrors.wrongFile, detail);
}
