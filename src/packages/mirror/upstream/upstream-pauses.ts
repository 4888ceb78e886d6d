import { LRUCache } from 'lru-cache';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../../errors.ts';
import { type Index, fullName } from '../../model/index.ts';
import type { MirrorLimits } from '../limits.ts';
import { isUnreachable } from './upstream-client.ts';

const MAX_PAUSES = 10_000;

/** Remembers which upstreams are in trouble, so that they are left alone for a while where an old copy can be served. */
export class UpstreamPauses {
  readonly #clock: Clock;
  readonly #limits: MirrorLimits;
  /** By mirror and upstream, or those and project. */
  readonly #pausedUntil = new LRUCache<string, number>({ max: MAX_PAUSES });
  /** Until when upstream has asked us to wait; without a copy that is an honest 502 with Retry-After. */
  readonly #refusedUntil = new LRUCache<string, number>({ max: MAX_PAUSES });

  constructor(clock: Clock, limits: MirrorLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** A failure of the whole upstream rests the whole mirror; one of a single page must not make the others old. */
  add(index: Index, project: string, error: unknown): void {
    const now = this.#clock.now();
    const { pauseMs, maxPauseMs } = this.#limits;
    const seconds = error instanceof AppError ? Number(error.headers['retry-after'] ?? 0) : 0;
    const refusedMs = Math.min(seconds * 1000, maxPauseMs);
    const key = refusedMs > 0 || isUnreachable(error) ? keyOf(index) : keyOf(index, project);
    this.#pausedUntil.set(key, now + Math.max(pauseMs, refusedMs));
    if (refusedMs > 0) this.#refusedUntil.set(keyOf(index), now + refusedMs);
  }

  /** Upstream has answered. */
  end(index: Index, project: string): void {
    this.#pausedUntil.delete(keyOf(index));
    this.#pausedUntil.delete(keyOf(index, project));
    this.#refusedUntil.delete(keyOf(index));
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

/** What one upstream did is nothing to the next one. */
function keyOf(index: Index, project = ''): string {
  return `${index.id} ${String(index.options['mirror_url'])} ${project}`;
}
