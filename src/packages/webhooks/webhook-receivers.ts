import { randomUUID } from 'node:crypto';
import type { Db, Tx } from '#kernel/db/db.ts';
import type { Clock } from '#kernel/clock.ts';
import type { StoredEvent } from '#kernel/events/event-type.ts';
import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { packagesEvents } from '../events.ts';
import { enqueueDelivery } from './enqueue-delivery.ts';
import {
  deleteWebhook,
  insertDelivery,
  insertWebhook,
  listAllWebhooks,
  listJenkinsIndexes,
} from './store.ts';
import { isWanted, type Webhook } from './webhook.ts';

/** What makes untrue who is told of what. */
const CHANGES = [
  packagesEvents.webhookChanged,
  packagesEvents.serverWebhookChanged,
  packagesEvents.indexCreated,
  packagesEvents.indexModified,
  packagesEvents.indexDeleted,
];

/**
 * Writes what webhooks are to be told, in the transaction of the events themselves: neither gets lost without the other.
 * Who wants what is remembered, so that an event nobody wants costs nothing.
 */
export class WebhookReceivers implements Listener {
  readonly #clock: Clock;
  #known: readonly Webhook[] | undefined;
  /** How often what is known became untrue. */
  #changes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly hears = [hearing(CHANGES, () => this.clear())];

  clear(): void {
    this.#known = undefined;
    this.#changes += 1;
  }

  async write(tx: Tx, events: readonly StoredEvent[]): Promise<void> {
    // A Jenkins that was disabled gets another chance with another address.
    for (const { about } of events.filter(changesTrigger)) await deleteWebhook(tx, jenkinsId(about));
    const all = this.#known ?? (await this.#read(tx, events));
    if (all.length === 0) return;
    const told = new Set<string>();
    for (const event of events) {
      for (const webhook of all) {
        if (!isFor(webhook, event)) continue;
        // Jenkins has no row of its own before its first turn.
        if (webhook.kind === 'jenkins') await insertWebhook(tx, webhook);
        await insertDelivery(tx, newDelivery(webhook, event, this.#clock.now()));
        told.add(webhook.id);
      }
    }
    for (const id of told) await enqueueDelivery(tx, this.#clock.now(), id, 0);
  }

  async #read(db: Db, events: readonly StoredEvent[]): Promise<readonly Webhook[]> {
    const changes = this.#changes;
    const made = await listAllWebhooks(db);
    const now = this.#clock.now();
    const ids = new Set(made.map(({ id }) => id));
    const triggers = (await listJenkinsIndexes(db)).map((index) => jenkinsTrigger(index, now));
    const read = [
      ...made.filter(({ disabled }) => disabled === undefined),
      ...triggers.filter(({ id }) => !ids.has(id)),
    ];
    // Not what this transaction has changed itself: it may fail yet. Nor what others changed meanwhile.
    const isOwn = events.some(({ type }) => CHANGES.some((each) => each.type === type));
    if (!isOwn && changes === this.#changes) this.#known = read;
    return read;
  }
}

function isFor({ indexId, events }: Webhook, { type, about }: StoredEvent): boolean {
  return (indexId === undefined || indexId === about) && isWanted(events, type);
}

function changesTrigger({ type, data }: StoredEvent): boolean {
  const { changed } = data;
  return (
    type === packagesEvents.indexModified.type &&
    Array.isArray(changed) &&
    changed.includes('uploadtrigger_jenkins')
  );
}

function jenkinsId(index: number | null): string {
  return `jenkins-${index}`;
}

/** What the option of an index stands for. */
function jenkinsTrigger(indexId: number, now: number): Webhook {
  return {
    id: jenkinsId(indexId),
    indexId,
    kind: 'jenkins',
    url: '',
    events: [packagesEvents.fileUploaded.type],
    secret: undefined,
    isTrusted: false,
    createdBy: null,
    createdAt: now,
    failures: 0,
    failingSince: null,
    pausedUntil: 0,
    disabled: undefined,
  };
}

function newDelivery({ id }: Webhook, { serial, type, at, actor, data }: StoredEvent, now: number) {
  return {
    id: `msg_${randomUUID()}`,
    webhook: id,
    type,
    serial,
    body: JSON.stringify({ type, timestamp: new Date(at).toISOString(), serial, actor, data }),
    state: 'waiting',
    attempts: 0,
    nextAt: now,
    status: null,
    error: null,
    ms: null,
    createdAt: now,
    endedAt: null,
  } as const;
}
