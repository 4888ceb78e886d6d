import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Progress } from '#kernel/progress.ts';
import type { ArchiveReader } from '#python/archives/archive-reader.ts';
import { ArchiveRejected, inspectArchive } from '#python/archives/inspect.ts';
import { openZip } from '#python/archives/zip/zip.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { compareVersions } from '#python/names/compare-versions.ts';
import { cliErrors } from '../errors.ts';
import { inParallel } from '#kernel/in-parallel.ts';
import type { ChosenFile } from './choose-files.ts';

/** A file that is what its name says, as far as that can be known without the server. */
export interface CheckedFile extends ChosenFile {
  /** Of the project, as the metadata spells it where there is some. */
  readonly name: string;
  /** Normalized. */
  readonly project: string;
  /** Undefined for documentation of the newest version. */
  readonly version: string | undefined;
  readonly size: number;
  readonly sha256: string;
}

const PARALLEL = 4;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads every archive as the server will, from the first byte to the last. Throws `cli.bad-input-file` that names all that
 * would be refused, and files of one name with different contents; so that nothing has been sent then.
 */
export async function checkFiles(
  files: readonly ChosenFile[],
  progress: Progress,
): Promise<readonly CheckedFile[]> {
  const problems: string[] = [];
  let done = 0;
  progress.step(`checking ${files.length === 1 ? files[0]?.filename : `${files.length} files`}`);
  const checked = await inParallel(files, PARALLEL, async (file) => {
    try {
      return await checkFile(file);
    } catch (error) {
      if (!(error instanceof ArchiveRejected) && !isSystemError(error)) throw error;
      problems.push(`${file.path}: ${error.message}`);
      return undefined;
    } finally {
      progress.count((done += 1), files.length);
    }
  });
  const known = new Map<string, CheckedFile>();
  for (const file of checked) {
    if (file === undefined) continue;
    const other = known.get(file.filename);
    if (other === undefined) known.set(file.filename, file);
    else if (other.sha256 !== file.sha256)
      problems.push(`${file.path} and ${other.path} have one name and differ`);
  }
  if (problems.length === 0) return [...known.values()];
  throw new AppError(cliErrors.badInputFile, problems.join('\n'), { hint: 'nothing was uploaded' });
}

/** Of every project the files of its newest version, and the documentation of the newest that has some. */
export function newestOnly(files: readonly CheckedFile[]): readonly CheckedFile[] {
  const newest = new Map<string, string>();
  const keyOf = ({ project, documentation }: CheckedFile) => `${documentation !== undefined} ${project}`;
  for (const file of files) {
    const known = newest.get(keyOf(file));
    const { version = '' } = file;
    if (known === undefined || version === '' || (known !== '' && compareVersions(version, known) > 0))
      newest.set(keyOf(file), version);
  }
  return files.filter((file) => newest.get(keyOf(file)) === (file.version ?? ''));
}

async function checkFile(file: ChosenFile): Promise<CheckedFile> {
  await using handle = await open(file.path);
  const { size } = await handle.stat();
  const reader = {
    size,
    read: async (into: Buffer, position: number) =>
      (await handle.read(into, 0, into.byteLength, position)).bytesRead,
  };
  const about = await inspect(reader, file);
  return { ...file, ...about, size, sha256: await digest(handle) };
}

/** Documentation is told by its name alone; it must be a zip whose members are safe to unpack. */
async function inspect(
  reader: ArchiveReader,
  { filename, documentation }: ChosenFile,
): Promise<Pick<CheckedFile, 'name' | 'project' | 'version'>> {
  if (documentation === undefined) {
    const { project, version, metadata } = await inspectArchive(reader, filename);
    return { name: metadata?.name ?? project, project, version };
  }
  await openZip(reader);
  const { project: name, version } = documentation;
  return { name, project: normalizeProjectName(name), version };
}

async function digest(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; ;) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
