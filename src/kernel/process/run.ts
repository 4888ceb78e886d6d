import { execa } from 'execa';

export interface RunOptions {
  readonly cwd?: string;
  /** Replaces the environment; without it the command inherits ours. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with every line of stdout and stderr as it arrives. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  /** Undefined when a signal ended the process. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const KILL_AFTER_MS = 5000;

/**
 * Runs a program with an argument vector, never through a shell, and resolves when it has ended, whatever
 * its exit code. Throws if it cannot be started, runs out of time (SIGTERM, then SIGKILL) or is cancelled.
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  const [program, ...args] = argv;
  const child = execa(program, args, {
    reject: false,
    all: true,
    // A program that reads must find the end of its input, not wait for one that nobody writes.
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    stripFinalNewline: false,
    forceKillAfterDelay: KILL_AFTER_MS,
    extendEnv: options.env === undefined,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.env !== undefined && { env: options.env }),
    ...(options.input !== undefined && { input: options.input }),
    ...(options.timeoutMs !== undefined && { timeout: options.timeoutMs }),
    ...(options.signal !== undefined && { cancelSignal: options.signal }),
  });
  const { onLine } = options;
  const reported = onLine === undefined ? undefined : report(child.iterable({ from: 'all' }), onLine);
  const [result] = await Promise.all([child, reported]);
  if (result.failed && result.exitCode === undefined && result.signal === undefined) {
    throw new Error(result.shortMessage ?? `cannot run ${program}`);
  }
  if (result.timedOut || result.isCanceled) throw new Error(result.shortMessage);
  return {
    exitCode: result.exitCode,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
  };
}

async function report(lines: AsyncIterable<unknown>, onLine: (line: string) => void): Promise<void> {
  for await (const line of lines) onLine(String(line));
}
