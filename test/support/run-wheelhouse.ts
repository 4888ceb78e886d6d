import { run, type RunOptions, type RunResult } from '#kernel/process/run.ts';
import { launcher, serverEnvironment } from './server.ts';

export interface RunWheelhouseOptions extends Pick<RunOptions, 'cwd' | 'env'> {
  /** Another program than the launcher of this checkout. */
  readonly program?: string;
}

/** Runs the real program until it ends, with nothing of the machine's environment. */
export async function runWheelhouse(
  args: readonly string[],
  options: RunWheelhouseOptions = {},
): Promise<RunResult> {
  const { program = launcher, ...given } = options;
  return await run([program, ...args], {
    timeoutMs: 30_000,
    ...given,
    env: { ...serverEnvironment, ...options.env },
  });
}
