import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { normalizeProjectName } from '../names/project-name.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { pythonErrors } from '../errors.ts';
import type { Lock, LockedPackage, Skipped } from './lock.ts';
import { parsePdmLock, parsePoetryLock } from './pdm-poetry-lock.ts';
import { parsePipfileLock } from './pipfile-lock.ts';
import { parsePylock } from './pylock.ts';
import { parseRequirements, unpinnedError, type Unpinned } from './requirements.ts';
import { parseUvLock } from './uv-lock.ts';

/**
 * Reads lock files of every known kind, by their names, with what they include. What a constraints file pins is
 * fetched as well: that is where the versions of indirect dependencies stand. Throws if a requirement stays
 * without a version.
 */
export async function readLocks(paths: readonly string[]): Promise<Lock> {
  const packages: LockedPackage[] = [];
  const skipped: Skipped[] = [];
  const unpinned: Unpinned[] = [];
  const seen = new Set<string>();
  const read = async (path: string, isConstraints: boolean, where?: string): Promise<void> => {
    const absolute = resolve(path);
    if (seen.has(absolute)) return;
    seen.add(absolute);
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      const detail = `${where === undefined ? '' : `${where}: `}cannot read ${path}`;
      throw new AppError(pythonErrors.badLockFile, detail, { cause });
    });
    const name = basename(path);
    if (name.endsWith('.toml') || name.endsWith('.lock')) {
      const lock = chooseReader(name, path)(text, path);
      packages.push(...lock.packages);
      skipped.push(...lock.skipped);
      return;
    }
    const found = parseRequirements(text, path);
    packages.push(...found.packages);
    skipped.push(...found.skipped);
    // A constraint without a version limits and asks for nothing.
    if (!isConstraints) unpinned.push(...found.unpinned);
    for (const include of found.includes) {
      if (/^https?:/.test(include.path)) {
        skipped.push({
          where: include.where,
          reason: `${include.path} is not read: fetch it, and name the file`,
        });
      } else {
        await read(
          resolve(dirname(path), include.path),
          isConstraints || include.isConstraints,
          include.where,
        );
      }
    }
  };
  for (const path of paths) await read(path, false);
  const pinned = new Set(packages.map(({ project }) => normalizeProjectName(project)));
  const left = unpinned.filter(({ project }) => !pinned.has(normalizeProjectName(project)));
  if (left.length > 0) throw unpinnedError(left);
  return { packages, skipped };
}

const BY_NAME: Readonly<Record<string, (text: string, name: string) => Lock>> = {
  'uv.lock': parseUvLock,
  'pdm.lock': parsePdmLock,
  'poetry.lock': parsePoetryLock,
  'Pipfile.lock': parsePipfileLock,
};

function chooseReader(name: string, path: string): (text: string, name: string) => Lock {
  if (/^pylock\.(?:[^.]+\.)?toml$/.test(name)) return parsePylock;
  const known = BY_NAME[name];
  if (known !== undefined) return known;
  throw new AppError(pythonErrors.badLockFile, `${path} is of no known kind`, {
    hint: 'known are uv.lock, pdm.lock, poetry.lock, Pipfile.lock, pylock.toml, pylock.NAME.toml, and requirements files of any other name',
  });
}
