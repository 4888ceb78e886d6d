import type { Db } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import type { Index } from '../model/index.ts';
import { findWebhook } from './store.ts';
import type { Webhook } from './webhook.ts';

/** The webhook of this index, or of the server; throws `packages.webhook-not-found` also where another one has it. */
export async function getWebhook(db: Db, index: Index | undefined, id: string): Promise<Webhook> {
  const webhook = await findWebhook(db, id);
  if (webhook === undefined || webhook.indexId !== index?.id)
    throw new AppError(packagesErrors.webhookNotFound, `no webhook '${id.slice(0, 100)}'`);
  return webhook;
}
