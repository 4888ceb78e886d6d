import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { isArchiveFilename } from '#python/names/filename.ts';
import { cliErrors } from '../errors.ts';
import { readDocumentationName, type DocumentationName } from './documentation-name.ts';

/** A file that was named, or found in a directory that was. */
export interface ChosenFile {
  readonly path: string;
  readonly filename: string;
  /** What a zip of documentation is about; undefined for an archive, which says it itself. */
  readonly documentation: DocumentationName | undefined;
}

/**
 * The archives to upload, by name: files as given, of directories those right in them, or with `fromDir` also those below.
 * Throws `cli.bad-input-file` with every path that cannot be used.
 */
export async function chooseFiles(
  paths: readonly string[],
  { fromDir }: { readonly fromDir: boolean },
): Promise<readonly ChosenFile[]> {
  const chosen = new Map<string, string>();
  const problems: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch((error: unknown) => error as NodeJS.ErrnoException);
    if (found instanceof Error) {
      problems.push(
        found.code === 'ENOENT' ? `path does not exist: ${path}` : `cannot read ${path}: ${found.message}`,
      );
    } else if (found.isDirectory()) {
      const archives = await listArchives(path, fromDir);
      if (archives.length === 0)
        problems.push(`${path} has no archives${fromDir ? '' : '; --from-dir looks below it, too'}`);
      for (const archive of archives) chosen.set(archive, basename(archive));
    } else if (isUploaded(basename(path))) {
      chosen.set(path, basename(path));
    } else {
      problems.push(`${path} does not have the name of a wheel, sdist or another archive`);
    }
  }
  if (problems.length > 0) throw new AppError(cliErrors.badInputFile, problems.join('\n'));
  return [...chosen]
    .map(([path, filename]) => ({ path, filename, documentation: readDocumentationName(filename) }))
    .toSorted((a, b) => (a.filename < b.filename ? -1 : Number(a.filename > b.filename)));
}

async function listArchives(directory: string, recursive: boolean): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .filter(({ name }) => isUploaded(name))
    .map(({ name, parentPath }) => join(parentPath, name));
}

function isUploaded(filename: string): boolean {
  return isArchiveFilename(filename) || readDocumentationName(filename) !== undefined;
}
