import type { Db } from '#kernel/db/db.ts';
import { enqueue, hasten } from '#kernel/jobs/enqueue.ts';

export const DELIVERY_JOB = 'packages.deliver-webhook';

/** Has the next delivery of a webhook sent, after a while; only one of a webhook is sent at a time. */
export async function enqueueDelivery(db: Db, now: number, webhook: string, delayMs: number): Promise<void> {
  const key = `${DELIVERY_JOB} ${webhook}`;
  await hasten(db, key, now + delayMs);
  await enqueue(db, now, { name: DELIVERY_JOB, payload: { webhook }, key, delayMs });
}
