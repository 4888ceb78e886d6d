import { constants, existsSync } from 'node:fs';
import { cp, mkdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';

/** An installation of Wheelhouse that can run. */
export interface InstalledProgram {
  /** Holds the launcher and `package.json`. */
  readonly root: string;
  /** What runs below the root: a checkout has sources, a package the bundle. */
  readonly code: 'src' | 'dist';
  /** The executable of Node. */
  readonly node: string;
}

/** The one that this process runs. */
export async function runningProgram(): Promise<InstalledProgram> {
  const code = dirname(await realpath(process.argv[1] ?? ''));
  return {
    root: dirname(code),
    code: basename(code) === 'src' ? 'src' : 'dist',
    node: await realpath(process.execPath),
  };
}

/**
 * Copies a program with the packages that it needs and its Node, so that the copy runs when the original is gone. What was at
 * the target is replaced at once.
 */
export async function copyProgram({ root, code, node }: InstalledProgram, target: string): Promise<void> {
  const part = `${target}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(join(part, 'node_modules'), { recursive: true });
  for (const name of ['wheelhouse', 'package.json', 'LICENSE', code])
    await copy(join(root, name), join(part, name));
  for (const [directory, place] of await findPackages(root)) {
    await copy(directory, join(part, 'node_modules', place));
  }
  await copyNode(node, join(part, 'node_modules'));
  await rm(target, { recursive: true, force: true });
  await rename(part, target);
}

/** Its headers and manual pages, a third of it, stay behind. */
async function copyNode(node: string, modules: string): Promise<void> {
  const from = dirname(dirname(node));
  for (const name of ['bin', 'package.json', 'LICENSE']) {
    await copy(join(from, name), join(modules, basename(from), name));
  }
}

async function copy(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    // Links that npm makes for programs, none of which is called.
    filter: (path) => !/\.test\.ts$|\/\.bin$/.test(path),
    mode: constants.COPYFILE_FICLONE,
    errorOnExist: false,
  });
}

/**
 * Directories of the packages that a program needs, with where each goes below `node_modules`. Those inside of another one's
 * `node_modules` come with it.
 */
async function findPackages(root: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const waiting = [root];
  const seen = new Set(waiting);
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    for (const name of await dependenciesOf(from)) {
      const { modules, isInner } = findModules(from, root, name);
      const directory = join(modules, name);
      if (seen.has(directory)) continue;
      seen.add(directory);
      waiting.push(directory);
      if (!isInner) found.set(directory, relative(modules, directory));
    }
  }
  return found;
}

async function dependenciesOf(directory: string): Promise<readonly string[]> {
  const text = await readFile(join(directory, 'package.json'), 'utf8');
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
  return Object.keys(dependencies);
}

/** Where Node would find a package: inside of the one that asks for it, beside that, or farther up. */
function findModules(from: string, root: string, name: string): { modules: string; isInner: boolean } {
  for (let at = from; at !== dirname(at); at = dirname(at)) {
    const modules = basename(at) === 'node_modules' ? at : join(at, 'node_modules');
    if (!existsSync(join(modules, name, 'package.json'))) continue;
    const owner = dirname(modules);
    return { modules, isInner: root !== owner && !root.startsWith(`${owner}/`) };
  }
  throw new Error(`the package ${name}, which ${from} needs, is not installed`);
}
