import { z } from 'zod';
import { parseFilename } from '../names/filename.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { pythonErrors } from '../errors.ts';
import type { Lock, LockedFile, LockedPackage, Skipped } from './lock.ts';
import { filenameOf, parseToml } from './toml.ts';

const Artifact = z.looseObject({
  name: z.string().optional(),
  url: z.string().optional(),
  path: z.string().optional(),
  size: z.number().optional(),
  hashes: z.record(z.string(), z.string()),
});

const Pylock = z.looseObject({
  'lock-version': z.string(),
  packages: z.array(
    z.looseObject({
      name: z.string(),
      version: z.string().optional(),
      marker: z.string().optional(),
      vcs: z.unknown().optional(),
      directory: z.unknown().optional(),
      archive: z.unknown().optional(),
      sdist: Artifact.optional(),
      wheels: z.array(Artifact).optional(),
    }),
  ),
});

/** Reads a pylock.toml (PEP 751). `name` stands in messages. */
export function parsePylock(text: string, name: string): Lock {
  const lock = parseToml(text, name, Pylock);
  if (!/^1\.\d+$/.test(lock['lock-version']))
    throw new AppError(
      pythonErrors.badLockFile,
      `${name}: lock-version ${lock['lock-version']} is unknown; known is 1.0`,
    );
  const packages: LockedPackage[] = [];
  const skipped: Skipped[] = [];
  for (const { name: project, version, marker, sdist, wheels = [], ...source } of lock.packages) {
    const kind = (['vcs', 'directory', 'archive'] as const).find((each) => source[each] !== undefined);
    if (kind !== undefined) {
      skipped.push({
        where: `${name}: ${project}`,
        reason: `comes from a ${NAMES[kind]}, not from an index`,
      });
      continue;
    }
    const files = [...(sdist === undefined ? [] : [sdist]), ...wheels].map(lockedFile);
    const known = version ?? files.map(({ filename }) => parseFilename(filename ?? '', project)?.version)[0];
    if (known === undefined)
      throw new AppError(pythonErrors.badLockFile, `${name}: ${project} has no version and no files`);
    packages.push({
      project,
      version: known,
      ...(files.length > 0 && { files }),
      ...(marker !== undefined && { marker }),
    });
  }
  return { packages, skipped };
}

const NAMES = { vcs: 'repository', directory: 'directory', archive: 'URL' };

function lockedFile({ name, url, path, size, hashes }: z.output<typeof Artifact>): LockedFile {
  const filename = name ?? filenameOf(url ?? path);
  const sha256 = hashes['sha256']?.toLowerCase();
  return {
    ...(filename !== undefined && { filename }),
    ...(sha256 !== undefined && { sha256 }),
    ...(size !== undefined && { size }),
  };
}
