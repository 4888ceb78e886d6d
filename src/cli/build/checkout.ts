import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, lstat, mkdir, readlink, symlink, utimes } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { findProgram } from '../find-program.ts';
import { inheritedEnvironment, withoutRepository } from '../inherited-environment.ts';
import { inParallel } from '#kernel/in-parallel.ts';
import { runQuietly } from './run-quietly.ts';

/** A working copy of a version control system. */
export interface Checkout {
  readonly kind: 'git' | 'hg';
  /** Its top directory. */
  readonly root: string;
}

export interface ExportOptions {
  /** The project, somewhere in the working copy. */
  readonly directory: string;
  /** Only what is below the project, without the history. */
  readonly setupdirOnly: boolean;
  /** Where the export goes. */
  readonly target: string;
  readonly signal: AbortSignal;
}

const PARALLEL = 8;

const ownEnvironment = { ...withoutRepository(inheritedEnvironment()), HGPLAIN: '1' };

/** The working copy that a directory is in, the innermost one; undefined if it is in none of git or hg. */
export function findCheckout(directory: string): Checkout | undefined {
  for (const kind of ['git', 'hg'] as const)
    if (existsSync(join(directory, `.${kind}`))) return { kind, root: directory };
  const parent = dirname(directory);
  return parent === directory ? undefined : findCheckout(parent);
}

/**
 * Copies what is tracked, as it is in the working copy now, with submodules, and with the history, which versions are
 * made from. Resolves to the project in the copy. Throws `cli.bad-input-file` if nothing of the project is tracked.
 */
export async function exportCheckout(checkout: Checkout, options: ExportOptions): Promise<string> {
  const { directory, setupdirOnly, target, signal } = options;
  const base = setupdirOnly ? directory : checkout.root;
  const copy = join(target, basename(base) || 'project');
  const tracked = await listTracked(checkout, base, signal);
  const project = relative(base, directory);
  if (!tracked.some((path) => project === '' || path.startsWith(`${project}/`))) {
    throw new AppError(cliErrors.badInputFile, `${checkout.kind} tracks no file of ${directory}`, {
      hint: `add the files, or build in place with --no-vcs`,
    });
  }
  await mkdir(copy, { recursive: true });
  if (!setupdirOnly) await copyHistory(checkout, copy, signal);
  await inParallel(tracked, PARALLEL, async (path) => {
    signal.throwIfAborted();
    await copyTracked(join(base, path), join(copy, path));
  });
  return join(copy, project);
}

async function listTracked(
  { kind }: Checkout,
  base: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const argv =
    kind === 'git'
      ? ([find('git'), 'ls-files', '-z', '--cached', '--recurse-submodules'] as const)
      : ([find('hg'), 'files', '-0', '.'] as const);
  const output = await runQuietly(argv, { cwd: base, env: ownEnvironment, signal });
  const paths = [...new Set(output.split('\0'))].filter((path) => path !== '');
  const odd = paths.find((path) => path.includes('\ufffd'));
  if (odd === undefined) return paths;
  throw new AppError(cliErrors.badInputFile, `${join(base, odd)} has a name that is not UTF-8`, {
    hint: 'rename it, or build in place with --no-vcs',
  });
}

/** git: one that borrows all objects, also of a worktree or submodule, whose `.git` is elsewhere. */
async function copyHistory({ kind, root }: Checkout, copy: string, signal: AbortSignal): Promise<void> {
  if (kind === 'hg') {
    await cp(join(root, '.hg'), join(copy, '.hg'), { recursive: true });
  } else {
    const git = async (...args: string[]) =>
      await runQuietly([find('git'), ...args], { cwd: root, env: ownEnvironment, signal });
    await git('clone', '--quiet', '--shared', '--no-checkout', '--', root, copy);
    const index = join((await git('rev-parse', '--absolute-git-dir')).trim(), 'index');
    if (existsSync(index)) await copyFile(index, join(copy, '.git', 'index'));
  }
  process.stdout.write(
    `copied repo ${relative(process.cwd(), join(root, `.${kind}`))} to ${join(copy, `.${kind}`)}\n`,
  );
}

async function copyTracked(source: string, copy: string): Promise<void> {
  const found = await lstat(source).catch(() => undefined);
  // Deleted, and not yet committed.
  if (found === undefined) return;
  if (found.isDirectory()) {
    await mkdir(copy, { recursive: true });
    return;
  }
  await mkdir(dirname(copy), { recursive: true });
  if (found.isSymbolicLink()) {
    await symlink(await readlink(source), copy);
    return;
  }
  await copyFile(source, copy);
  await chmod(copy, found.mode);
  await utimes(copy, found.atime, found.mtime);
}

function find(program: 'git' | 'hg'): string {
  const path = findProgram(program);
  if (path !== undefined) return path;
  throw new AppError(cliErrors.badArgument, `${program} is not on PATH`, {
    hint: 'install it, or build in place with --no-vcs',
  });
}
