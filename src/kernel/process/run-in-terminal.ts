import { constants } from 'node:os';
import { execa } from 'execa';
import type { RunOptions } from './run.ts';

/**
 * Runs a program with our terminal, as a shell does: it reads and writes there, and Ctrl-C is for the program to answer. Resolves to its
 * exit code, which is 128 and more where a signal ended it. Throws if it cannot be started.
 */
export async function runInTerminal(
  argv: readonly [string, ...string[]],
  { cwd, env }: Pick<RunOptions, 'cwd' | 'env'> = {},
): Promise<number> {
  const [program, ...args] = argv;
  const wait = () => undefined;
  process.on('SIGINT', wait);
  try {
    const result = await execa(program, args, {
      reject: false,
      stdio: 'inherit',
      extendEnv: env === undefined,
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env }),
    });
    if (result.exitCode !== undefined) return result.exitCode;
    if (result.signal !== undefined) return 128 + constants.signals[result.signal];
    throw new Error(result.shortMessage ?? `cannot run ${program}`);
  } finally {
    process.off('SIGINT', wait);
  }
}
