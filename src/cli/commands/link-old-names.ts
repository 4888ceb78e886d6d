import { mkdir, readlink, realpath, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { defineCommand } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { dryRunOption, jsonOption, required } from '../options.ts';
import { printable } from '../printable.ts';

export const command = defineCommand({
  summary: 'Make links named after the programs of devpi in a directory',
  args: {
    directory: required('Where the links go, such as a directory of PATH; it is made if it is missing'),
  },
  options: { dryRun: dryRunOption, json: jsonOption },
  examples: ['wheelhouse link-old-names ~/.local/bin', 'wheelhouse link-old-names /usr/local/bin --dry-run'],
  async run({ args, options: { dryRun, json } }) {
    const { oldNames } = await import('../programs.ts');
    const launcher = findLauncher();
    const links = await Promise.all(
      oldNames().map((name) => look(join(resolve(args.directory), name), launcher)),
    );
    const foreign = links.filter(({ state }) => state === 'foreign');
    if (foreign.length > 0) {
      throw new AppError(
        cliErrors.badArgument,
        foreign.map(({ path }) => `${path} is there already, and no link to ${launcher}`).join('\n'),
        { hint: 'nothing was changed; remove what is not needed, or name another directory' },
      );
    }
    const missing = links.filter(({ state }) => state === 'missing');
    if (!dryRun) await make(resolve(args.directory), missing, launcher);
    if (json) {
      const { printJson } = await import('../print-json.ts');
      printJson({ launcher, links: links.map(({ path, state }) => ({ path, isNew: state === 'missing' })) });
      return 0;
    }
    for (const { path, state } of links) {
      const done = state === 'missing' ? (dryRun ? 'skipped: linked' : 'linked') : 'unchanged:';
      process.stdout.write(`${done} ${printable(path)}\n`);
    }
    return 0;
  },
});

interface Link {
  readonly path: string;
  readonly state: 'missing' | 'ours' | 'foreign';
}

/** The program of this installation, which is beside the directory of what runs. */
function findLauncher(): string {
  return join(dirname(dirname(process.argv[1] ?? '')), 'wheelhouse');
}

async function look(path: string, launcher: string): Promise<Link> {
  try {
    const target = resolve(dirname(path), await readlink(path));
    const isOurs = target === launcher || (await realpath(path).catch(() => undefined)) === launcher;
    return { path, state: isOurs ? 'ours' : 'foreign' };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return { path, state: isMissing ? 'missing' : 'foreign' };
  }
}

/** A name that somebody else takes meanwhile is not overwritten either. */
async function make(directory: string, links: readonly Link[], launcher: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    for (const { path } of links) await symlink(launcher, path);
  } catch (cause) {
    throw new AppError(cliErrors.badArgument, `cannot make links: ${(cause as Error).message}`, { cause });
  }
}
