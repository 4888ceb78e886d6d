import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { pythonErrors } from '../errors.ts';
import type { Lock, LockedPackage, Skipped } from './lock.ts';
import { lockedFile } from './locked-file.ts';
import { parseToml } from './toml.ts';

const Artifact = z.looseObject({
  url: z.string().optional(),
  path: z.string().optional(),
  filename: z.string().optional(),
  hash: z.string().optional(),
  size: z.number().optional(),
});

const UvLock = z.looseObject({
  version: z.number(),
  package: z
    .array(
      z.looseObject({
        name: z.string(),
        version: z.string().optional(),
        source: z.record(z.string(), z.unknown()),
        sdist: Artifact.optional(),
        wheels: z.array(Artifact).optional(),
      }),
    )
    .default([]),
});

/** The projects that a lock is made for: they are there already. */
const OWN_SOURCES = new Set(['editable', 'virtual', 'directory']);

/** Reads a uv.lock, as uv 0.3 and later write it. `name` stands in messages. */
export function parseUvLock(text: string, name: string): Lock {
  const lock = parseToml(text, name, UvLock);
  if (lock.version !== 1)
    throw new AppError(
      pythonErrors.badLockFile,
      `${name}: version ${lock.version} of uv.lock is unknown; known is 1`,
    );
  const packages: LockedPackage[] = [];
  const skipped: Skipped[] = [];
  for (const { name: project, version, source, sdist, wheels = [] } of lock.package) {
    if (source['registry'] !== undefined && version !== undefined) {
      const files = [...(sdist === undefined ? [] : [sdist]), ...wheels].map(({ url, path, ...file }) =>
        lockedFile({ ...file, location: url ?? path }),
      );
      packages.push({ project, version, ...(files.length > 0 && { files }) });
      continue;
    }
    const [kind = 'unknown source'] = Object.keys(source);
    if (OWN_SOURCES.has(kind)) continue;
    const origin = { git: 'a repository', url: 'a URL', path: 'a file' }[kind] ?? kind;
    skipped.push({ where: `${name}: ${project}`, reason: `comes from ${origin}, not from an index` });
  }
  return { packages, skipped };
}
