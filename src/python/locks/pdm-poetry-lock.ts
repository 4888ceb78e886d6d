import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { pythonErrors } from '../errors.ts';
import type { Lock, LockedPackage, Skipped } from './lock.ts';
import { lockedFile } from './locked-file.ts';
import { parseToml } from './toml.ts';

const File = z.looseObject({
  file: z.string().optional(),
  url: z.string().optional(),
  hash: z.string().optional(),
});

const fields = {
  name: z.string(),
  version: z.string().optional(),
  files: z.array(File).optional(),
};

const PdmLock = z.looseObject({
  metadata: z.looseObject({ lock_version: z.string() }),
  package: z
    .array(
      z.looseObject({
        ...fields,
        marker: z.string().optional(),
        extras: z.array(z.string()).optional(),
        git: z.unknown().optional(),
        hg: z.unknown().optional(),
        url: z.unknown().optional(),
        path: z.unknown().optional(),
      }),
    )
    .default([]),
});

const PoetryLock = z.looseObject({
  metadata: z.looseObject({
    'lock-version': z.string(),
    // Before version 2 the files of all packages stood here.
    files: z.record(z.string(), z.array(File)).default({}),
  }),
  package: z
    .array(
      z.looseObject({
        ...fields,
        markers: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
        source: z.looseObject({ type: z.string() }).optional(),
      }),
    )
    .default([]),
});

/** Reads a pdm.lock of version 4, as PDM 2 writes it. `name` stands in messages. */
export function parsePdmLock(text: string, name: string): Lock {
  const lock = parseToml(text, name, PdmLock);
  demandVersion(name, lock.metadata.lock_version, /^4\./, '4');
  const kinds = { git: 'a repository', hg: 'a repository', url: 'a URL', path: 'a path' } as const;
  return collect(
    name,
    // One more entry for its extras names the same release again.
    lock.package
      .filter(({ extras = [] }) => extras.length === 0)
      .map((each) => {
        const kind = (['git', 'hg', 'url', 'path'] as const).find((key) => each[key] !== undefined);
        return { ...each, origin: kind && kinds[kind] };
      }),
  );
}

/** Reads a poetry.lock of version 1 or 2. `name` stands in messages. */
export function parsePoetryLock(text: string, name: string): Lock {
  const lock = parseToml(text, name, PoetryLock);
  demandVersion(name, lock.metadata['lock-version'], /^[12]\./, '1 and 2');
  const kinds: Readonly<Record<string, string>> = {
    git: 'a repository',
    url: 'a URL',
    file: 'a path',
    directory: 'a path',
  };
  return collect(
    name,
    lock.package.map(({ markers, source, ...each }) => ({
      ...each,
      files: each.files ?? lock.metadata.files[each.name],
      marker: typeof markers === 'string' ? markers : undefined,
      // `legacy` is an index of the user's own.
      origin: kinds[source?.type ?? ''],
    })),
  );
}

interface Listed {
  readonly name: string;
  readonly version?: string | undefined;
  readonly files?: readonly z.output<typeof File>[] | undefined;
  readonly marker?: string | undefined;
  /** Undefined for an index. */
  readonly origin: string | undefined;
}

function collect(name: string, listed: readonly Listed[]): Lock {
  const packages: LockedPackage[] = [];
  const skipped: Skipped[] = [];
  for (const { name: project, version, files = [], marker, origin } of listed) {
    if (origin !== undefined) {
      skipped.push({ where: `${name}: ${project}`, reason: `comes from ${origin}, not from an index` });
      continue;
    }
    if (version === undefined)
      throw new AppError(pythonErrors.badLockFile, `${name}: ${project} has no version`);
    packages.push({
      project,
      version,
      ...(files.length > 0 && {
        files: files.map(({ file, url, hash }) => lockedFile({ filename: file, location: url, hash })),
      }),
      ...(marker !== undefined && { marker }),
    });
  }
  return { packages, skipped };
}

function demandVersion(name: string, version: string, known: RegExp, shown: string): void {
  if (known.test(version)) return;
  throw new AppError(pythonErrors.badLockFile, `${name}: version ${version} is unknown; known is ${shown}`);
}
