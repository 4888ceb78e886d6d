import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Emit } from '#kernel/events/events.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import {
  deleteDocumentation,
  findDocumentation,
  findDocumentationNamed,
  listDocumentation,
  listDocumentationOfProject,
  type Documentation,
} from '../documentation/store.ts';
import { findFileAt, isAddress } from '../projects/file-address.ts';
import { type Index, fullName, isVolatile } from '../model/index.ts';
import { lockForChange, lockSame } from '../lock-for-change.ts';
import {
  forgetMirroredFile,
  forgetMirroredProject,
  forgetMirroredRelease,
} from '../mirror/remove-mirrored.ts';
import {
  deleteFileRow,
  deleteProjectRow,
  deleteReleaseRow,
  findProject,
  findRelease,
  findReleaseById,
  getProjectById,
  isRemoved,
  listFiles,
  listFilesOfReleases,
  listReleases,
  rememberRemoved,
  type Project,
  type Release,
  type VersionedFile,
} from '../projects/store.ts';
import { recordProject } from '../search-entries/record-entry.ts';
import { releaseNotFound } from '../projects/release-not-found.ts';
import { findResultAt, type ResultAt } from '../tox-results/get-result-at.ts';
import { deleteToxResult } from '../tox-results/store.ts';
import { rememberDocumentation, rememberFiles } from './remember-files.ts';

export interface Remove {
  /** Undefined where the index itself asks for it, by its options. */
  readonly identity: Identity | undefined;
  readonly index: Index;
  /** Also from an index that is not volatile. */
  readonly force: boolean;
}

/** Removes a project with all releases and emits `packages.project-removed`. */
export async function removeProject(
  context: PackagesContext,
  input: Remove & { readonly project: string },
): Promise<void> {
  await remove(context, input, async (removing) => {
    const { tx, index, emit, fact } = removing;
    if (index.type === 'mirror') {
      demandVolatile(
        index,
        input.force,
        `project ${input.project} is on non-volatile index ${fullName(index)}`,
      );
      const isHeld = await forgetMirroredProject(tx, index, input.project);
      if (!isHeld) throw new AppError(packagesErrors.projectNotFound, 'project not found');
      emit(packagesEvents.projectRemoved, {
        ...fact,
        data: { index: fullName(index), project: input.project },
      });
      return;
    }
    const project = await findProject(tx, index.id, input.project);
    if (project === undefined) throw new AppError(packagesErrors.projectNotFound, 'project not found');
    demandVolatile(index, input.force, `project ${project.name} is on non-volatile index ${fullName(index)}`);
    await rememberFiles(tx, index, await listFiles(tx, [project.id]), removing.now);
    await rememberDocumentation(tx, index, await listDocumentationOfProject(tx, project.id), removing.now);
    await dropProject(removing, project);
  });
}

export interface RemoveRelease extends Remove {
  readonly project: string;
  readonly version: string;
  /** Of a stage: asked again, when nobody can change the project any more, by its files. */
  readonly mayGo?: (index: Index, files: readonly VersionedFile[]) => boolean;
}

/**
 * Removes one release and emits `packages.release-removed`; the last one takes the project with it. False if `mayGo` said no, and
 * then nothing has changed.
 */
export async function removeRelease(context: PackagesContext, input: RemoveRelease): Promise<boolean> {
  const { version, mayGo } = input;
  return await remove(context, input, async (removing) => {
    const { tx, index, emit, fact } = removing;
    if (index.type === 'mirror') {
      demandVolatile(index, input.force, 'cannot delete version on non-volatile index');
      if (!(await forgetMirroredRelease(tx, index, input))) throw releaseNotFound(input.project, version);
      const data = { index: fullName(index), project: input.project, version };
      emit(packagesEvents.releaseRemoved, { ...fact, data });
      return true;
    }
    const project = await findProject(tx, index.id, input.project);
    if (project === undefined) {
      throw new AppError(packagesErrors.projectNotFound, `project '${input.project}' not found`);
    }
    const release = await findRelease(tx, project.id, version);
    if (release === undefined) throw releaseNotFound(project.name, version);
    demandVolatile(index, input.force, 'cannot delete version on non-volatile index');
    const all = await listFiles(tx, [project.id]);
    if (mayGo?.(index, all) === false) return false;
    const files = all.filter((file) => file.releaseId === release.id);
    await rememberFiles(tx, index, files, removing.now);
    await rememberDocumentation(tx, index, await listDocumentation(tx, [release.id]), removing.now);
    await dropRelease(removing, project, { id: release.id, version });
    return true;
  });
}

/**
 * Removes one file with what tests told of it, or only one result, or documentation, and emits the event of that. What was the
 * last of a release, but for its metadata, takes the release with it.
 */
