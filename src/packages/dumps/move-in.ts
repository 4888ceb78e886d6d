import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '#kernel/context.ts';
import type { Progress } from '#kernel/progress.ts';
import { fetchDump } from './fetch-dump.ts';
import { demandNewServer, importDump, type ImportedDump } from './import-dump.ts';
import type { ReadDumpOptions } from './read-dump.ts';
import { SourceServer, type SourceLogin } from './source-server.ts';

export interface MoveIn extends ReadDumpOptions {
  /** Of a devpi-server or another Wheelhouse. */
  readonly url: string;
  /** Who may read all that is to be taken; nobody named without. */
  readonly login?: SourceLogin;
  /** Only these indexes, by `user/name`; all without. */
  readonly indexes: readonly string[];
}

/**
 * Makes a new server what another one shows, while that one serves: its dump is fetched into the server directory, imported as
 * every dump is, and removed. Goes on where it was interrupted.
 */
export async function moveIn(
  context: Context,
  { url, login, indexes, ...options }: MoveIn,
  progress: Progress,
): Promise<ImportedDump> {
  await demandNewServer(context.db);
  const source = new SourceServer(url);
  const name = createHash('sha256')
    .update(JSON.stringify([source.url, indexes]))
    .digest('hex')
    .slice(0, 16);
  const directory = join(context.config.serverdir, 'moving-in', name);
  if (login !== undefined) await source.logIn(login);
  const notes = await fetchDump(source, { directory, indexes }, progress);
  const imported = await importDump(context, { ...options, directory, hardLinks: true }, progress);
  await rm(join(context.config.serverdir, 'moving-in'), { recursive: true, force: true });
  return { ...imported, notes: [...notes, ...imported.notes] };
}
