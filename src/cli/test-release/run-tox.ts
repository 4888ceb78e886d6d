import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { environment } from '#kernel/config/environment.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { runInTerminal } from '#kernel/process/run-in-terminal.ts';
import { cliErrors } from '../errors.ts';
import { findProgram } from '../find-program.ts';
import { inheritedEnvironment } from '../inherited-environment.ts';
import { sayCommand } from '../say-command.ts';
import { readSession } from '../session.ts';
import { splitWords } from './split-words.ts';
import type { TestRun, Verdict } from './test-releases.ts';

/** What tox exits with when it was called wrongly: there is no result then. */
const USAGE = 2;

/** Runs tox where the sdist was unpacked, with the index for what the tests need. */
export async function runTox({ path, unpacked, work, reading, options }: TestRun): Promise<Verdict> {
  const tox = await findTox();
  const configuration = await findConfiguration(unpacked, options);
  await mkdir(work, { recursive: true });
  const reportPath = join(work, 'toxreport.json');
  const argv: readonly [string, ...string[]] = [
    tox,
    '--installpkg',
    path,
    '--recreate',
    '--result-json',
    reportPath,
    ...(options.toxenv === undefined ? [] : [`-e${options.toxenv}`]),
    '-c',
    configuration,
    ...splitWords(options.toxArgs ?? ''),
  ];
  sayCommand(argv, { PIP_INDEX_URL: reading.simpleUrl }, unpacked);
  const exitCode = await runInTerminal(argv, { cwd: unpacked, env: inheritedEnvironment(reading.variables) });
  const hasReport = exitCode !== USAGE && existsSync(reportPath);
  return { exitCode, reportPath: hasReport ? reportPath : undefined };
}

/** Of the virtual environment in use or active, or on PATH. */
async function findTox(): Promise<string> {
  const venv = (await readSession()).venv ?? environment['VIRTUAL_ENV'];
  const own = venv ? findProgram('tox', join(venv, 'bin')) : undefined;
  const found = own ?? findProgram('tox');
  if (found !== undefined) return found;
  throw new AppError(cliErrors.badArgument, 'no tox binary found', {
    hint: 'install it (uv tool install tox, pipx install tox), or run the tests with --runner pytest',
  });
}

interface Configuration {
  readonly toxini: string | undefined;
  readonly fallbackIni: string | undefined;
}

/** In the order of devpi-client. */
async function findConfiguration(unpacked: string, { toxini, fallbackIni }: Configuration): Promise<string> {
  if (toxini !== undefined) return existing(resolve(toxini), '-c');
  const inside = (name: string) => join(unpacked, name);
  if (isFile(inside('tox.ini'))) return inside('tox.ini');
  if (await hasToxTable(inside('pyproject.toml'))) return inside('pyproject.toml');
  if (await hasToxSection(inside('setup.cfg'))) return inside('setup.cfg');
  if (fallbackIni !== undefined) {
    return isFile(resolve(fallbackIni))
      ? resolve(fallbackIni)
      : existing(resolve(unpacked, fallbackIni), '--fallback-ini');
  }
  throw new AppError(
    cliErrors.badInputFile,
    `no tox.ini/pyproject.toml/setup.cfg file found in ${unpacked}`,
    {
      hint: 'name a configuration with -c or --fallback-ini, or run the tests with --runner pytest',
    },
  );
}

async function hasToxTable(path: string): Promise<boolean> {
  if (!isFile(path)) return false;
  try {
    const { tool } = parse(await readFile(path, 'utf8'));
    return typeof tool === 'object' && 'tox' in tool;
  } catch {
    return false;
  }
}

async function hasToxSection(path: string): Promise<boolean> {
  return isFile(path) && /^\[tox:tox\]/m.test(await readFile(path, 'utf8'));
}

function existing(path: string, option: string): string {
  if (isFile(path)) return path;
  throw new AppError(cliErrors.badInputFile, `the file of ${option} does not exist: ${path}`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
