import { randomBytes } from 'node:crypto';
import type { Identity } from '#kernel/identity.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { isPrivateHost } from '../mirror/upstream/private-address.ts';
import type { Index } from '../model/index.ts';
import { packagesConfig } from '../settings.ts';
import { confirmScope } from './confirm-scope.ts';
import { emitChange } from './emit-change.ts';
import { createSecret } from './sign.ts';
import { insertWebhook, listWebhooks } from './store.ts';
import { isWanted, type Webhook } from './webhook.ts';

const MAX_WEBHOOKS = 20;

export interface AddWebhook {
  readonly identity: Identity;
  /** Undefined: of the whole server. */
  readonly index: Index | undefined;
  readonly url: string;
  readonly events: readonly string[];
}

/** Adds a webhook; `secret` is what it signs with, and this is its only appearance. */
export async function addWebhook(
  context: PackagesContext,
  { identity, index, url, events }: AddWebhook,
): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
  const isTrusted = identity.user === 'root';
  const mayBePrivate =
    isTrusted || packagesConfig(context.config)['packages.webhook-private-addresses'] === 'anyone';
  checkUrl(url, mayBePrivate);
  checkEvents(events, index);
  const secret = createSecret();
  const webhook: Webhook = {
    id: randomBytes(8).toString('hex'),
    indexId: index?.id,
    kind: 'webhook',
    url,
    events: [...new Set(events)].toSorted(),
    secret,
    isTrusted,
    createdBy: identity.user ?? null,
    createdAt: context.clock.now(),
    failures: 0,
    failingSince: null,
    pausedUntil: 0,
    disabled: undefined,
  };
  await context.events.change(async (tx, emit) => {
    await confirmScope(context, tx, { identity, index });
    if ((await listWebhooks(tx, index?.id)).length >= MAX_WEBHOOKS)
      throw invalidWebhook(`there are ${MAX_WEBHOOKS} webhooks already, and there may not be more`);
    await insertWebhook(tx, webhook);
    await emitChange(tx, emit, webhook, { actor: identity.user ?? null, change: 'added' });
  });
  return { webhook, secret };
}

function checkUrl(text: string, mayBePrivate: boolean): void {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw invalidWebhook("'url' must be an http or https URL");
  if (!mayBePrivate && isPrivateHost(url.hostname)) {
    throw new AppError(packagesErrors.invalidWebhook, `'url' is at a private address: ${url.host}`, {
      hint: 'only root may add webhooks at private addresses',
    });
  }
}

/** A filter that fits nothing is a mistake. */
function checkEvents(events: readonly string[], index: Index | undefined): void {
  const types = Object.values(packagesEvents).filter(({ about }) => index === undefined || about === 'index');
  const known = types.map(({ type }) => type);
  const isKnown = (each: string) =>
    known.some((type) => isWanted([each], type)) || (index === undefined && each.startsWith('accounts.'));
  const unknown = events.find((each) => !isKnown(each));
  if (unknown === undefined) return;
  throw invalidWebhook(`'events' names '${unknown}'; there are packages.*, ${known.join(', ')}`);
}

function invalidWebhook(detail: string): AppError {
  return new AppError(packagesErrors.invalidWebhook, detail);
}
