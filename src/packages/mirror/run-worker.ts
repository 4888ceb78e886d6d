import { Worker } from 'node:worker_threads';

const WORKER_MEGABYTES = 1024;

/**
 * Runs a module of this part in a thread of its own and resolves to the first message that it posts; rejects with
 * what it throws.
 */
export async function runWorker(
  module: '../lists/list-worker' | 'upstream/page-worker',
  workerData: unknown,
) {
  // Run from source a worker is TypeScript, in the bundle it stands beside it as JavaScript.
  const isSource = import.meta.url.endsWith('.ts');
  const file = isSource ? `./${module}.ts` : `./${module.split('/').at(-1)}.js`;
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_MEGABYTES },
  });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`the worker ${module} ended with ${code}`)));
  return await promise;
}
