import type { Clock } from '#kernel/clock.ts';

/** A clock that stands still until a test turns it. */
export class TestClock implements Clock {
  #now: number;

  constructor(start = '2026-11-20T10:00:00.123Z') {
    this.#now = Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}
