import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { findProgram } from '../find-program.ts';
import { findPython } from '../find-python.ts';
import { inheritedEnvironment, withoutRepository } from '../inherited-environment.ts';
import { printable } from '../printable.ts';
import { sayCommand } from '../say-command.ts';
import { chooseDistributions } from './choose-distributions.ts';
import { exportCheckout, findCheckout } from './checkout.ts';
import { readDefaults } from './read-defaults.ts';
import { runQuietly, type QuietRun } from './run-quietly.ts';

export interface BuildOptions {
  readonly python: string | undefined;
  readonly vcs: boolean;
  readonly setupdirOnly: boolean;
  readonly formats: string | undefined;
  readonly sdist: boolean;
  readonly wheel: boolean;
  readonly isolation: boolean;
  readonly withDocs: boolean;
  readonly onlyDocs: boolean;
  readonly verbose: boolean;
}

type Argv = readonly [string, ...string[]];

/**
 * Builds the project of a directory from what git or hg track of it, in `work`, and leaves what was built in its `dist`. Prints what
 * devpi-client prints, and resolves to the paths: archives, and documentation that sphinx built. Throws `cli.program-failed`.
 */
export async function buildProject(
  directory: string,
  given: BuildOptions,
  work: { readonly directory: string; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const { noVcs = false, ...defaults } = await readDefaults(directory);
  const options = {
    ...given,
    vcs: given.vcs && !noVcs,
    setupdirOnly: given.setupdirOnly || (defaults.setupdirOnly ?? false),
    sdist: given.sdist || (defaults.sdist ?? false),
    wheel: given.wheel || (defaults.wheel ?? false),
    withDocs: given.withDocs || (defaults.withDocs ?? false),
    onlyDocs: given.onlyDocs || (defaults.onlyDocs ?? false),
    formats: given.formats ?? defaults.formats,
  };
  const distributions = chooseDistributions(options);
  const python = findPython(given.python);
  const project = await exportProject(directory, options, work);
  const dist = join(directory, 'dist');
  process.stdout.write(`${printable(`pre-build: cleaning ${shown(dist)}`)}\n`);
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  const env = withoutRepository(inheritedEnvironment());
  const running = { cwd: project, env, signal: work.signal, verbose: given.verbose };
  const built = options.onlyDocs
    ? []
    : await buildArchives([python, '-m', 'build', ...distributions], { dist, options, running });
  if (!options.withDocs && !options.onlyDocs) return built;
  return [...built, await buildDocs(python, { dist, options, running, work: work.directory })];
}

async function exportProject(
  directory: string,
  { vcs, setupdirOnly }: BuildOptions,
  work: { readonly directory: string; readonly signal: AbortSignal },
): Promise<string> {
  const checkout = vcs ? findCheckout(directory) : undefined;
  if (checkout === undefined) return directory;
  const target = join(work.directory, 'export');
  return await exportCheckout(checkout, { directory, setupdirOnly, target, signal: work.signal });
}

interface Building {
  readonly dist: string;
  readonly options: BuildOptions;
  readonly running: QuietRun;
}

async function buildArchives(
  command: Argv,
  { dist, options, running }: Building,
): Promise<readonly string[]> {
  const argv: Argv = [...command, ...(options.isolation ? [] : ['--no-isolation'])];
  sayCommand(argv, {}, running.cwd);
  const made = join(running.cwd, 'dist');
  if (made !== dist) await rm(made, { recursive: true, force: true });
  const hintFor = (output: string) =>
    output.includes('No module named build')
      ? `install it there: ${command[0]} -m pip install build; or name another Python with -p`
      : undefined;
  await runQuietly(argv, { ...running, hintFor });
  const names = existsSync(made) ? (await readdir(made)).toSorted() : [];
  if (names.length === 0) throw new AppError(cliErrors.programFailed, 'nothing built!');
  const paths = [];
  for (const name of names) {
    const path = join(dist, name);
    if (made !== dist) await copyFile(join(made, name), path);
    await sayBuilt(path);
    paths.push(path);
  }
  return paths;
}

async function buildDocs(
  python: string,
  { dist, options, running, work }: Building & { readonly work: string },
): Promise<string> {
  const release = await readRelease(python, options, running);
  const source = findDocs(running.cwd);
  const html = join(work, 'html');
  const sphinx = findProgram('sphinx-build', dirname(python)) ?? findProgram('sphinx-build');
  if (sphinx === undefined) {
    throw new AppError(cliErrors.badArgument, 'command not found: sphinx-build', {
      hint: 'install sphinx: python -m pip install sphinx',
    });
  }
  const argv: Argv = [sphinx, '-E', '-d', join(work, 'doctrees'), source, html];
  sayCommand(argv, {}, running.cwd);
  await runQuietly(argv, running);
  const path = join(dist, `${release}.doc.zip`);
  await runQuietly([python, '-m', 'zipfile', '-c', path, '.'], { ...running, cwd: html, verbose: false });
  await sayBuilt(path, ' [sphinx docs]');
  return path;
}

/** `name-version`, as the project's build backend says it. */
async function readRelease(python: string, { isolation }: BuildOptions, running: QuietRun): Promise<string> {
  const script =
    'import sys, build.util\n' +
    'found = build.util.project_wheel_metadata(".", isolated=sys.argv[1] == "isolated")\n' +
    'print("\\n" + found["Name"] + "-" + found["Version"])';
  const argv: Argv = [python, '-c', script, isolation ? 'isolated' : 'here'];
  const output = await runQuietly(argv, { ...running, verbose: false });
  return output.trim().split('\n').at(-1) ?? '';
}

/** Where the configuration of sphinx is. */
function findDocs(project: string): string {
  const places = ['doc', 'docs', 'source'].flatMap((name) => [
    join(project, name),
    join(project, name, 'source'),
  ]);
  const found = places.find((place) => existsSync(join(place, 'conf.py')));
  if (found !== undefined) return found;
  throw new AppError(cliErrors.badInputFile, 'the project has no documentation of sphinx', {
    hint: 'it is looked for where conf.py is: doc, docs, source, doc/source or docs/source',
  });
}

async function sayBuilt(path: string, suffix = ''): Promise<void> {
  const { size } = await stat(path);
  process.stdout.write(`${printable(`built: ${shown(path)}${suffix} ${Math.floor(size / 1000)}kb`)}\n`);
}

/** As devpi-client shows it: from here. */
function shown(path: string): string {
  return relative(process.cwd(), path);
}
