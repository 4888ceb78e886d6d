import { setTimeout as sleep } from 'node:timers/promises';

interface Pace {
  /** Begins after all who share it have asked. */
  next: Promise<void> | undefined;
  /** When the last run began, and its end. */
  begun: number;
  running: Promise<void>;
}

/**
 * Runs work after the question and never beside or soon after another run for the same key: whoever asks meanwhile
 * shares the next run. So everybody gets an answer that is younger than the question, however many ask.
 */
export class PacedRuns {
  readonly #pauseMs: number;
  readonly #paces = new Map<string, Pace>();

  constructor(pauseMs: number) {
    this.#pauseMs = pauseMs;
  }

  /** Resolves when a run that began after this call has ended; rejects as the run does. */
  run(key: string, work: () => Promise<void>): Promise<void> {
    const pace = this.#paces.get(key) ?? {
      next: undefined,
      begun: -Infinity,
      running: Promise.resolve(),
    };
    this.#paces.set(key, pace);
    pace.next ??= this.#begin(key, pace, work);
    return pace.next;
  }

  async #begin(key: string, pace: Pace, work: () => Promise<void>): Promise<void> {
    await pace.running.catch(() => undefined);
    const waitMs = pace.begun + this.#pauseMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    pace.next = undefined;
    pace.begun = performance.now();
    pace.running = work();
    try {
      await pace.running;
    } finally {
      // Nobody came meanwhile: after the pause nothing need be remembered.
      setTimeout(() => {
        const isIdle = pace.next === undefined && performance.now() - pace.begun >= this.#pauseMs;
        if (isIdle && this.#paces.get(key) === pace) this.#paces.delete(key);
      }, this.#pauseMs).unref();
    }
  }
}
