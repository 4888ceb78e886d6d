import { hearing, type Listener } from '#kernel/events/listeners.ts';
import type { PackagesContext } from '../context.ts';
import { packagesEvents as events } from '../events.ts';
import { readUnreadSoon } from '../search-texts/read-texts-soon.ts';

/** What may change the texts of projects. */
const TELLING = [
  events.releaseRegistered,
  events.fileUploaded,
  events.documentationUploaded,
  events.documentationRemoved,
  events.fileRemoved,
  events.releaseRemoved,
  events.releaseYanked,
  events.releaseUnyanked,
  events.dumpImported,
];
/** Many events come at once. */
const PAUSE_MS = 3000;

/**
 * On a replica, to which rows come without the jobs that were enqueued with them on the primary: has the texts read of what came,
 * instead of within the hour.
 */
export class ReplicatedTexts implements Listener {
  readonly #context: Pick<PackagesContext, 'db' | 'clock' | 'log'>;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: Pick<PackagesContext, 'db' | 'clock' | 'log'>) {
    this.#context = context;
  }

  readonly hears = [hearing(TELLING, () => this.clear())];

  clear(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#enqueue().catch((error: unknown) =>
        this.#context.log.warn({ err: error }, 'cannot enqueue a job'),
      );
    }, PAUSE_MS).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #enqueue(): Promise<void> {
    const { db, clock } = this.#context;
    const now = clock.now();
    await readUnreadSoon(db, now);
  }
}
