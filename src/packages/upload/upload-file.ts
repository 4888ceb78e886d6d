import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import type { Files } from '#kernel/files/files.ts';
import type { InspectedArchive } from '#python/archives/inspect.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { packagesEvents } from '../events.ts';
import { type Index, fullName } from '../model/index.ts';
import { lockForChange } from '../lock-for-change.ts';
import { completeMetadata, metadataFromForm, type Metadata } from '../projects/metadata.ts';
import { ensureProject, findRelease, saveRelease } from '../projects/store.ts';
import { recordRelease } from '../search-entries/record-entry.ts';
import { invalidForm } from './invalid-form.ts';
import { checkArchive, checkDigests, checkFilename, readClaim, type Claim } from './check-upload.ts';
import type { Form } from './receive-form.ts';
import { compareWithExisting, storeRows, type CheckedFile, type UploadResult } from './store-rows.ts';
import { packagesConfig } from '../settings.ts';

export interface UploadFile {
  readonly identity: Identity;
  readonly index: Index;
  readonly form: Form;
}

/**
 * Stores the file of a `file_upload` form and emits `packages.file-uploaded`. When this resolves, bytes and row
 * are durable. Everything is checked before anything changes: 400 for what can never be right, 409 for a name that
 * a non-volatile index has with other bytes (reference devpi.md 1.7, packaging.md 1.7).
 */
export async function uploadFile(
  context: PackagesContext,
  { identity, index, form }: UploadFile,
): Promise<UploadResult> {
  const { content } = form;
  if (content === undefined) throw invalidForm('content file field not found');
  const claim = readClaim(form);
  checkFilename(content.filename, claim, packagesConfig(context.config)['packages.archive-check']);
  checkDigests(form, content);
  if ((await compareWithExisting(context.db, index, content)).isIdentical) return 'identical';
  const archive = await checkArchive(context, content, claim);

  const metadata = metadataOf(form, claim, archive);
  const sidecar = archive?.metadataBytes && (await receiveBytes(context.files, archive.metadataBytes));
  try {
    await Promise.all([content.incoming.keep(), sidecar?.incoming.keep()]);
    const stored: CheckedFile = { content, metadata, sidecar };
    return await context.events.change(async (tx, emit) => {
      // Anew and locked: the index may have changed while the body arrived.
      const locked = await lockForChange(context, tx, { index, identity, permission: 'packages.upload' });
      const actor = identity.user ?? null;
      return await storeRows(tx, emit, { actor, index: locked, stored, now: context.clock.now() });
    });
  } finally {
    await sidecar?.incoming.release();
  }
}

async function receiveBytes(files: Files, bytes: Uint8Array) {
  const incoming = await files.receive();
  await incoming.write(bytes);
  const { sha256, size } = await incoming.finish();
  return { incoming, sha256, size };
}

/**
 * What the archive says counts, all of it. The form fills in for archives that carry no metadata, and then only the
 * fields that it has: what is known of the release from elsewhere stays.
 */
function metadataOf(form: Form, { name, version }: Claim, archive: InspectedArchive | undefined): Metadata {
  if (archive?.metadata !== undefined) return completeMetadata({ ...archive.metadata });
  return { ...metadataFromForm(form.fields), name, version };
}

/**
 * Registers the metadata of a release without a file (`:action=submit`) and emits `packages.release-registered`.
 */
export async function registerRelease(
  context: PackagesContext,
  { identity, index, form }: UploadFile,
): Promise<void> {
  const claim = readClaim(form);
  const metadata = completeMetadata({ ...metadataFromForm(form.fields), ...claim });
  await context.events.change(async (tx, emit) => {
    const locked = await lockForChange(context, tx, { index, identity, permission: 'packages.upload' });
    const name = normalizeProjectName(claim.name);
    const project = await ensureProject(tx, { indexId: index.id, name, displayName: claim.name });
    const known = await findRelease(tx, project.id, claim.version);
    const shown = { ...known?.metadata, ...metadata, name: project.displayName };
    const release = await saveRelease(tx, { projectId: project.id, version: claim.version, metadata: shown });
    await recordRelease(tx, project, release, context.clock.now());
    const data = { index: fullName(index), project: name };
    const fact = { actor: identity.user ?? null, about: locked.id };
    if (project.isNew) emit(packagesEvents.projectCreated, { ...fact, data });
    emit(packagesEvents.releaseRegistered, { ...fact, data: { ...data, version: claim.version } });
  });
}
