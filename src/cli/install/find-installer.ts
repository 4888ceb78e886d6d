import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { environment } from '#kernel/config/environment.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { findProgram } from '../find-program.ts';

/** In the order in which they are looked for. */
const installers = ['pip', 'uv'] as const;

type InstallerName = (typeof installers)[number];

export interface Installer {
  readonly name: InstallerName;
  readonly program: string;
  /** The virtual environment to install into; without one the program finds its own. */
  readonly venv: string | undefined;
}

interface Wanted {
  readonly installer: string | undefined;
  /** Named by the user; else the one in use, or the active one. */
  readonly venv: string | undefined;
  readonly inUse: string | undefined;
}

/**
 * The program that installs: pip of the virtual environment, or uv where that has no pip, or the one that is named. Throws
 * `cli.bad-argument` if there is none.
 */
export function findInstaller({ installer, venv: named, inUse }: Wanted): Installer {
  const wanted = installers.filter((name) => installer === undefined || name === installer);
  if (wanted.length === 0) {
    throw new AppError(cliErrors.badArgument, `--installer must be pip or uv, not ${installer}`);
  }
  const venv = findVenv(named, inUse);
  const programs = {
    pip: findProgram('pip', venv === undefined ? undefined : join(venv, 'bin')),
    uv: findProgram('uv'),
  };
  for (const name of wanted) {
    const program = programs[name];
    if (program !== undefined) return { name, program, venv };
  }
  const where = venv === undefined ? 'on PATH' : `in ${venv}`;
  throw new AppError(
    cliErrors.badArgument,
    installer === 'uv' ? 'no uv binary found on PATH' : `no pip binary found ${where}`,
    {
      hint:
        installer === undefined
          ? 'install uv, or make a virtual environment with pip: python3 -m venv DIR'
          : 'leave --installer out to take the one that is there',
    },
  );
}

function findVenv(named: string | undefined, inUse: string | undefined): string | undefined {
  const active = environment['VIRTUAL_ENV'] || undefined;
  const given = named ?? inUse ?? active;
  if (given === undefined || given === '-') return undefined;
  const venv = resolve(given);
  if (existsSync(join(venv, 'bin'))) return venv;
  throw new AppError(cliErrors.badArgument, `No virtualenv found at: '${venv}'`, {
    hint:
      named !== undefined
        ? `make it: python3 -m venv ${given}`
        : inUse !== undefined
          ? 'forget it: wheelhouse use --venv -'
          : 'VIRTUAL_ENV names it: deactivate it, or name another one with --venv',
  });
}
