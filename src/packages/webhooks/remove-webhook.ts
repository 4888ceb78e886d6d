import type { PackagesContext } from '../context.ts';
import { confirmScope, type Scope } from './confirm-scope.ts';
import { emitChange } from './emit-change.ts';
import { getWebhook } from './get-webhook.ts';
import { deleteWebhook } from './store.ts';

/** Removes a webhook with its deliveries. */
export async function removeWebhook(
  context: PackagesContext,
  { identity, index, id }: Scope & { readonly id: string },
): Promise<void> {
  await context.events.change(async (tx, emit) => {
    await confirmScope(context, tx, { identity, index });
    const webhook = await getWebhook(tx, index, id);
    await deleteWebhook(tx, id);
    await emitChange(tx, emit, webhook, { actor: identity.user ?? null, change: 'removed' });
  });
}
