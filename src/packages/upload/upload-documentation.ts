import type { Db, Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Emit } from '#kernel/events/events.ts';
import { compareVersions } from '#python/names/compare-versions.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import type { PackagesContext } from '../context.ts';
import { checkDocumentation } from '../documentation/check-documentation.ts';
import { documentationFilename, storeDocumentation } from '../documentation/store-documentation.ts';
import { findDocumentationNamed, type Documentation } from '../documentation/store.ts';
import { packagesErrors } from '../errors.ts';
import { lockForChange } from '../lock-for-change.ts';
import { fullName, isVolatile, type Index } from '../model/index.ts';
import { logTime, overwriteLog } from '../model/log-item.ts';
import { findProject, listReleases } from '../projects/store.ts';
import { checkDigests, field, readClaim, type Claim } from './check-upload.ts';
import { invalidForm } from './invalid-form.ts';
import type { Form, FormFile } from './receive-form.ts';
import type { UploadResult } from './store-rows.ts';
import type { UploadFile } from './upload-file.ts';

/**
 * Stores the zip of a `doc_upload` form as the documentation of a release, which without a version is the newest that there is,
 * and is registered if the index does not have it. When this resolves, bytes and row are durable. Everything is checked before
 * anything changes: 400 for what can never be right, 409 where an index that is not volatile has other documentation
 * (reference devpi.md 1.7).
 */
export async function uploadDocumentation(
  context: PackagesContext,
  { identity, index, form }: UploadFile,
): Promise<UploadResult> {
  const { content } = form;
  if (content === undefined) throw invalidForm('content file field not found');
  checkDigests(form, content);
  const claim = await claimOf(context.db, index, form);
  if ((await compareWithExisting(context.db, index, claim, content)).isIdentical) return 'identical';
  await check(context, content, claim);
  await content.incoming.keep();
  return await context.events.change(async (tx: Tx, emit: Emit) => {
    const locked = await lockForChange(context, tx, { index, identity, permission: 'packages.upload' });
    const { existing, isIdentical } = await compareWithExisting(tx, locked, claim, content);
    if (isIdentical) return 'identical';
    const now = context.clock.now();
    const actor = identity.user ?? null;
    await storeDocumentation(tx, emit, {
      index: locked,
      project: { name: normalizeProjectName(claim.name), displayName: claim.name },
      version: claim.version,
      content: { sha256: content.digests.sha256, md5: content.digests.md5, size: content.size },
      uploadedAt: now,
      log: [
        ...overwriteLog(existing?.log),
        { what: 'upload', who: actor, when: logTime(now), dst: fullName(locked) },
      ],
      actor,
      now,
    });
    return 'stored';
  });
}

/** Which release the form means: without a version, as `setup.py upload_docs` sends it, the newest that is there. */
async function claimOf(db: Db, index: Index, form: Form): Promise<Claim> {
  if ((field(form, 'version') ?? '') !== '') return readClaim(form);
  const { name } = readClaim({ ...form, fields: new Map([...form.fields, ['version', ['0']]]) });
  const project = await findProject(db, index.id, normalizeProjectName(name));
  const versions = project === undefined ? [] : await listReleases(db, project.id);
  const newest = versions
    .map(({ version }) => version)
    .sort(compareVersions)
    .at(-1);
  if (newest === undefined) {
    throw invalidForm(`the form names no version, and ${fullName(index)} has no release of ${name}`);
  }
  return { name, version: newest };
}

/** What the release has; throws 409 if that is something else which must stay. */
async function compareWithExisting(
  db: Db,
  index: Index,
  { name, version }: Claim,
  { digests }: FormFile,
): Promise<{ readonly existing: Documentation | undefined; readonly isIdentical: boolean }> {
  const filename = documentationFilename(normalizeProjectName(name), version);
  const existing = await findDocumentationNamed(db, index.id, filename);
  if (existing === undefined || isVolatile(index)) return { existing, isIdentical: false };
  if (existing.sha256 === digests.sha256) return { existing, isIdentical: true };
  throw new AppError(packagesErrors.fileExists, `${filename} already exists in non-volatile index`);
}

async function check(context: PackagesContext, { incoming }: FormFile, claim: Claim): Promise<void> {
  await using bytes = await incoming.read();
  if (bytes === undefined) throw new Error('the uploaded file is gone before it was checked');
  const filename = documentationFilename(normalizeProjectName(claim.name), claim.version);
  await checkDocumentation(context, bytes, filename);
}
