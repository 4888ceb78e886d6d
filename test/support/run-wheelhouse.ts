import { run, type RunOptions, type RunResult } from '#kernel/process/run.ts';
import { launcher, serverEnvironment } from './server.ts';

/** Runs the real program until it ends, with nothing of the machine's environment. */
export async function runWheelhouse(
  args: readonly string[],
  options: Pick<RunOptions, 'cwd'> & { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<RunResult> {
  return await run([launcher, ...args], {
    timeoutMs: 30_000,
    ...options,
    env: { ...serverEnvironment, ...options.env },
  });
}
