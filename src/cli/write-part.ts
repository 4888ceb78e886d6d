import { randomBytes } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes and syncs what a file is to become beside it, and says where: renaming that replaces the file at once. Nothing is left
 * if it fails. Directories that are missing are made, for the owner alone.
 */
export async function writePart(target: string, content: string, mode: number): Promise<string> {
  const part = `${target}.${randomBytes(6).toString('hex')}.part`;
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  try {
    // Never more open than it is to be, and then exactly that, whatever the umask takes away.
    const file = await open(part, 'wx', mode & 0o600);
    try {
      await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
  return part;
}
