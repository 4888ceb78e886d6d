import type { Db, Tx } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';
import type { ClaimedJob } from './claim-jobs.ts';
import { enqueue, enqueueOnce } from './enqueue.ts';

const MAX_PAUSE_SECONDS = 600;

/** Removes a job that has run; one that repeats waits again. False, and nothing is done, if the lease was lost. */
export async function finishJob(
  db: Db,
  job: ClaimedJob,
  { now, everyMs }: { readonly now: number; readonly everyMs: number | undefined },
): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    const ended = await tx
      .withTables<KernelTables>()
      .deleteFrom('job')
      .where('id', '=', job.id)
      .where('lease', '=', job.lease)
      .returning(['again_payload', 'again_after'])
      .executeTakeFirst();
    if (ended === undefined) return false;
    await enqueueAgain(tx, job, ended);
    if (everyMs !== undefined) await enqueueRepeated(tx, now, job.name, everyMs);
    return true;
  });
}

/** The next run of a job that repeats; its name is its key. */
export async function enqueueRepeated(db: Db, now: number, name: string, delayMs: number): Promise<void> {
  await enqueueOnce(db, now, { name, payload: null, key: name, delayMs });
}

/** Makes a job that failed wait for its next attempt, the longer the more it has had. False if the lease was lost. */
export async function retryJob(db: Db, job: ClaimedJob, now: number, error: unknown): Promise<boolean> {
  const run_after = now + Math.min(2 ** job.attempts, MAX_PAUSE_SECONDS) * 1000;
  return (await release(db, job, { run_after, last_error: messageOf(error) }).execute()).length > 0;
}

/** Gives back a job whose run was cut short; that was no attempt. False if the lease was lost. */
export async function returnJob(db: Db, job: ClaimedJob): Promise<boolean> {
  return (await release(db, job, { attempts: job.attempts - 1 }).execute()).length > 0;
}

/** Keeps a job as a record of its last error, in nobody's way. False if the lease was lost. */
export async function giveUpJob(db: Db, job: ClaimedJob, now: number, error: unknown): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    const [ended] = await release(tx, job, {
      key: null,
      failed_at: now,
      last_error: messageOf(error),
    }).execute();
    if (ended === undefined) return false;
    await enqueueAgain(tx, job, ended);
    return true;
  });
}

function release(
  db: Db,
  { id, lease }: ClaimedJob,
  change: {
    readonly run_after?: number;
    readonly attempts?: number;
    readonly key?: null;
    readonly failed_at?: number;
    readonly last_error?: string;
  },
) {
  return db
    .withTables<KernelTables>()
    .updateTable('job')
    .set({ ...change, lease: null, leased_until: 0 })
    .where('id', '=', id)
    .where('lease', '=', lease)
    .returning(['again_payload', 'again_after']);
}

/** What was enqueued with the key while the job ran. */
async function enqueueAgain(
  tx: Tx,
  { name, key }: ClaimedJob,
  { again_payload, again_after }: Pick<KernelTables['job'], 'again_payload' | 'again_after'>,
): Promise<void> {
  if (key === null || again_payload === null || again_after === null) return;
  await enqueue(tx, again_after, { name, payload: JSON.parse(again_payload), key });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
