import { AppError } from '#kernel/errors/app-error.ts';
import type { Context } from '#kernel/context.ts';
import type { IncomingFile } from '#kernel/files/files.ts';
import { isArchiveFilename, parseFilename } from '#python/names/filename.ts';
import { ArchiveRejected, inspectArchive, type InspectedArchive } from '#python/archives/inspect.ts';
import { isProjectName, normalizeProjectName } from '#python/names/project-name.ts';
import { isSameVersion } from '#python/names/same-version.ts';
import { packagesErrors } from '../errors.ts';
import { invalidForm } from './invalid-form.ts';
import type { Form, FormFile } from './receive-form.ts';
import { packagesConfig, type PackagesConfig } from '../settings.ts';

/** What a form says that it uploads. */
export interface Claim {
  /** As the form spells it. */
  readonly name: string;
  readonly version: string;
}

/** Name and version of the form; throws 400 naming the field that is missing or impossible. */
export function readClaim(form: Form): Claim {
  const name = field(form, 'name');
  const version = field(form, 'version');
  if (name === undefined || name === '') throw invalidForm('name field not found');
  if (!isProjectName(name)) {
    throw new AppError(
      packagesErrors.invalidProjectName,
      `'${name.slice(0, 100)}' is not a valid project name`,
    );
  }
  if (version === undefined || version === '') {
    throw invalidForm('invalid metadata: Missing required field "version"');
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._+!-]{0,199}$/.test(version)) {
    throw invalidForm(`invalid metadata: '${version.slice(0, 100)}' is not a valid version`);
  }
  return { name, version };
}

/** The first value of a field. */
export function field(form: Form, name: string): string | undefined {
  return form.fields.get(name)?.[0];
}

/**
 * Throws 400, in devpi's words, unless the file name can be an archive of this release (devpi.md 1.7). With `warn`
 * a name will do that installers cannot read, such as `demo-1.0.whl`, if it has the ending of an archive.
 */
export function checkFilename(
  filename: string,
  { name, version }: Claim,
  archiveCheck: PackagesConfig['packages.archive-check'],
): void {
  const parsed = parseFilename(filename, name);
  if (parsed === undefined && !(archiveCheck === 'warn' && isArchiveFilename(filename))) {
    throw invalidForm(`'${filename.slice(0, 255)}' is not a valid archive name`);
  }
  const project = normalizeProjectName(name);
  const isNamed =
    parsed === undefined ? normalizeProjectName(filename).startsWith(project) : parsed.project === project;
  if (!isNamed) {
    throw invalidForm(`filename '${filename}' does not match project name '${name}'`);
  }
  // As written, and as build tools of several ages escape it.
  const escapes = [/[^A-Za-z0-9.+!]+/g, /[^\w.]+/g, /\W+/g];
  const spellings = [version, ...escapes.map((escape) => version.replace(escape, '_'))];
  const isOfVersion =
    (parsed !== undefined && isSameVersion(parsed.version, version)) ||
    spellings.some((spelling) => filename.includes(spelling));
  if (!isOfVersion) {
    throw invalidForm(`filename '${filename}' does not contain version '${version}'`);
  }
}

/** What distutils of Python 3.9 to 3.11 sends as `blake2_256_digest`: BLAKE2b with 64 bytes. Its form has the other digests, too. */
const BLAKE2B_512 = /^[0-9a-f]{128}$/i;

/** Throws 400 unless every digest that the form carries is that of the received bytes. */
export function checkDigests(form: Form, { digests, filename }: FormFile): void {
  const computed = {
    md5_digest: digests.md5,
    sha256_digest: digests.sha256,
    blake2_256_digest: digests.blake2b256,
  };
  for (const [name, hex] of Object.entries(computed)) {
    const claimed = field(form, name)?.trim();
    if (claimed === undefined || claimed === '') continue;
    if (name === 'blake2_256_digest' && BLAKE2B_512.test(claimed)) continue;
    // The documentation of the form says url-safe base64, clients send hex.
    const base64 = Buffer.from(hex, 'hex').toString('base64url');
    const padded = base64.padEnd(Math.ceil(base64.length / 4) * 4, '=');
    if (claimed.toLowerCase() !== hex && claimed !== base64 && claimed !== padded) {
      const detail = `${name} of '${filename}' does not match: the form says ${claimed.slice(0, 128)}, received ${hex}`;
      throw new AppError(packagesErrors.digestMismatch, detail);
    }
  }
}

/**
 * Opens the archive and returns what is in it, or undefined where the server is set to accept what it cannot
 * read. The archive is the truth: its name and version must be those of the form (reference packaging.md 1.7).
 */
export async function checkArchive(
  context: Context,
  { incoming, filename }: FormFile,
  claim: Claim,
): Promise<InspectedArchive | undefined> {
  try {
    const archive = await inspect(incoming, filename, claim.name);
    if (!isSameVersion(archive.version, claim.version) && archive.metadata !== undefined) {
      throw invalidArchive(
        filename,
        `its metadata says version ${archive.version}, the form says ${claim.version}`,
      );
    }
    if (archive.findings.length > 0)
      context.log.info({ filename, findings: archive.findings }, 'archive findings');
    return archive;
  } catch (error) {
    const rejected =
      error instanceof ArchiveRejected ? invalidArchive(filename, error.message, error) : error;
    if (
      !(rejected instanceof AppError) ||
      packagesConfig(context.config)['packages.archive-check'] === 'refuse'
    )
      throw rejected;
    context.log.warn({ filename, problem: rejected.message }, 'accepted an archive that would be refused');
    return undefined;
  }
}

async function inspect(incoming: IncomingFile, filename: string, expectedProject: string) {
  await using bytes = await incoming.read();
  if (bytes === undefined) throw new Error('the uploaded file is gone before it was checked');
  return await inspectArchive(bytes, filename, { expectedProject });
}

function invalidArchive(filename: string, problem: string, cause?: unknown): AppError {
  return new AppError(packagesErrors.invalidArchive, `invalid archive '${filename}': ${problem}`, { cause });
}
