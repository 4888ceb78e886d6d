import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '#kernel/clock.ts';
import type { Credentials } from './credentials.ts';

const REMEMBER_MS = 300_000;
/** More than can change while one password is checked. */
const MAX_FORGOTTEN_USERS = 10_000;

interface Remembered<Result> {
  readonly user: string;
  readonly result: Result;
  /** Epoch milliseconds. */
  readonly until: number;
}

/**
 * What was found out about credentials, for five minutes, under a keyed hash of them. A result that was under way when its user was
 * forgotten is not kept, since it may be from before.
 */
export class RememberedIdentities<Result> {
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  readonly #known: LRUCache<string, Remembered<Result>>;
  /** Counts what was forgotten. */
  #moment = 0;
  /** What is from before this moment is not kept, whose it may be. */
  #clearedAt = 0;
  readonly #forgottenAt = new LRUCache<string, number>({
    max: MAX_FORGOTTEN_USERS,
    dispose: (moment, _user, reason) => {
      if (reason === 'evict') this.#clearedAt = Math.max(this.#clearedAt, moment);
    },
  });

  /** Beyond `max` what was not asked for the longest time is forgotten. */
  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#known = new LRUCache({ max });
  }

  /** To be taken before the question is asked whose answer is kept. */
  get moment(): number {
    return this.#moment;
  }

  find(credentials: Credentials): Result | undefined {
    const found = this.#known.get(this.#keyOf(credentials));
    return found !== undefined && found.until > this.#clock.now() ? found.result : undefined;
  }

  /** Keeps the result of who is `user`, until `end` at the latest, unless the user was forgotten since `moment`. */
  keep(
    credentials: Credentials,
    { user, result, end = Infinity, moment }: { user: string; result: Result; end?: number; moment: number },
  ): void {
    if (moment < Math.max(this.#clearedAt, this.#forgottenAt.get(user) ?? 0)) return;
    const until = Math.min(this.#clock.now() + REMEMBER_MS, end);
    this.#known.set(this.#keyOf(credentials), { user, result, until });
  }

  /** Forgets all credentials of a user. */
  forget(user: string): void {
    this.#forgottenAt.set(user, (this.#moment += 1));
    for (const [key, known] of this.#known.entries()) if (known.user === user) this.#known.delete(key);
  }

  clear(): void {
    this.#clearedAt = this.#moment += 1;
    this.#known.clear();
  }

  #keyOf({ user, secret, isSession }: Credentials): string {
    return createHmac('sha256', this.#key)
      .update(`${isSession === true}\0${user}\0${secret}`)
      .digest('base64');
  }
}
