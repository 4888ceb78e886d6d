import { basename } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { run } from '#kernel/process/run.ts';
import { runInTerminal } from '#kernel/process/run-in-terminal.ts';
import { cliErrors } from '../errors.ts';
import { printable } from '../printable.ts';

export interface QuietRun {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Everything is shown as it comes. */
  readonly verbose?: boolean;
  /** Where a failure has a remedy, by what was written. */
  readonly hintFor?: (output: string) => string | undefined;
}

/**
 * Runs a program whose output is of interest only when it fails, and then prints that; on a terminal its last line is shown meanwhile.
 * Resolves to its stdout; throws `cli.program-failed`.
 */
export async function runQuietly(
  argv: readonly [string, ...string[]],
  { cwd, env, signal, verbose = false, hintFor }: QuietRun,
): Promise<string> {
  if (verbose) {
    const exitCode = await runInTerminal(argv, { cwd, env });
    signal.throwIfAborted();
    if (exitCode === 0) return '';
    throw failure(argv, exitCode);
  }
  const lines: string[] = [];
  const { stderr } = process;
  const { exitCode, stdout } = await run(argv, {
    cwd,
    env,
    signal,
    onLine(line) {
      lines.push(line);
      if (stderr.isTTY) stderr.write(`\r\u001b[K  ${printable(line).slice(0, stderr.columns - 3)}`);
    },
  });
  if (stderr.isTTY) stderr.write('\r\u001b[K');
  if (exitCode === 0) return stdout;
  stderr.write(lines.map((line) => `${printable(line)}\n`).join(''));
  throw failure(argv, exitCode, hintFor?.(lines.join('\n')));
}

function failure(
  [program, ...args]: readonly [string, ...string[]],
  exitCode: number | undefined,
  hint?: string,
): AppError {
  const command = [basename(program), ...args.slice(0, 2)].join(' ');
  const how = exitCode === undefined ? 'was ended by a signal' : `exited with ${exitCode}`;
  return new AppError(cliErrors.programFailed, `${command} ${how}`, { ...(hint !== undefined && { hint }) });
}
