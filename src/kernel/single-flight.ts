/** Runs work once for all who ask under the same key while it is under way; who started it need not stay. */
export class SingleFlight<Result> {
  readonly #running = new Map<string, Promise<Result>>();

  /** The result of the run under way, or of `work`, which starts before this returns. */
  run(key: string, work: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = work().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    // Those who wait hear of a failure; when nobody waits any more it must not end the process.
    started.catch(() => undefined);
    return started;
  }

  /** The run under way. */
  running(key: string): Promise<Result> | undefined {
    return this.#running.get(key);
  }

  /** Resolves when everything that is under way has ended, well or not. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }
}
