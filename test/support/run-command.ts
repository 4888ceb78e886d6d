import { execa, type Options } from 'execa';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  /** Runs the program as somebody else; only root may. */
  readonly uid?: number;
  readonly gid?: number;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an argument list, never a shell string, and answers with what it printed; a failing program is not an error. */
export async function runCommand(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [file, ...rest] = argv;
  if (file === undefined) throw new Error('an empty command');
  const { timeoutMs, ...given } = options;
  const execaOptions: Options = {
    ...given,
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    reject: false,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
  };
  const result = await execa(file, rest, execaOptions);
  if (result.exitCode === undefined) throw new Error(`${argv.join(' ')}: ${result.message ?? 'did not run'}`);
  return { exitCode: result.exitCode, stdout: String(result.stdout), stderr: String(result.stderr) };
}

/** Like `runCommand`, but a program that fails is an error that carries the end of what it said. */
export async function runChecked(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await runCommand(argv, options);
  if (result.exitCode !== 0) {
    const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-15).join('\n');
    throw new Error(`\`${argv.join(' ')}\` exited with ${result.exitCode}\n${said}`);
  }
  return result;
}
