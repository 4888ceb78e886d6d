import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

const WORKER_MEGABYTES = 1024;

/**
 * Runs a module that lies beside the caller, whose `import.meta.url` is `caller`, in a thread of its own; resolves to the first
 * message that it posts, and rejects with what it throws.
 */
export async function runInThread(
  module: `${string}-worker`,
  caller: string,
  workerData: unknown,
): Promise<unknown> {
  // Run from source a worker is TypeScript; the bundle has it as JavaScript, in one directory with everything else.
  const worker = new Worker(new URL(`./${module}${extname(caller)}`, caller), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_MEGABYTES },
  });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`the worker ${module} ended with ${code}`)));
  return await promise;
}
