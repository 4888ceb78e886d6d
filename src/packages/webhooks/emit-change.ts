import type { Tx } from '#kernel/db/db.ts';
import type { Emit } from '#kernel/events/events.ts';
import { packagesEvents } from '../events.ts';
import { findIndexById } from '../indexes/store.ts';
import { fullName } from '../model/index.ts';
import type { Webhook } from './webhook.ts';

interface Change {
  readonly actor: string | null;
  readonly change: 'added' | 'removed' | 'disabled' | 'enabled';
  readonly reason?: string;
}

/** Says what became of a webhook: to who reads the index of one, to root of those of the server. */
export async function emitChange(
  tx: Tx,
  emit: Emit,
  { id, indexId }: Webhook,
  { actor, ...data }: Change,
): Promise<void> {
  if (indexId === undefined) {
    emit(packagesEvents.serverWebhookChanged, { actor, data: { webhook: id, ...data } });
    return;
  }
  const index = await findIndexById(tx, indexId);
  if (index === undefined) return;
  emit(packagesEvents.webhookChanged, {
    actor,
    about: indexId,
    data: { index: fullName(index), webhook: id, ...data },
  });
}
