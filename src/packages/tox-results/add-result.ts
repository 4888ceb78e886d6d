import { AppError } from '#kernel/errors/app-error.ts';
import { storeBytes } from '#kernel/files/store-bytes.ts';
import { readBody } from '#kernel/http/json-body.ts';
import type { Identity } from '#kernel/identity.ts';
import type { Db } from '#kernel/db/db.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { lockForChange } from '../lock-for-change.ts';
import { filePath } from '../model/file-path.ts';
import { fullName, type Index } from '../model/index.ts';
import { logTime } from '../model/log-item.ts';
import { findFileAt } from '../projects/file-address.ts';
import { getProjectById, isRemoved, type VersionedFile } from '../projects/store.ts';
import { packagesConfig } from '../settings.ts';
import { ToxReport } from './report.ts';
import { freeResultName } from './free-result-name.ts';
import { insertToxResult, listToxResults, type ToxResult } from './store.ts';

export interface AddResult {
  readonly identity: Identity;
  readonly index: Index;
  /** Of the file that was tested: what follows `+f/`. */
  readonly relpath: string;
  readonly bytes: Buffer;
}

/**
 * Stores what tox told of a file beside those of before, as the bytes that came, and emits `packages.test-result-added`.
 * Throws 400 for what is no report, 404 where no file is, 409 when a file has as many results as it may have.
 */
export async function addResult(
  context: PackagesContext,
  { identity, index, relpath, bytes }: AddResult,
): Promise<{ readonly path: string; readonly sha256: string }> {
  readBody({ body: bytes }, ToxReport);
  await listOthers(context, context.db, await getTested(context.db, index, relpath));
  const { sha256, md5, size } = await storeBytes(context.files, bytes);
  return await context.events.change(async (tx, emit) => {
    const permission = 'packages.add-test-result';
    const locked = await lockForChange(context, tx, { index, identity, permission });
    const file = await getTested(tx, locked, relpath);
    const now = context.clock.now();
    const taken = new Set((await listOthers(context, tx, file)).map((other) => other.filename));
    const filename = await freeResultName(tx, { index: locked, file, at: now, taken });
    const who = identity.user ?? null;
    await insertToxResult(tx, {
      releaseFileId: file.id,
      indexId: locked.id,
      filename,
      size,
      sha256,
      md5,
      uploadedAt: now,
      log: [{ what: 'upload', who, when: logTime(now), dst: fullName(locked) }],
    });
    const project = await getProjectById(tx, file.projectId);
    const data = { index: fullName(locked), project: project.name, version: file.version };
    emit(packagesEvents.testResultAdded, {
      actor: who,
      about: locked.id,
      data: { ...data, filename: file.filename, result: filename, sha256 },
    });
    return { path: filePath(locked, file.sha256, filename), sha256 };
  });
}

async function getTested(db: Db, index: Index, relpath: string): Promise<VersionedFile> {
  const file = index.type === 'stage' ? await findFileAt(db, index, relpath) : undefined;
  if (file !== undefined) return file;
  const path = `${fullName(index)}/+f/${relpath}`;
  const isGone = await isRemoved(db, path);
  throw new AppError(
    isGone ? packagesErrors.fileRemoved : packagesErrors.fileNotFound,
    `no release file found at ${path}`,
    index.type === 'mirror'
      ? { hint: 'mirrors keep no test results: push the release to a stage, and test it there' }
      : {},
  );
}

/** The results that the file has; throws 409 where it may have no more. */
async function listOthers({ config }: PackagesContext, db: Db, file: VersionedFile): Promise<ToxResult[]> {
  const results = await listToxResults(db, [file.id]);
  if (results.length < packagesConfig(config)['packages.max-test-results']) return results;
  const detail = `${file.filename} has ${results.length} test results`;
  throw new AppError(packagesErrors.tooManyTestResults, detail);
}
