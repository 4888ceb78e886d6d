import type { z } from 'zod';
import type * as contract from '../contract.ts';
import { withoutCredentials } from '../indexes/show-index.ts';
import type { Index } from '../model/index.ts';
import { healthOf, type Delivery, type Webhook } from './webhook.ts';

/** A webhook as answers show it: neither its secret nor a password in its address. */
export function showWebhook(webhook: Webhook, index: Index | undefined): z.output<typeof contract.Webhook> {
  const { id, kind, events, createdAt, createdBy, failingSince, disabled } = webhook;
  return {
    id,
    kind,
    url: addressOf(webhook, index),
    events: [...events],
    created: isoTime(createdAt),
    ...(createdBy !== null && { created_by: createdBy }),
    health: healthOf(webhook),
    ...(failingSince !== null && { failing_since: isoTime(failingSince) }),
    ...(disabled !== undefined && { disabled: disabled.reason }),
  };
}

/** Where it sends to, as it may be shown. */
export function addressOf({ kind, url }: Webhook, index: Index | undefined): string {
  const text = kind === 'jenkins' ? index?.options['uploadtrigger_jenkins'] : url;
  return typeof text === 'string' ? withoutCredentials(text) : '';
}

export function showDelivery(delivery: Delivery): z.output<typeof contract.WebhookDelivery> {
  const { id, type, serial, state, attempts, status, error, ms, createdAt, nextAt, endedAt } = delivery;
  return {
    id,
    type,
    ...(serial !== null && { serial }),
    state,
    attempts,
    ...(status !== null && { status }),
    ...(error !== null && { error }),
    ...(ms !== null && { ms }),
    created: isoTime(createdAt),
    ...(state === 'waiting' && { next: isoTime(nextAt) }),
    ...(endedAt !== null && { ended: isoTime(endedAt) }),
  };
}

function isoTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
