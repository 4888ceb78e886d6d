import type { Insertable, Selectable } from 'kysely';
import type { Db } from '#kernel/db/db.ts';
import type { PackagesTables } from '../tables.ts';
import type { Delivery, Webhook } from './webhook.ts';

/** Those of an index, or of the server, oldest first. */
export async function listWebhooks(db: Db, indexId: number | undefined): Promise<Webhook[]> {
  const rows = await tables(db)
    .selectFrom('webhook')
    .selectAll()
    .where('index_id', indexId === undefined ? 'is' : '=', indexId ?? null)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(fromRow);
}

/** All that have been made, disabled ones among them. */
export async function listAllWebhooks(db: Db): Promise<Webhook[]> {
  const rows = await tables(db).selectFrom('webhook').selectAll().execute();
  return rows.map(fromRow);
}

/** Those that are told nothing any more, the last disabled first. */
export async function listDisabledWebhooks(db: Db): Promise<Webhook[]> {
  const rows = await tables(db)
    .selectFrom('webhook')
    .selectAll()
    .where('disabled_at', 'is not', null)
    .orderBy('disabled_at', 'desc')
    .execute();
  return rows.map(fromRow);
}

export async function findWebhook(db: Db, id: string): Promise<Webhook | undefined> {
  const row = await tables(db).selectFrom('webhook').selectAll().where('id', '=', id).executeTakeFirst();
  return row && fromRow(row);
}

