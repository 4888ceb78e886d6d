import type { Db } from '#kernel/db/db.ts';
import { enqueue, hasten } from '#kernel/jobs/enqueue.ts';

/** Reads the texts of one project; the payload has its id. */
export const READ_TEXTS = 'packages.read-texts';
/** Reads those of all projects that nobody has read; the name of a repeated job is its key, too. */
export const READ_UNREAD = 'packages.read-unread-texts';

/** Has the texts of a project read after the transaction that changed them: uploads do not wait for it. */
export async function readTextsSoon(tx: Db, now: number, project: number): Promise<void> {
  await enqueue(tx, now, { name: READ_TEXTS, payload: { project }, key: `${READ_TEXTS} ${project}` });
}

/** The same for all projects that nobody has read, as after many came at once: one job instead of one for each. */
export async function readUnreadSoon(tx: Db, now: number): Promise<void> {
  await hasten(tx, READ_UNREAD, now);
  await enqueue(tx, now, { name: READ_UNREAD, payload: null, key: READ_UNREAD });
}
