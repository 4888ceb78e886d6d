import { LRUCache } from 'lru-cache';
import type { Clock } from '#kernel/clock.ts';
import type { Events } from '#kernel/events/events.ts';
import type { RenderedPage } from './rendered-page.ts';

const MAX_BYTES = 32 * 1024 * 1024;
/** What no event tells, such as how a mirror is, may be this old. */
const MAX_AGE_MS = 10_000;

interface Entry {
  readonly serial: number;
  readonly at: number;
  readonly page: RenderedPage;
}

/** Pages as strangers see them, until anything changes on the server: most requests come in bursts between two changes. */
export class PageCache {
  readonly #events: Events;
  readonly #clock: Clock;
  readonly #entries = new LRUCache<string, Entry>({
    maxSize: MAX_BYTES,
    maxEntrySize: MAX_BYTES / 16,
    sizeCalculation: ({ page }, key) => key.length + page.bytes.byteLength + page.gzip.byteLength,
  });

  constructor(events: Events, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  find(key: string): RenderedPage | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || !this.#events.isLive || entry.serial !== this.#events.serial) return undefined;
    return this.#clock.now() - entry.at < MAX_AGE_MS ? entry.page : undefined;
  }

  /** `serial` is the one from before the page was made: what changed meanwhile makes it old at once. */
  keep(key: string, serial: number, page: RenderedPage): void {
    this.#entries.set(key, { serial, at: this.#clock.now(), page });
  }
}
