import type { Tx } from '#kernel/db/db.ts';
import type { Emit } from '#kernel/events/events.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { filePath } from '../model/file-path.ts';
import { fullName, type Index } from '../model/index.ts';
import type { LogItem } from '../model/log-item.ts';
import { completeMetadata } from '../projects/metadata.ts';
import { ensureProject, findRelease, rememberRemoved, saveRelease } from '../projects/store.ts';
import { recordRelease } from '../search-entries/record-entry.ts';
import { readTextsSoon } from '../search-texts/read-texts-soon.ts';
import { DOCUMENTATION_SUFFIX } from './documentation-at.ts';
import { findDocumentation, findDocumentationNamed, saveDocumentation } from './store.ts';

export interface NewDocumentation {
  /** Locked for this transaction. */
  readonly index: Index;
  readonly project: { /** Normalized. */ readonly name: string; readonly displayName: string };
  readonly version: string;
  /** Bytes that are checked, and durable already. */
  readonly content: { readonly sha256: string; readonly md5: string; readonly size: number };
  /** Epoch milliseconds. */
  readonly uploadedAt: number;
  readonly log: readonly LogItem[];
  readonly actor: string | null;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Writes that a release has this documentation, also in the place of another, and emits `packages.documentation-uploaded`; the
 * release is registered where there is none. Whether it may be replaced has been decided.
 */
export async function storeDocumentation(tx: Tx, emit: Emit, given: NewDocumentation): Promise<void> {
  const { index, version, content, now, uploadedAt, log } = given;
  const { name, displayName } = given.project;
  const fact = { actor: given.actor, about: index.id };
  const data = { index: fullName(index), project: name };
  const project = await ensureProject(tx, { indexId: index.id, name, displayName });
  const known = await findRelease(tx, project.id, version);
  const release =
    known ??
    (await saveRelease(tx, {
      projectId: project.id,
      version,
      metadata: completeMetadata({ name: project.displayName, version }),
    }));
  const replaced = known && (await findDocumentation(tx, known.id));
  if (replaced !== undefined && replaced.sha256 !== content.sha256) {
    await rememberRemoved(tx, [filePath(index, replaced.sha256, replaced.filename)], now);
  }
  const filename = documentationFilename(name, version);
  const other = await findDocumentationNamed(tx, index.id, filename);
  if (other !== undefined && other.releaseId !== release.id) {
    // `a` 1-2 and `a-1` 2: one address cannot have two zips.
    throw new AppError(packagesErrors.fileExists, `${filename} is the documentation of another release`);
  }
  await saveDocumentation(tx, {
    releaseId: release.id,
    indexId: index.id,
    filename,
    ...content,
    uploadedAt,
    log,
  });
  if (known === undefined) await recordRelease(tx, project, release, now);
  await readTextsSoon(tx, now, project.id);
  if (project.isNew) emit(packagesEvents.projectCreated, { ...fact, data });
  if (known === undefined) emit(packagesEvents.releaseRegistered, { ...fact, data: { ...data, version } });
  emit(packagesEvents.documentationUploaded, {
    ...fact,
    data: { ...data, version, filename, sha256: content.sha256, replaced: replaced !== undefined },
  });
}

/** What the zip of a release is called, whatever it was uploaded as (reference devpi.md 1.10). */
export function documentationFilename(project: string, version: string): string {
  return `${project}-${version}${DOCUMENTATION_SUFFIX}`;
}
