import { extname } from 'node:path';
import { parentPort, Worker } from 'node:worker_threads';

/** Many short-lived objects and few that stay: room for more would only be filled before it is collected. */
const YOUNG_MB = 8;

interface Asked<Work> {
  readonly id: number;
  readonly work: Work;
}

/** Of an error its message and its code arrive, not its class. */
type Answer<Result> =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly message: string; readonly code: string | undefined };

/**
 * Threads that all run one module, which calls `answerWork`. It lies beside the caller, whose `import.meta.url` is `caller`.
 * A piece of work goes to the thread that has least to do; one that fails rejects with its message and `code`.
 */
export class Threads<Work, Result> implements AsyncDisposable {
  readonly #threads: { readonly worker: Worker; readonly asked: Map<number, PromiseWithResolvers<Result>> }[];
  #id = 0;

  constructor(count: number, module: `${string}-worker`, caller: string, workerData: unknown) {
    // Run from source a worker is TypeScript; the bundle has it as JavaScript, in one directory with everything else.
    const url = new URL(`./${module}${extname(caller)}`, caller);
    this.#threads = Array.from({ length: count }, () => {
      const worker = new Worker(url, { workerData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
      const asked = new Map<number, PromiseWithResolvers<Result>>();
      worker.on('message', (answer: Answer<Result>) => {
        const waiting = asked.get(answer.id);
        asked.delete(answer.id);
        if ('result' in answer) waiting?.resolve(answer.result);
        else waiting?.reject(Object.assign(new Error(answer.message), { code: answer.code }));
      });
      const end = (error: unknown) => {
        for (const { reject } of asked.values()) reject(error);
      };
      worker.on('error', end);
      worker.on('exit', (code) => end(new Error(`the thread ${module} ended with ${code}`)));
      return { worker, asked };
    });
  }

  async run(work: Work): Promise<Result> {
    const { worker, asked } = this.#threads.reduce((best, each) =>
      each.asked.size < best.asked.size ? each : best,
    );
    const id = (this.#id += 1);
    const waiting = Promise.withResolvers<Result>();
    asked.set(id, waiting);
    worker.postMessage({ id, work } satisfies Asked<Work>);
    return await waiting.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}

/** Does the work that `Threads` gives to this thread, one piece after the other. */
export function answerWork<Work, Result>(doWork: (work: Work) => Promise<Result>): void {
  let last = Promise.resolve();
  const answer = async ({ id, work }: Asked<Work>) => {
    const post = (message: Answer<Result>) => parentPort?.postMessage(message);
    try {
      post({ id, result: await doWork(work) });
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      post({ id, message, code });
    }
  };
  parentPort?.on('message', (asked: Asked<Work>) => {
    last = last.then(() => answer(asked));
  });
}
