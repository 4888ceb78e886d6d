import { randomUUID } from 'node:crypto';
import { AppError } from '#kernel/errors/app-error.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { fullName } from '../model/index.ts';
import { attempt } from './attempt.ts';
import { changeHealth } from './change-health.ts';
import type { Scope } from './confirm-scope.ts';
import { getWebhook } from './get-webhook.ts';
import { insertDelivery } from './store.ts';
import type { Delivery } from './webhook.ts';

/** No event has this type. */
const TEST_TYPE = 'packages.webhook-tested';

/** Sends a webhook something at once, whether it is disabled or not; a success enables it. */
export async function testWebhook(
  context: PackagesContext,
  { identity, index, id }: Scope & { readonly id: string },
): Promise<Delivery> {
  const { db, clock } = context;
  const webhook = await getWebhook(db, index, id);
  if (webhook.kind === 'jenkins') {
    throw new AppError(packagesErrors.invalidWebhook, 'a Jenkins trigger is tried by an upload only');
  }
  const now = clock.now();
  const data = index === undefined ? {} : { index: fullName(index) };
  const actor = identity.user ?? null;
  const waiting: Delivery = {
    id: `msg_${randomUUID()}`,
    webhook: id,
    type: TEST_TYPE,
    serial: null,
    body: JSON.stringify({ type: TEST_TYPE, timestamp: new Date(now).toISOString(), actor, data }),
    state: 'waiting',
    attempts: 1,
    nextAt: now,
    status: null,
    error: null,
    ms: null,
    createdAt: now,
    endedAt: null,
  };
  const outcome = await attempt(context, webhook, waiting);
  const state = outcome.error === null ? 'delivered' : 'failed';
  const delivery = { ...waiting, ...outcome, state, endedAt: clock.now() } as const;
  await insertDelivery(db, delivery);
  if (state === 'delivered') {
    await changeHealth(context, webhook, { failures: 0, failingSince: null, pausedUntil: 0 });
  }
  return delivery;
}
