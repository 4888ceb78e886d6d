import { realpath, rename, rm } from 'node:fs/promises';
import { writePart } from './write-part.ts';

/** Writes a file whole or not at all, for its owner's eyes only; a link stays one. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  // Dotfiles are often links into a directory under version control.
  const target = await realpath(path).catch(() => path);
  const part = await writePart(target, content, 0o600);
  try {
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
