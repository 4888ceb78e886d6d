import { LRUCache } from 'lru-cache';
import type { Clock } from '#kernel/clock.ts';
import type { Asker } from './fair-queue.ts';

/** Each entry cost somebody a whole check, so that this many take minutes to push others out. */
const MAX_REMEMBERED = 10_000;
/** Mistakes that people make. */
const FREE = 5;
const FIRST_PAUSE_MS = 1000;
const FORGET_MS = 900_000;

interface Failures {
  readonly count: number;
  readonly at: number;
}

/**
 * Counts wrong passwords for a user from an address: after five each one makes the pause before the next try twice as long, a second
 * at first. Another address is another matter, so that nobody can shut a user out from elsewhere.
 */
export class WrongPasswords {
  readonly #clock: Clock;
  readonly #maxPauseMs: number;
  readonly #failures = new LRUCache<string, Failures>({ max: MAX_REMEMBERED });

  constructor(clock: Clock, maxPauseMs: number) {
    this.#clock = clock;
    this.#maxPauseMs = maxPauseMs;
  }

  /** Milliseconds until the next password may be tried; 0 for now. */
  pause(asker: Asker): number {
    const { count, at } = this.#find(asker);
    if (count < FREE) return 0;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (count - FREE), this.#maxPauseMs);
    return Math.max(0, at + pause - this.#clock.now());
  }

  count(asker: Asker): void {
    const { count } = this.#find(asker);
    this.#failures.set(keyOf(asker), { count: count + 1, at: this.#clock.now() });
  }

  forget(asker: Asker): void {
    this.#failures.delete(keyOf(asker));
  }

  #find(asker: Asker): Failures {
    const found = this.#failures.get(keyOf(asker));
    return found === undefined || found.at + FORGET_MS <= this.#clock.now() ? { count: 0, at: 0 } : found;
  }
}

function keyOf({ user, address }: Asker): string {
  return `${address}\0${user}`;
}
