import type { Db, Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Emit } from '#kernel/events/events.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { renderSoon } from '../descriptions/render-uploaded.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { type Index, fullName, isVolatile } from '../model/index.ts';
import { logTime, overwriteLog } from '../model/log-item.ts';
import { completeMetadata, type Metadata } from '../projects/metadata.ts';
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
import type { FormFile } from './receive-form.ts';

/** `identical` means that the index had these very bytes and nothing changed. */
export type UploadResult = 'stored' | 'identical';

/** A file whose bytes are durable and were found right. */
export interface CheckedFile {
  readonly content: Omit<FormFile, 'incoming'>;
  readonly metadata: Metadata;
  readonly sidecar: VersionedFile['sidecar'];
}

export interface StoreRows {
  readonly actor: string | null;
  /** Locked in this transaction. */
  readonly index: Index;
  readonly stored: CheckedFile;
  /** Epoch milliseconds. */
  readonly now: number;
  /** What made the file here, as `build 17`. */
  readonly by?: string;
}

/** Writes the rows of a file and emits `packages.file-uploaded`; throws 409 for a name that has other bytes which must stay. */
export async function storeRows(
  tx: Tx,
  emit: Emit,
  { actor, index, stored, now, by }: StoreRows,
): Promise<UploadResult> {
  const { content, metadata, sidecar } = stored;
  const { existing, isIdentical } = await compareWithExisting(tx, index, content);
  if (isIdentical) return 'identical';
  const fact = { actor, about: index.id };
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
      {
        what: 'upload',
        who: fact.actor,
        when: logTime(now),
        dst: fullName(index),
        ...(by !== undefined && { by }),
      },
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
export async function compareWithExisting(
  db: Db,
  index: Index,
  { filename, digests }: CheckedFile['content'],
): Promise<{ readonly existing: VersionedFile | undefined; readonly isIdentical: boolean }> {
  const existing = await findFile(db, index.id, filename);
  if (existing === undefined || isVolatile(index)) return { existing, isIdentical: false };
  if (existing.sha256 === digests.sha256) return { existing, isIdentical: true };
  const by = existing.log.at(-1)?.by;
  if (by === undefined)
    throw new AppError(packagesErrors.fileExists, `${filename} already exists in non-volatile index`);
  throw new AppError(
    packagesErrors.fileExists,
    `${filename} already exists in non-volatile index: ${by} made it here`,
    { hint: `remove it first, with its release: wheelhouse remove -f; or give yours a build tag (PEP 427)` },
  );
}
