import type { PackagesContext } from '../context.ts';
import { emitChange } from './emit-change.ts';
import { failWaiting, updateHealth } from './store.ts';
import type { Webhook } from './webhook.ts';

/**
 * Writes how a webhook stands after an attempt. With a reason it is disabled: it is told of nothing more, what waits is given up,
 * and `packages.webhook-changed` says so. A success enables it again.
 */
export async function changeHealth(
  context: PackagesContext,
  webhook: Webhook,
  {
    reason,
    ...health
  }: Pick<Webhook, 'failures' | 'failingSince' | 'pausedUntil'> & { readonly reason?: string | undefined },
): Promise<void> {
  const { db, clock, log } = context;
  const wasDisabled = webhook.disabled !== undefined;
  const isDisabled = health.failures > 0 && (wasDisabled || reason !== undefined);
  const disabled = isDisabled ? (webhook.disabled ?? { at: clock.now(), reason: reason ?? '' }) : undefined;
  const changed = { ...webhook, ...health, disabled };
  if (isDisabled === wasDisabled) {
    await updateHealth(db, changed);
    return;
  }
  await context.events.change(async (tx, emit) => {
    if (!(await updateHealth(tx, changed))) return;
    if (isDisabled) await failWaiting(tx, webhook.id, clock.now(), 'the webhook was disabled');
    await emitChange(tx, emit, webhook, {
      actor: null,
      change: isDisabled ? 'disabled' : 'enabled',
      ...(disabled !== undefined && { reason: disabled.reason }),
    });
  });
  if (isDisabled) log.warn({ webhook: webhook.id, reason: disabled?.reason }, 'a webhook was disabled');
}
