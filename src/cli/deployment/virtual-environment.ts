import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { run } from '#kernel/process/run.ts';
import { cliErrors } from '../errors.ts';
import { placesOf } from './deployment.ts';

const INSTALL_LIMIT_MS = 600_000;

/** Makes the directory a virtual environment unless it is one; says which. */
export async function ensureVirtualEnvironment(
  directory: string,
  say: (line: string) => void,
): Promise<void> {
  if (existsSync(join(directory, 'pyvenv.cfg')) || existsSync(placesOf({ directory }).python)) {
    say(`using existing virtualenv: ${directory}`);
    return;
  }
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0) {
    throw new AppError(cliErrors.badDeployment, `${directory} has files, and is no virtual environment`, {
      hint: 'name an empty directory, or make it a virtual environment: python3 -m venv DIRECTORY',
    });
  }
  say(`creating virtualenv: ${directory}`);
  await succeed(
    ['python3', '-m', 'venv', directory],
    'python3 made no virtual environment',
    'on Debian: apt-get install python3-venv',
  );
}

/** Installs supervisor, from where pip is told to on this machine. */
export async function installSupervisor(directory: string): Promise<void> {
  const { python } = placesOf({ directory });
  const { exitCode } = await run([python, '-c', 'import pip']);
  if (exitCode !== 0) {
    await succeed(
      [python, '-m', 'ensurepip'],
      `${python} has no pip`,
      'make the virtual environment with pip',
    );
  }
  const pip = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'] as const;
  await succeed(
    [...pip, 'supervisor>=4.2.5,<5'],
    'pip did not install supervisor',
    'give the same command again once the index that pip is configured for answers',
  );
}

async function succeed(argv: readonly [string, ...string[]], problem: string, hint: string): Promise<void> {
  const result = await run(argv, { timeoutMs: INSTALL_LIMIT_MS }).catch((error: unknown) => error as Error);
  if (!(result instanceof Error) && result.exitCode === 0) return;
  const said = result instanceof Error ? result.message : result.stderr.trim() || result.stdout.trim();
  throw new AppError(cliErrors.badDeployment, `${problem}: ${said.split('\n').slice(-3).join(' ')}`, {
    hint,
  });
}
