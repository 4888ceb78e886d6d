import { z } from 'zod';
import type { JobHandler } from '#kernel/jobs/job-handler.ts';
import type { PackagesContext } from '../context.ts';
import { packagesConfig } from '../settings.ts';
import { attempt } from './attempt.ts';
import { changeHealth } from './change-health.ts';
import { DELIVERY_JOB, enqueueDelivery } from './enqueue-delivery.ts';
import { countWaiting, findNextDelivery, findWebhook, updateDelivery } from './store.ts';
import type { Delivery, Webhook } from './webhook.ts';

const Payload = z.object({ webhook: z.string() });
const DAY_MS = 86_400_000;
const SECOND_MS = 1000;

/** Pauses between the attempts of one delivery, in seconds: a day and a half together. */
const PAUSES = [5, 60, 300, 1800, 7200, 18_000, 36_000, 64_800];
/** Between attempts of any deliveries while none is taken: five seconds, doubled each time, up to ten minutes. */
const FIRST_PAUSE_SECONDS = 5;
const MAX_PAUSE_SECONDS = 600;
const MAX_WAITING = 10_000;

/**
 * The job: one attempt of one delivery, then it waits for its next turn behind others. Several run at once, one of each
 * webhook, so that who is slow delays only what is meant for them.
 */
export function deliverWebhooks(context: PackagesContext): JobHandler {
  const { db, clock } = context;
  return {
    name: DELIVERY_JOB,
    queue: { name: 'webhooks', slots: 8 },
    async run(payload, { signal }) {
      const { webhook: id } = Payload.parse(payload);
      const webhook = await findWebhook(db, id);
      const delivery = webhook && (await findNextDelivery(db, id));
      if (webhook === undefined || delivery === undefined) return;
      const dueAt = Math.max(delivery.nextAt, webhook.pausedUntil);
      if (dueAt <= clock.now()) await deliver(context, webhook, delivery, signal);
      const [next, after] = [await findNextDelivery(db, id), await findWebhook(db, id)];
      if (next === undefined || after === undefined) return;
      const now = clock.now();
      await enqueueDelivery(db, now, id, Math.max(0, Math.max(next.nextAt, after.pausedUntil) - now));
    },
  };
}

async function deliver(
  context: PackagesContext,
  webhook: Webhook,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<void> {
  const { db, clock, log, config } = context;
  const outcome = await attempt(context, webhook, delivery, signal);
  // It was cut short by the end of the process, and counts as no attempt.
  if (signal.aborted) return;
  const now = clock.now();
  const { status, error, ms } = outcome;
  const attempts = delivery.attempts + 1;
  if (error === null) {
    await updateDelivery(db, { ...delivery, ...outcome, attempts, state: 'delivered', endedAt: now });
    await changeHealth(context, webhook, { failures: 0, failingSince: null, pausedUntil: 0 });
    return;
  }
  log.info({ webhook: webhook.id, delivery: delivery.id, attempts, status, ms }, 'a webhook was not taken');
  const pause = PAUSES[attempts - 1];
  await updateDelivery(db, {
    ...delivery,
    ...outcome,
    attempts,
    ...(pause === undefined
      ? { state: 'failed', endedAt: now }
      : { state: 'waiting', nextAt: now + pause * SECOND_MS }),
  });
  const failures = webhook.failures + 1;
  const failingSince = webhook.failingSince ?? now;
  const seconds = Math.min(FIRST_PAUSE_SECONDS * 2 ** (failures - 1), MAX_PAUSE_SECONDS);
  await changeHealth(context, webhook, {
    failures,
    failingSince,
    pausedUntil: now + seconds * SECOND_MS,
    reason: await reasonToDisable(),
  });

  async function reasonToDisable(): Promise<string | undefined> {
    if (status === 410) return 'the receiver answered 410: it is gone';
    const days = packagesConfig(config)['packages.webhook-failing-days'];
    if (now - failingSince >= days * DAY_MS) return `nothing was taken for ${days} days`;
    if ((await countWaiting(db, webhook.id, MAX_WAITING)) >= MAX_WAITING)
      return `${MAX_WAITING} deliveries wait`;
    return undefined;
  }
}
