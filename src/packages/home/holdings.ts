import { LRUCache } from 'lru-cache';
import type { Context } from '#kernel/context.ts';
import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { packagesEvents } from '../events.ts';
import { readHoldings, type Holding } from './store.ts';

const MAX_INDEXES = 1000;
/** The days of the uploads move on. */
const MAX_AGE_MS = 600_000;

/** What indexes hold, counted once after each change: an index may have a million files. */
export class Holdings implements Listener {
  readonly #context: Pick<Context, 'db' | 'clock' | 'events'>;
  readonly #known = new LRUCache<number, { readonly at: number; readonly holding: Holding }>({
    max: MAX_INDEXES,
  });
  /** Counts what was heard: what was counted meanwhile is not kept. */
  #changes = 0;

  constructor(context: Pick<Context, 'db' | 'clock' | 'events'>) {
    this.#context = context;
  }

  readonly hears = [
    hearing(Object.values(packagesEvents), ({ about }) => {
      this.#changes += 1;
      if (about !== null) this.#known.delete(about);
    }),
  ];

  clear(): void {
    this.#changes += 1;
    this.#known.clear();
  }

  /** By the ids of the indexes. */
  async of(ids: readonly number[]): Promise<ReadonlyMap<number, Holding>> {
    const { db, clock, events } = this.#context;
    const now = clock.now();
    const found = new Map<number, Holding>();
    for (const id of events.isLive ? ids : []) {
      const known = this.#known.get(id);
      if (known !== undefined && now - known.at < MAX_AGE_MS) found.set(id, known.holding);
    }
    const missing = ids.filter((id) => !found.has(id));
    if (missing.length === 0) return found;
    const before = this.#changes;
    const counted = await readHoldings(db, missing, now);
    for (const [id, holding] of counted) {
      found.set(id, holding);
      if (before === this.#changes) this.#known.set(id, { at: now, holding });
    }
    return found;
  }
}
