import { LRUCache } from 'lru-cache';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../../errors.ts';
import { type Index, fullName } from '../../model/index.ts';
import type { MirrorLimits } from '../limits.ts';
import { isUnreachable } from './upstream-client.ts';

const MAX_PAUSES = 10_000;

/** How an upstream has answered this process, times in epoch milliseconds. */
export interface UpstreamHealth {
  readonly answeredAt: number | undefined;
  readonly failedAt: number | undefined;
  /** Of the last failure. */
  readonly failure: string | undefined;
  /** Until when it is left alone. */
  readonly pausedUntil: number | undefined;
}

/** Remembers which upstreams are in trouble, so that they are left alone for a while where an old copy can be served. */
export class UpstreamPauses {
  readonly #clock: Clock;
  readonly #limits: MirrorLimits;
  /** By mirror and upstream, or those and project. */
  readonly #pausedUntil = new LRUCache<string, number>({ max: MAX_PAUSES });
  /** Until when upstream has asked us to wait; without a copy that is an honest 502 with Retry-After. */
  readonly #refusedUntil = new LRUCache<string, number>({ max: MAX_PAUSES });

  /** By mirror and upstream. */
  readonly #seen = new LRUCache<string, Omit<UpstreamHealth, 'pausedUntil'>>({ max: MAX_PAUSES });

  constructor(clock: Clock, limits: MirrorLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** A failure of the whole upstream rests the whole mirror; one of a single page must not make the others old. */
  add(index: Index, project: string, error: unknown): void {
    const now = this.#clock.now();
    const failure = error instanceof AppError ? error.message : 'it could not be asked';
    this.#see(index, { failedAt: now, failure });
    const { pauseMs, maxPauseMs } = this.#limits;
    const seconds = error instanceof AppError ? Number(error.headers['retry-after'] ?? 0) : 0;
    const refusedMs = Math.min(seconds * 1000, maxPauseMs);
    const key = refusedMs > 0 || isUnreachable(error) ? keyOf(index) : keyOf(index, project);
    this.#pausedUntil.set(key, now + Math.max(pauseMs, refusedMs));
    if (refusedMs > 0) this.#refusedUntil.set(keyOf(index), now + refusedMs);
  }

  /** Upstream has answered. */
  end(index: Index, project: string): void {
    this.#see(index, { answeredAt: this.#clock.now() });
    this.#pausedUntil.delete(keyOf(index));
    this.#pausedUntil.delete(keyOf(index, project));
    this.#refusedUntil.delete(keyOf(index));
  }

  health(index: Index): UpstreamHealth {
    const key = keyOf(index);
    const seen = this.#seen.get(key) ?? UNSEEN;
    const until = Math.max(this.#pausedUntil.get(key) ?? 0, this.#refusedUntil.get(key) ?? 0);
    return { ...seen, pausedUntil: until > this.#clock.now() ? until : undefined };
  }

  #see(index: Index, change: Partial<UpstreamHealth>): void {
    const key = keyOf(index);
    this.#seen.set(key, { ...UNSEEN, ...this.#seen.get(key), ...change });
  }

  isPaused(index: Index, project: string): boolean {
    const now = this.#clock.now();
    return [keyOf(index), keyOf(index, project)].some((key) => (this.#pausedUntil.get(key) ?? 0) > now);
  }

  /** Throws 502 with Retry-After while upstream has asked us to wait. */
  demandNotRefused(index: Index): void {
    const leftMs = (this.#refusedUntil.get(keyOf(index)) ?? 0) - this.#clock.now();
    if (leftMs <= 0) {
      this.#refusedUntil.delete(keyOf(index));
      return;
    }
    const seconds = Math.ceil(leftMs / 1000);
    const detail = `the upstream index of ${fullName(index)} asks to wait ${seconds} s`;
    throw new AppError(packagesErrors.upstreamFailed, detail, {
      headers: { 'retry-after': String(seconds) },
    });
  }
}

const UNSEEN = { answeredAt: undefined, failedAt: undefined, failure: undefined };

/** What one upstream did is nothing to the next one. */
function keyOf(index: Index, project = ''): string {
  return `${index.id} ${String(index.options['mirror_url'])} ${project}`;
}
