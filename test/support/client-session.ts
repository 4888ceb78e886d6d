import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run, type RunOptions, type RunResult } from '#kernel/process/run.ts';
import { cleanEnvironment } from './clean-environment.ts';
import { clientPath, executablePath, type ClientExecutable } from './clients.ts';

export interface ClientOptions extends Pick<RunOptions, 'cwd' | 'input' | 'timeoutMs'> {
  /** Added to the session's variables; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A person at a machine of their own: an empty home, a working directory, and nothing configured. */
export interface ClientSession extends AsyncDisposable {
  readonly home: string;
  /** Where commands run. */
  readonly directory: string;
  /** Runs an installed client; whatever it exits with, the result comes back. */
  run(executable: ClientExecutable, args: readonly string[], options?: ClientOptions): Promise<RunResult>;
  /** Runs any program. */
  runProgram(argv: readonly [string, ...string[]], options?: ClientOptions): Promise<RunResult>;
  /** Like `run`, but a failure is an error with what the client said. */
  succeed(executable: ClientExecutable, args: readonly string[], options?: ClientOptions): Promise<RunResult>;
  /** Writes a file of the working directory and returns its path. */
  write(path: string, content: string | Uint8Array): Promise<string>;
  read(path: string): Promise<string>;
  /** Makes an environment to install into and returns the path of its Python. */
  makeVenv(name?: string): Promise<string>;
}

const TIME_LIMIT_MS = 120_000;

export async function openClientSession(): Promise<ClientSession> {
  const root = await mkdtemp(join(tmpdir(), 'wheelhouse-client-'));
  const home = join(root, 'home');
  const directory = join(root, 'work');
  await mkdir(home);
  await mkdir(directory);
  const python = executablePath('pip', 'python');
  const environment = {
    ...cleanEnvironment,
    HOME: home,
    COLUMNS: '200',
    NO_COLOR: '1',
    // No configuration of the machine: what a test does not say is not there.
    PIP_CONFIG_FILE: '/dev/null',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    UV_NO_SYSTEM_CONFIG: '1',
    UV_PYTHON: python,
    UV_PYTHON_DOWNLOADS: 'never',
    UV_NO_PROGRESS: '1',
    PYTHON_KEYRING_BACKEND: 'keyring.backends.null.Keyring',
    SOURCE_DATE_EPOCH: '1700000000',
  };

  async function runProgram(argv: readonly [string, ...string[]], options: ClientOptions = {}) {
    const variables = Object.entries({ ...environment, ...options.env });
    const env = Object.fromEntries(
      variables.filter((each): each is [string, string] => each[1] !== undefined),
    );
    return await run(argv, { cwd: directory, timeoutMs: TIME_LIMIT_MS, ...options, env });
  }

  const session: ClientSession = {
    home,
    directory,
    runProgram,
    run: (executable, args, options) => runProgram([clientPath(executable), ...args], options),
    async succeed(executable, args, options) {
      const result = await session.run(executable, args, options);
      if (result.exitCode === 0) return result;
      throw new Error(
        `${executable} ${args.join(' ')} exited with ${result.exitCode}\n${result.stdout}\n${result.stderr}`,
      );
    },
    async write(path, content) {
      const target = join(directory, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
      return target;
    },
    read: (path) => readFile(join(directory, path), 'utf8'),
    async makeVenv(name = 'venv') {
      const target = join(directory, name);
      await session.succeed('python', ['-m', 'venv', '--without-pip', target]);
      return join(target, 'bin', 'python');
    },
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true, force: true });
    },
  };
  return session;
}
