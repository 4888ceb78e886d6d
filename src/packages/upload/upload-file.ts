import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import type { Db, Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Emit } from '#kernel/events/events.ts';
import type { Files } from '#kernel/files/files.ts';
import type { InspectedArchive } from '#python/archives/inspect.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { renderSoon } from '../descriptions/render-uploaded.ts';
import { type Index, fullName, isVolatile } from '../model/index.ts';
import { logTime, overwriteLog } from '../model/log-item.ts';
import { lockForChange } from '../lock-for-change.ts';
import { completeMetadata, metadataFromForm, type Metadata } from '../projects/metadata.ts';
import {
  ensureProject,
  findFile,
  findRelease,
  insertFile,
  saveRelease,
  type VersionedFile,
} from '../projects/store.ts';
import { removeReplaced } from '../removal/remove-replaced.ts';
import { recordProject, recordRelease } from '../search-entries/record-entry.ts';
import { invalidForm } from './invalid-form.ts';
import { checkArchive, checkDigests, checkFilename, readClaim, type Claim } from './check-upload.ts';
import type { Form, FormFile } from './receive-form.ts';
import { packagesConfig } from '../settings.ts';

export interface UploadFile {
  readonly identity: Identity;
  readonly index: Index;
  readonly form: Form;
}

/** `identical` means that the index had these very bytes and nothing changed. */
export type UploadResult = 'stored' | 'identical';

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
    const stored: ReceivedUpload = { content, metadata, sidecar };
    return await context.events.change((tx, emit) =>
      storeRows(context, tx, emit, { identity, index, stored }),
    );
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

interface ReceivedUpload {
  readonly content: FormFile;
  readonly metadata: Metadata;
  readonly sidecar: VersionedFile['sidecar'];
}

interface StoreRows {
  readonly identity: Identity;
  readonly index: Index;
  readonly stored: ReceivedUpload;
}

/**
 * What the archive says counts, all of it. The form fills in for archives that carry no metadata, and then only the
 * fields that it has: what is known of the release from elsewhere stays.
 */
function metadataOf(form: Form, { name, version }: Claim, archive: InspectedArchive | undefined): Metadata {
  if (archive?.metadata !== undefined) return completeMetadata({ ...archive.metadata });
  return { ...metadataFromForm(form.fields), name, version };
}

async function storeRows(
  context: PackagesContext,
  tx: Tx,
  emit: Emit,
  input: StoreRows,
): Promise<UploadResult> {
  const { identity, stored } = input;
  const { content, metadata, sidecar } = stored;
  // Anew and locked: the index may have changed while the body arrived.
  const index = await lockForChange(context, tx, {
    index: input.index,
    identity,
    permission: 'packages.upload',
  });
  const { existing, isIdentical } = await compareWithExisting(tx, index, content);
  if (isIdentical) return 'identical';
  const now = context.clock.now();
  const fact = { actor: identity.user ?? null, about: index.id };
  const displayName = String(metadata['name']);
  const version = String(metadata['version']);
  const name = normalizeProjectName(displayName);
  const project = await ensureProject(tx, { indexId: index.id, name, displayName });
  if (existing !== undefined) await removeReplaced(tx, index, existing, { now, version });
  // The first spelling of the name stays, as in devpi.
  const known = await findRelease(tx, project.id, version);
  const shown = completeMetadata({ ...known?.metadata, ...metadata, name: project.displayName });
  const release = await saveRelease(tx, { projectId: project.id, version, metadata: shown });
  if (shown['description'] !== '' && shown['description'] !== known?.metadata['description'])
    await renderSoon(tx, now, release);
  await insertFile(tx, {
    indexId: index.id,
    projectId: project.id,
    releaseId: release.id,
    filename: content.filename,
    size: content.size,
    ...content.digests,
    sidecar: sidecar && { sha256: sidecar.sha256, size: sidecar.size },
    requiresPython: String(metadata['requires_python'] ?? '') || null,
    yanked: null,
    uploadedAt: now,
    log: [
      ...overwriteLog(existing?.log),
      { what: 'upload', who: fact.actor, when: logTime(now), dst: fullName(index) },
    ],
  });
  if (existing === undefined) await recordRelease(tx, project, release, now);
  else await recordProject(tx, project, now);
  const data = { index: fullName(index), project: name };
  if (project.isNew) emit(packagesEvents.projectCreated, { ...fact, data });
  emit(packagesEvents.fileUploaded, {
    ...fact,
    data: {
      ...data,
      version,
      filename: content.filename,
      sha256: content.digests.sha256,
      replaced: existing !== undefined,
    },
  });
  return 'stored';
}

/** What the index has under this name; throws 409 if that are other bytes which must stay. */
async function compareWithExisting(
  db: Db,
  index: Index,
  { filename, digests }: FormFile,
): Promise<{ readonly existing: VersionedFile | undefined; readonly isIdentical: boolean }> {
  const existing = await findFile(db, index.id, filename);
  if (existing === undefined || isVolatile(index)) return { existing, isIdentical: false };
  if (existing.sha256 === digests.sha256) return { existing, isIdentical: true };
  throw new AppError(packagesErrors.fileExists, `${filename} already exists in non-volatile index`);
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
