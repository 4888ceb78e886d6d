import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Emit } from '#kernel/events/events.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { addressOf, getFileAt } from '../projects/file-address.ts';
import { type Index, fullName, isVolatile } from '../model/index.ts';
import { lockForChange } from '../lock-for-change.ts';
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
  getProjectById,
  listFiles,
  listReleases,
  rememberRemoved,
  type Project,
  type VersionedFile,
} from '../projects/store.ts';
import { recordProject } from '../search-entries/record-entry.ts';
import { releaseNotFound } from '../projects/release-not-found.ts';

export interface Remove {
  readonly identity: Identity;
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
    await forgetFiles(context, tx, index, await listFiles(tx, [project.id]));
    await dropProject(removing, project);
  });
}

/** Removes one release and emits `packages.release-removed`; the last one takes the project with it. */
export async function removeRelease(
  context: PackagesContext,
  input: Remove & { readonly project: string; readonly version: string },
): Promise<void> {
  const { version } = input;
  await remove(context, input, async (removing) => {
    const { tx, index, emit, fact } = removing;
    if (index.type === 'mirror') {
      demandVolatile(index, input.force, 'cannot delete version on non-volatile index');
      if (!(await forgetMirroredRelease(tx, index, input))) throw releaseNotFound(input.project, version);
      const data = { index: fullName(index), project: input.project, version };
      emit(packagesEvents.releaseRemoved, { ...fact, data });
      return;
    }
    const project = await findProject(tx, index.id, input.project);
    if (project === undefined) {
      throw new AppError(packagesErrors.projectNotFound, `project '${input.project}' not found`);
    }
    const release = await findRelease(tx, project.id, version);
    if (release === undefined) throw releaseNotFound(project.name, version);
    demandVolatile(index, input.force, 'cannot delete version on non-volatile index');
    const files = (await listFiles(tx, [project.id])).filter((file) => file.releaseId === release.id);
    await forgetFiles(context, tx, index, files);
    await dropRelease(removing, project, { id: release.id, version });
  });
}

/** Removes one file and emits `packages.file-removed`; the last one takes its release with it. */
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
    const file = await getFileAt(tx, locked, relpath).catch((error: unknown) => {
      if (error instanceof AppError && error.kind === packagesErrors.fileRemoved) {
        throw new AppError(packagesErrors.fileRemoved, `file '${path}' existed, deleted in later serial`);
      }
      throw new AppError(packagesErrors.fileNotFound, `package '${path}' doesn't exist`);
    });
    demandVolatile(locked, input.force, 'cannot delete version on non-volatile index');
    await forgetFiles(context, tx, locked, [file]);
    await deleteFileRow(tx, file.id);
    const siblings = await listFiles(tx, [file.projectId]);
    const project = await getProjectById(tx, file.projectId);
    const data = {
      index: fullName(locked),
      project: project.name,
      version: file.version,
      filename: file.filename,
    };
    emit(packagesEvents.fileRemoved, { ...fact, data });
    if (siblings.every((sibling) => sibling.releaseId !== file.releaseId)) {
      await dropRelease(removing, project, { id: file.releaseId, version: file.version });
    } else await recordProject(tx, project, now);
  });
}

interface Removing {
  readonly tx: Tx;
  readonly index: Index;
  readonly emit: Emit;
  readonly fact: { readonly actor: string | null; readonly about: number };
  /** Epoch milliseconds. */
  readonly now: number;
}

async function remove(
  context: PackagesContext,
  input: Remove,
  run: (removing: Removing) => Promise<void>,
): Promise<void> {
  const { identity, index } = input;
  await context.events.change(async (tx: Tx, emit: Emit) => {
    const locked = await lockForChange(context, tx, { index, identity, permission: 'packages.remove' });
    const fact = { actor: identity.user ?? null, about: locked.id };
    await run({ tx, index: locked, emit, fact, now: context.clock.now() });
  });
}

function demandVolatile(index: Index, force: boolean, refusal: string): void {
  if (!isVolatile(index) && !force) throw new AppError(packagesErrors.indexNotVolatile, refusal);
}

async function forgetFiles(
  context: PackagesContext,
  tx: Tx,
  index: Index,
  files: readonly VersionedFile[],
): Promise<void> {
  await rememberRemoved(
    tx,
    files.map((file) => addressOf(index, file)),
    context.clock.now(),
  );
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
