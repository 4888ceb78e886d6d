import { join } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { runInTerminal } from '#kernel/process/run-in-terminal.ts';
import { currentIndex } from '../current-index.ts';
import { cliErrors } from '../errors.ts';
import { inheritedEnvironment } from '../inherited-environment.ts';
import { openReading } from '../installers/open-reading.ts';
import { sayCommand } from '../say-command.ts';
import { readSession } from '../session.ts';
import { findInstaller, type Installer } from './find-installer.ts';

export interface InstallOptions {
  readonly index: string | undefined;
  readonly server: string | undefined;
  readonly listInstalled: boolean;
  readonly editable: string | undefined;
  readonly requirement: boolean;
  readonly venv: string | undefined;
  readonly installer: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

type Argv = readonly [string, ...string[]];

/** Lets pip or uv install from an index, and resolves to its exit code. */
export async function install(packages: readonly string[], options: InstallOptions): Promise<number> {
  const { editable, listInstalled } = options;
  if (editable !== undefined && packages.length > 0) {
    throw new AppError(cliErrors.badArgument, 'cannot specify packages and --editable');
  }
  const { venv: inUse } = await readSession();
  const installer = findInstaller({ ...options, inUse });
  if (listInstalled) return await list(installer, options);
  if (editable === undefined && packages.length === 0) {
    throw new AppError(cliErrors.badArgument, 'nothing is named to be installed', {
      hint: 'name packages, a project with -e, or requirements files with -r',
    });
  }
  const target = await currentIndex(options.index, options.server);
  await using reading = await openReading(target);
  const argv = installCommand(installer, packages, options);
  const shown = { PIP_INDEX_URL: reading.simpleUrl, PIP_PRE: '1' };
  sayCommand(argv, shown);
  if (options.dryRun) return 0;
  const variables = { ...reading.variables, PIP_PRE: '1', UV_PRERELEASE: 'allow' };
  return await runInTerminal(argv, { env: inheritedEnvironment(variables) });
}

/** As devpi-client installs: what is there is upgraded, and pre-releases count. */
function installCommand(
  { name, program, venv }: Installer,
  packages: readonly string[],
  { editable, requirement }: Pick<InstallOptions, 'editable' | 'requirement'>,
): Argv {
  const what =
    editable !== undefined
      ? ['--editable', editable]
      : requirement
        ? packages.flatMap((file) => ['--requirement', file])
        : ['--', ...packages];
  return [program, ...(name === 'uv' ? ['pip'] : []), 'install', '-U', ...pythonOf(name, venv), ...what];
}

async function list({ name, program, venv }: Installer, { json }: InstallOptions): Promise<number> {
  const format = json ? ['--format', 'json'] : [];
  const argv: Argv = [program, ...(name === 'uv' ? ['pip'] : []), 'list', ...pythonOf(name, venv), ...format];
  if (!json) {
    process.stdout.write(`list of installed packages on ${venv ?? 'PATH'}\n`);
    sayCommand(argv);
  }
  return await runInTerminal(argv, { env: inheritedEnvironment() });
}

/** pip belongs to its environment; uv is told. */
function pythonOf(name: Installer['name'], venv: string | undefined): readonly string[] {
  return name === 'pip' || venv === undefined ? [] : ['--python', join(venv, 'bin', 'python')];
}