export async function removeFile(
  context: PackagesContext,
  input: Remove & { readonly relpath: string },
): Promise<void> {
  const { index, relpath } = input;
  const path = `${fullName(index)}/+f/${relpath}`;
  await remove(context, input, async (removing) => {
    const { tx, index: locked, emit, fact, now } = removing;
    if (locked.type === 'mirror') {
      demandVolatile(locked, input.force, 'cannot delete version on non-volatile index');
      const isHeld = await forgetMirroredFile(tx, locked, `+f/${relpath}`);
      if (!isHeld) throw new AppError(packagesErrors.fileNotFound, `package '${path}' doesn't exist`);
      const data = { index: fullName(locked), filename: relpath.split('/').at(-1) ?? relpath };
      emit(packagesEvents.fileRemoved, { ...fact, data });
      return;
    }
    const found = await findRemovable(tx, locked, relpath);
    if (found === undefined) {
      throw (await isRemoved(tx, path))
        ? new AppError(packagesErrors.fileRemoved, `file '${path}' existed, deleted in later serial`)
        : new AppError(packagesErrors.fileNotFound, `package '${path}' doesn't exist`);
    }
    demandVolatile(locked, input.force, 'cannot delete version on non-volatile index');
    const { release } = found;
    const project = await getProjectById(tx, release.projectId);
    const data = { index: fullName(locked), project: project.name, version: release.version };
    if (found.kind === 'result') {
      const { file, result } = found;
      await rememberRemoved(tx, [path], now);
      await deleteToxResult(tx, result.id);
      emit(packagesEvents.testResultRemoved, {
        ...fact,
        data: { ...data, filename: file.filename, result: result.filename },
      });
      return;
    }
    if (found.kind === 'documentation') {
      const { documentation } = found;
      await rememberDocumentation(tx, locked, [documentation], now);
      await deleteDocumentation(tx, release.id);
      emit(packagesEvents.documentationRemoved, {
        ...fact,
        data: { ...data, filename: documentation.filename },
      });
    } else {
      const { file } = found;
      await rememberFiles(tx, locked, [file], now);
      await deleteFileRow(tx, file.id);
      emit(packagesEvents.fileRemoved, { ...fact, data: { ...data, filename: file.filename } });
    }
    const isLeft =
      (await listFilesOfReleases(tx, [release.id])).length > 0 ||
      (await findDocumentation(tx, release.id)) !== undefined;
    if (isLeft) await recordProject(tx, project, now);
    else await dropRelease(removing, project, release);
  });
}

type Removable = {
  readonly release: Pick<Release, 'id' | 'projectId' | 'version'>;
} & (
  | { readonly kind: 'file'; readonly file: VersionedFile }
  | ({ readonly kind: 'result' } & ResultAt)
  | { readonly kind: 'documentation'; readonly documentation: Documentation }
);

/** What an address of a stage leads to. */
async function findRemovable(tx: Tx, index: Index, relpath: string): Promise<Removable | undefined> {
  const found = await findResultAt(tx, index, relpath);
  const file = found?.file ?? (await findFileAt(tx, index, relpath));
  if (file !== undefined) {
    const release = { id: file.releaseId, projectId: file.projectId, version: file.version };
    return found === undefined ? { kind: 'file', release, file } : { kind: 'result', release, ...found };
  }
  const documentation = await findDocumentationNamed(tx, index.id, relpath.split('/').at(-1) ?? '');
  if (documentation === undefined || !isAddress(relpath, documentation)) return undefined;
  const release = await findReleaseById(tx, documentation.releaseId);
  return release && { kind: 'documentation', release, documentation };
}

interface Removing {
  readonly tx: Tx;
  readonly index: Index;
  readonly emit: Emit;
  readonly fact: { readonly actor: string | null; readonly about: number };
  /** Epoch milliseconds. */
  readonly now: number;
}

async function remove<Result>(
  context: PackagesContext,
  input: Remove,
  run: (removing: Removing) => Promise<Result>,
): Promise<Result> {
  const { identity, index } = input;
  return await context.events.change(async (tx: Tx, emit: Emit) => {
    const locked =
      identity === undefined
        ? await lockSame(tx, index)
        : await lockForChange(context, tx, { index, identity, permission: 'packages.remove' });
    const fact = { actor: identity?.user ?? null, about: locked.id };
    return await run({ tx, index: locked, emit, fact, now: context.clock.now() });
  });
}

function demandVolatile(index: Index, force: boolean, refusal: string): void {
  if (!isVolatile(index) && !force) throw new AppError(packagesErrors.indexNotVolatile, refusal);
}

async function dropRelease(
  removing: Removing,
  project: Project,
  { id, version }: { readonly id: number; readonly version: string },
): Promise<void> {
  const { tx, index, emit, fact, now } = removing;
  await deleteReleaseRow(tx, id);
  const data = { index: fullName(index), project: project.name, version };
  emit(packagesEvents.releaseRemoved, { ...fact, data });
  if ((await listReleases(tx, project.id)).length === 0) await dropProject(removing, project);
  else await recordProject(tx, project, now);
}

async function dropProject({ tx, index, emit, fact }: Removing, project: Project): Promise<void> {
  await deleteProjectRow(tx, project.id);
  emit(packagesEvents.projectRemoved, { ...fact, data: { index: fullName(index), project: project.name } });
}
