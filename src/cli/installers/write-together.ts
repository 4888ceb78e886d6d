import { readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { writePart } from '../write-part.ts';

/** A file that is to have another content. */
export interface FileChange {
  readonly path: string;
  /** Nothing, for a file that goes. */
  readonly after: string;
  /** Whether nobody else may read it, whatever its permissions were. */
  readonly isSecret: boolean;
}

interface Replacement {
  readonly target: string;
  /** Where the new content waits; undefined if the file goes. */
  readonly part: string | undefined;
}

/** As programs make files, less what the umask takes away. */
const ORDINARY = 0o666;

/**
 * Changes several files, all or none as far as the disk allows: everything is written and synced beside them before the first
 * is replaced. Of a file that is there, `FILE-bak` keeps what it was before the first change. A file whose new content is
 * empty is removed. A link stays one.
 */
export async function writeTogether(changes: readonly FileChange[]): Promise<void> {
  const waiting: Replacement[] = [];
  try {
    for (const change of changes) waiting.push(...(await prepare(change)));
    for (const { target, part } of waiting) {
      if (part === undefined) await rm(target);
      else await rename(part, target);
    }
  } catch (error) {
    for (const { part } of waiting) {
      if (part !== undefined) await rm(part, { force: true }).catch(() => undefined);
    }
    throw error;
  }
}

/** What is to be renamed for a change: the backup, if there is none yet, and the file itself. */
async function prepare({ path, after, isSecret }: FileChange): Promise<readonly Replacement[]> {
  const target = await realpath(path).catch(() => path);
  const present = await stat(target).catch(() => undefined);
  const mode =
    (present === undefined ? ORDINARY & ~umask() : present.mode & 0o777) & (isSecret ? 0o600 : 0o777);
  const waiting: Replacement[] = [];
  const backup = `${target}-bak`;
  if (present !== undefined && (await stat(backup).catch(() => undefined)) === undefined) {
    waiting.push({ target: backup, part: await writePart(backup, await readFile(target, 'utf8'), mode) });
  }
  try {
    waiting.push({ target, part: after === '' ? undefined : await writePart(target, after, mode) });
  } catch (error) {
    for (const { part } of waiting) if (part !== undefined) await rm(part, { force: true });
    throw error;
  }
  return waiting;
}

function umask(): number {
  return process.umask();
}
