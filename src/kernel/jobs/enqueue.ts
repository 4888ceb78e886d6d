import type { Db } from '../db/db.ts';
import type { KernelTables } from '../db/kernel-tables.ts';

export interface NewJob {
  readonly name: string;
  readonly payload: unknown;
  /** Of the jobs with one key at most one waits and at most one runs. */
  readonly key?: string;
  readonly delayMs?: number;
}

/**
 * Stores a job, in the caller's transaction when `db` is one. Returns false if its key waits already. A job that runs
 * may have looked before what the new one is about: its key runs again when it has ended.
 */
export async function enqueue(db: Db, now: number, job: NewJob): Promise<boolean> {
  const stored = await insert(db, now, job)
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet((eb) => ({
          again_payload: eb.ref('excluded.payload'),
          again_after: eb.ref('excluded.run_after'),
        }))
        .where('job.lease', 'is not', null)
        .where('job.again_payload', 'is', null),
    )
    .returning('id')
    .execute();
  return stored.length > 0;
}

/** Has the job with a key that waits, or will wait when it has run, run at this time at the latest. */
export async function hasten(db: Db, key: string, runAfter: number): Promise<void> {
  const update = () => db.withTables<KernelTables>().updateTable('job').where('key', '=', key);
  await update()
    .set({ run_after: runAfter })
    .where('lease', 'is', null)
    .where('run_after', '>', runAfter)
    .execute();
  await update().set({ again_after: runAfter }).where('again_after', '>', runAfter).execute();
}

/** Stores a job unless its key waits or runs. */
export async function enqueueOnce(db: Db, now: number, job: NewJob): Promise<void> {
  await insert(db, now, job)
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}

function insert(db: Db, now: number, { name, payload, key, delayMs }: NewJob) {
  return db
    .withTables<KernelTables>()
    .insertInto('job')
    .values({
      name,
      payload: JSON.stringify(payload ?? null),
      key: key ?? null,
      run_after: now + (delayMs ?? 0),
      attempts: 0,
      lease: null,
      leased_until: 0,
      again_payload: null,
      again_after: null,
      failed_at: null,
      last_error: null,
    });
}
