import { readFile, stat } from 'node:fs/promises';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { configurations, type Configuration, type Target } from './configurations.ts';
import { readNetrc, removeNetrc, setNetrc } from './edit-netrc.ts';
import type { Places } from './places.ts';
import { writeTogether, type FileChange } from './write-together.ts';

/** One file of an installer, and the index that it names. */
export interface Configured {
  readonly path: string;
  /** Whether devpi-client tells of it whether it is there or not. */
  readonly isDevpis: boolean;
  readonly exists: boolean;
  /** Undefined if it names none. */
  readonly index: string | undefined;
}

/** Changes of files that were not made yet. */
export interface Plan {
  readonly changes: readonly FileChange[];
  /** Writes them, all or none. Throws `cli.bad-input-file`. */
  apply(): Promise<void>;
}

/** Whose files: those of the user, or the two of a virtual environment. */
export interface Scope {
  readonly places: Places;
  readonly isVenv: boolean;
}

/** What the files of installers say now. */
export async function readInstallers(scope: Scope): Promise<readonly Configured[]> {
  return await Promise.all(
    chosen(scope).map(async ({ place, isDevpis, read }) => {
      const path = scope.places[place];
      const text = await readText(path);
      return {
        path,
        isDevpis,
        exists: text !== undefined,
        index: text && understood(path, () => read(text)),
      };
    }),
  );
}

/**
 * Plans what makes installers take an index: every file that differs, and, where the index has readers, the API token that
 * reads it. Throws `cli.bad-input-file` where a file is not what its program reads, before anything is written.
 */
export async function planInstallers(scope: Scope, target: Target, token?: string): Promise<Plan> {
  const changes: FileChange[] = [];
  for (const { place, set } of chosen(scope)) {
    const path = scope.places[place];
    if (!(await canBeWritten(path))) continue;
    const before = (await readText(path)) ?? '';
    const after = understood(path, () => set(before, target));
    if (after !== before) changes.push({ path, after, isSecret: false });
  }
  if (token !== undefined) {
    const path = scope.places.netrc;
    const after = setNetrc((await readText(path)) ?? '', new URL(target.url).hostname, token);
    changes.push({ path, after, isSecret: true });
  }
  return planOf(changes);
}

/** Plans what takes an index of a server out of the files of installers, and its API token out of netrc. */
export async function planRemoval(scope: Scope, server: string): Promise<Plan> {
  const changes: FileChange[] = [];
  for (const { place, remove } of chosen(scope)) {
    const path = scope.places[place];
    const before = await readText(path);
    if (before === undefined) continue;
    const after = understood(path, () => remove(before, server));
    if (after !== before) changes.push({ path, after, isSecret: false });
  }
  const path = scope.places.netrc;
  const before = await readText(path);
  const after = before && removeNetrc(before, new URL(server).hostname);
  if (after !== undefined && after !== before) changes.push({ path, after, isSecret: true });
  return planOf(changes);
}

/** What netrc has for the host of a server. */
export async function netrcOf({ places }: Scope, server: string): Promise<'nothing' | 'token' | 'other'> {
  return readNetrc((await readText(places.netrc)) ?? '', new URL(server).hostname);
}

function chosen({ isVenv }: Scope): readonly Configuration[] {
  return configurations.filter(({ place }) => !isVenv || place === 'pip' || place === 'uv');
}

function planOf(changes: readonly FileChange[]): Plan {
  return {
    changes,
    async apply() {
      try {
        await writeTogether(changes);
      } catch (cause) {
        throw new AppError(cliErrors.badInputFile, `cannot write: ${(cause as Error).message}`, {
          cause,
          hint: 'see that there is room on the disk and that the directory is yours',
        });
      }
    },
  };
}

/** A device, such as the one that switches pip's configuration off, is left alone. */
async function canBeWritten(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? true;
}

async function readText(path: string): Promise<string | undefined> {
  if (!(await canBeWritten(path))) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AppError(cliErrors.badInputFile, `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

function understood<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    const [first] = (cause as Error).message.split('\n');
    throw new AppError(cliErrors.badInputFile, `${path}: ${first}`, {
      cause,
      hint: 'correct the file, or set the index there yourself; nothing was changed',
    });
  }
}