/** Does nothing if there is one of this id. */
export async function insertWebhook(db: Db, webhook: Webhook): Promise<void> {
  await tables(db)
    .insertInto('webhook')
    .values(toRow(webhook))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** Returns false if it has gone. */
export async function updateHealth(
  db: Db,
  { id, failures, failingSince, pausedUntil, disabled }: Webhook,
): Promise<boolean> {
  const updated = await tables(db)
    .updateTable('webhook')
    .set({
      failures,
      failing_since: failingSince,
      paused_until: pausedUntil,
      disabled_at: disabled?.at ?? null,
      disabled_reason: disabled?.reason ?? null,
    })
    .where('id', '=', id)
    .returning('id')
    .execute();
  return updated.length > 0;
}

/** Removes it with its deliveries; returns false if it has gone. */
export async function deleteWebhook(db: Db, id: string): Promise<boolean> {
  const deleted = await tables(db).deleteFrom('webhook').where('id', '=', id).returning('id').execute();
  await tables(db).deleteFrom('webhook_delivery').where('webhook_id', '=', id).execute();
  return deleted.length > 0;
}

export async function insertDelivery(db: Db, delivery: Delivery): Promise<void> {
  await tables(db).insertInto('webhook_delivery').values(toDeliveryRow(delivery)).execute();
}

/** The newest ones first. */
export async function listDeliveries(db: Db, webhook: string, limit: number): Promise<Delivery[]> {
  const rows = await tables(db)
    .selectFrom('webhook_delivery')
    .selectAll()
    .where('webhook_id', '=', webhook)
    .orderBy('created_at', 'desc')
    .orderBy('serial', 'desc')
    .limit(limit)
    .execute();
  return rows.map(fromDeliveryRow);
}

/** The one whose turn is next, due or not. */
export async function findNextDelivery(db: Db, webhook: string): Promise<Delivery | undefined> {
  const row = await tables(db)
    .selectFrom('webhook_delivery')
    .selectAll()
    .where('webhook_id', '=', webhook)
    .where('state', '=', 'waiting')
    .orderBy('next_at')
    .orderBy('serial')
    .limit(1)
    .executeTakeFirst();
  return row && fromDeliveryRow(row);
}

export async function updateDelivery(db: Db, delivery: Delivery): Promise<void> {
  const { id, ...change } = toDeliveryRow(delivery);
  await tables(db).updateTable('webhook_delivery').set(change).where('id', '=', id).execute();
}

/** How many wait, but no more than `limit`. */
export async function countWaiting(db: Db, webhook: string, limit: number): Promise<number> {
  const { count } = await tables(db)
    .selectFrom((eb) =>
      eb
        .selectFrom('webhook_delivery')
        .select('id')
        .where('webhook_id', '=', webhook)
        .where('state', '=', 'waiting')
        .limit(limit)
        .as('waiting'),
    )
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Ends all that wait. */
export async function failWaiting(db: Db, webhook: string, now: number, error: string): Promise<void> {
  await tables(db)
    .updateTable('webhook_delivery')
    .set({ state: 'failed', ended_at: now, error })
    .where('webhook_id', '=', webhook)
    .where('state', '=', 'waiting')
    .execute();
}

/** Forgets what ended before a time, and what webhooks that have gone were to be told. */
export async function deleteEndedDeliveries(db: Db, before: number): Promise<void> {
  await tables(db)
    .deleteFrom('webhook_delivery')
    .where((eb) =>
      eb.or([
        eb('ended_at', '<', before),
        eb('webhook_id', 'not in', eb.selectFrom('webhook').select('webhook.id')),
      ]),
    )
    .execute();
}

/** Keeps only the newest of what has ended. */
export async function trimDeliveries(db: Db, webhook: string, keep: number): Promise<void> {
  const last = await tables(db)
    .selectFrom('webhook_delivery')
    .select('created_at')
    .where('webhook_id', '=', webhook)
    .orderBy('created_at', 'desc')
    .offset(keep)
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return;
  await tables(db)
    .deleteFrom('webhook_delivery')
    .where('webhook_id', '=', webhook)
    .where('created_at', '<=', last.created_at)
    .where('state', '!=', 'waiting')
    .execute();
}

/** Indexes that trigger Jenkins. */
export async function listJenkinsIndexes(db: Db): Promise<number[]> {
  const rows = await tables(db)
    .selectFrom('package_index')
    .select(['id', 'options'])
    .where('options', 'like', '%"uploadtrigger_jenkins":"%')
    .execute();
  const isSet = ({ options }: { options: string }) => {
    const url = (JSON.parse(options) as Record<string, unknown>)['uploadtrigger_jenkins'];
    return typeof url === 'string' && url !== '';
  };
  return rows.filter(isSet).map(({ id }) => id);
}

function tables(db: Db) {
  return db.withTables<PackagesTables>();
}

function fromRow(row: Selectable<PackagesTables['webhook']>): Webhook {
  return {
    id: row.id,
    indexId: row.index_id ?? undefined,
    kind: row.kind === 'jenkins' ? 'jenkins' : 'webhook',
    url: row.url,
    events: JSON.parse(row.events) as string[],
    secret: row.secret ?? undefined,
    isTrusted: row.is_trusted === 1,
    createdBy: row.created_by,
    createdAt: row.created_at,
    failures: row.failures,
    failingSince: row.failing_since,
    pausedUntil: row.paused_until,
    disabled:
      row.disabled_at === null ? undefined : { at: row.disabled_at, reason: row.disabled_reason ?? '' },
  };
}

function toRow(webhook: Webhook): Insertable<PackagesTables['webhook']> {
  return {
    id: webhook.id,
    index_id: webhook.indexId ?? null,
    kind: webhook.kind,
    url: webhook.url,
    events: JSON.stringify(webhook.events),
    secret: webhook.secret ?? null,
    is_trusted: webhook.isTrusted ? 1 : 0,
    created_by: webhook.createdBy,
    created_at: webhook.createdAt,
    failures: webhook.failures,
    failing_since: webhook.failingSince,
    paused_until: webhook.pausedUntil,
    disabled_at: webhook.disabled?.at ?? null,
    disabled_reason: webhook.disabled?.reason ?? null,
  };
}

function fromDeliveryRow(row: Selectable<PackagesTables['webhook_delivery']>): Delivery {
  return {
    id: row.id,
    webhook: row.webhook_id,
    type: row.event_type,
    serial: row.serial,
    body: row.body,
    state: row.state === 'delivered' || row.state === 'failed' ? row.state : 'waiting',
    attempts: row.attempts,
    nextAt: row.next_at,
    status: row.status,
    error: row.error,
    ms: row.ms,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}

function toDeliveryRow(delivery: Delivery): Insertable<PackagesTables['webhook_delivery']> {
  return {
    id: delivery.id,
    webhook_id: delivery.webhook,
    event_type: delivery.type,
    serial: delivery.serial,
    body: delivery.body,
    state: delivery.state,
    attempts: delivery.attempts,
    next_at: delivery.nextAt,
    status: delivery.status,
    error: delivery.error,
    ms: delivery.ms,
    created_at: delivery.createdAt,
    ended_at: delivery.endedAt,
  };
}
