import { advanceSequences } from '../db/advance-sequences.ts';
import type { Database } from '../db/db.ts';
import { readFacts, removeFact } from '../db/facts.ts';
import { markInitialized } from '../db/installation.ts';
import type { Config } from '../config/kernel-settings.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { readSerial } from '../events/events.ts';
import type { ExpectedBytes } from '../files/expected-bytes.ts';
import type { Files } from '../files/files.ts';
import type { Progress } from '../progress.ts';
import { COMPLETE } from './follower.ts';
import { PRIMARY_UUID } from './join-primary.ts';
import { PrimaryClient } from './primary-client.ts';
import { putFact } from './store.ts';

/** A replica that nobody serves, opened to be changed. */
export interface StoppedReplica {
  readonly database: Database;
  /** What it has itself. */
  readonly files: Files;
  readonly stored: AsyncIterable<ExpectedBytes>;
  readonly config: Pick<Config, 'replica-of' | 'replica-token' | 'serverdir'>;
}

export interface Promoted {
  /** Of the last event that it has of its primary. */
  readonly serial: number;
  /** The files that were never fetched, which are lost with the primary. */
  readonly missing: readonly { readonly sha256: string; readonly name: string }[];
}

/**
 * Makes a server of its own of a replica whose primary is gone for good. It takes over the uuid: other replicas follow it when
 * they are told its address, as far as they have no events that it never got. Refuses while the primary still answers, and, without
 * `incomplete`, while files are missing; then nothing has changed.
 */
export async function promoteReplica(
  { database, files, stored, config }: StoppedReplica,
  { incomplete, progress }: { readonly incomplete: boolean; readonly progress: Progress },
): Promise<Promoted> {
  const facts = await readFacts(database.db);
  const uuid = facts.get(PRIMARY_UUID);
  if (uuid === undefined) {
    throw new AppError(kernelErrors.notReplica, `the server in ${config.serverdir} follows no other one`, {
      hint: 'there is nothing to promote: serve it',
    });
  }
  if (!facts.has(COMPLETE)) {
    throw new AppError(
      kernelErrors.replicaIncomplete,
      `the replica in ${config.serverdir} never had everything that its primary had`,
      { hint: 'restore a backup of the primary: docs/guides/production.md' },
    );
  }
  await demandSilence(config, uuid);
  progress.step('looking for files');
  const missing: Promoted['missing'][number][] = [];
  for await (const { sha256, name } of stored) {
    if (!(await isHere(files, sha256))) missing.push({ sha256, name });
  }
  if (missing.length > 0 && !incomplete) {
    throw new AppError(
      kernelErrors.replicaIncomplete,
      `${missing.length} files are not here, such as ${missing[0]?.name}`,
      {
        hint: 'copy them into files-directory from what is left of the primary, or give --incomplete to do without them',
      },
    );
  }
  await database.db.transaction().execute(async (tx) => {
    await advanceSequences(tx, database.dialect);
    await putFact(tx, 'uuid', uuid);
    await markInitialized(tx);
    for (const key of [PRIMARY_UUID, COMPLETE]) await removeFact(tx, key);
  });
  return { serial: await readSerial(database.db), missing };
}

/** Two servers that both take changes would never become one again. What a proxy says in the place of the primary is silence. */
async function demandSilence(
  { 'replica-of': url, 'replica-token': token }: StoppedReplica['config'],
  uuid: string,
): Promise<void> {
  if (url === undefined || token === undefined) return;
  const client = new PrimaryClient({ url, token });
  const primary = await client.facts().catch(() => undefined);
  client.close();
  if (primary?.uuid === uuid) throw new AppError(kernelErrors.primaryAnswers, `${url} still answers`);
}

async function isHere(files: Files, sha256: string): Promise<boolean> {
  try {
    (await files.open(sha256)).release();
    return true;
  } catch (error) {
    if (error instanceof AppError && error.kind === kernelErrors.fileMissing) return false;
    throw error;
  }
}
