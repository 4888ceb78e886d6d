import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { writePart } from '../write-part.ts';

/** Writes the files into the directory, in the place of those that are there, and prints a line for each. */
export async function writeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    try {
      await rename(await writePart(path, content, 0o644), path);
    } catch (cause) {
      throw new AppError(cliErrors.badDeployment, `cannot write ${path}: ${(cause as Error).message}`, {
        cause,
      });
    }
    process.stdout.write(`wrote ${path}\n`);
  }
}
