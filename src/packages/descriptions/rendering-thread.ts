import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { DescriptionSource } from './description-source.ts';

const MEMORY_MEGABYTES = 128;
const START_MS = 30_000;
const RENDER_MS = 2000;
const IDLE_MS = 30_000;
const MAX_WAITING = 64;

/**
 * Renders descriptions in a thread of their own, one after the other: a description may take all the memory and time that
 * it gets, and then it is the thread that ends. The thread starts when it is needed and ends when it has been idle.
 */
export class RenderingThread {
  #worker: Promise<Worker> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #renderMs: number;

  constructor({ renderMs = RENDER_MS }: { readonly renderMs?: number } = {}) {
    this.#renderMs = renderMs;
  }

  /** HTML, or undefined for what takes too much time or memory; throws if too many wait, or no thread can be started. */
  async render(source: DescriptionSource): Promise<string | undefined> {
    if (this.#isClosed) throw new Error('no descriptions are rendered any more');
    if (this.#waiting >= MAX_WAITING) throw new Error('too many descriptions wait to be rendered');
    this.#waiting += 1;
    const rendered = this.#last.then(() => this.#renderNow(source));
    this.#last = rendered.catch(() => undefined).finally(() => (this.#waiting -= 1));
    return await rendered;
  }

  /** Waits for what runs; what waits fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    await this.#end();
    await this.#last;
  }

  async #renderNow(source: DescriptionSource): Promise<string | undefined> {
    if (this.#isClosed) throw new Error('no descriptions are rendered any more');
    clearTimeout(this.#idle);
    this.#worker ??= startWorker();
    const starting = this.#worker;
    try {
      const worker = await starting;
      const answer = answerOf(worker, this.#renderMs);
      worker.postMessage(source);
      const html = await answer;
      if (html === undefined) await this.#end();
      return html;
    } catch (error) {
      this.#worker = undefined;
      throw error;
    } finally {
      this.#idle = setTimeout(() => void this.#end(), IDLE_MS).unref();
    }
  }

  async #end(): Promise<void> {
    const ending = this.#worker;
    this.#worker = undefined;
    const worker = await ending?.catch(() => undefined);
    await worker?.terminate();
  }
}

async function startWorker(): Promise<Worker> {
  // Run from source a worker is TypeScript; the bundle has it as JavaScript, in one directory with everything else.
  const url = new URL(`./description-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(url, {
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MEGABYTES },
    // It needs nothing of ours, and what it reads is hostile.
    env: {},
    execArgv: [],
  });
  worker.unref();
  // Without a listener an error of a thread ends the process.
  worker.on('error', () => undefined);
  if ((await answerOf(worker, START_MS)) !== undefined) return worker;
  await worker.terminate();
  throw new Error('the thread that renders descriptions does not start');
}

/** The next message; undefined if the thread ends or says nothing for so long. */
async function answerOf(worker: Worker, timeoutMs: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const give = () => resolve(undefined);
  const timer = setTimeout(give, timeoutMs);
  worker.once('message', resolve).once('error', give).once('exit', give);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.off('message', resolve).off('error', give).off('exit', give);
  }
}
