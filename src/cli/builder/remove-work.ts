import { run } from '#kernel/process/run.ts';

/**
 * Removes the work directory of a build, whatever that has left in it: directories that it closed to everybody, or that are deeper than a path may be long. Throws if
 * something stays.
 */
export async function removeWork(work: string): Promise<void> {
  await run(['chmod', '-R', 'u+rwX', '--', work]);
  const { exitCode, stderr } = await run(['rm', '-rf', '--', work]);
  if (exitCode !== 0) throw new Error(`${work} cannot be removed: ${stderr.trim()}`);
}
