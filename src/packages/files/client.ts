import type { ServerResponse } from 'node:http';

/** Who reads the answer, and may leave at any moment: then nothing waits any longer. */
export class Client {
  readonly #response: ServerResponse;
  #wake = (): void => undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    // The response of a pipelined request is not told when its connection closes.
    response.req.socket.once('close', this.#leave);
    // Writing to a client that has just left is no failure of ours.
    response.on('error', this.#leave);
  }

  get isGone(): boolean {
    return this.#response.destroyed || this.#response.req.socket.destroyed;
  }

  async unlessGone(start: (resolve: () => void) => void): Promise<void> {
    if (this.isGone) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    start(resolve);
    await promise;
  }

  /** Resolves when the bytes left for the network. */
  async write(chunk: Buffer): Promise<void> {
    await this.unlessGone((resolve) => void this.#response.write(chunk, () => resolve()));
  }

  end(): void {
    this.#response.end();
  }

  release(): void {
    this.#response.req.socket.off('close', this.#leave);
  }

  readonly #leave = (): void => this.#wake();
}
