import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { pythonErrors } from '../errors.ts';
import type { Lock, LockedPackage, Skipped } from './lock.ts';
import { lockedFile } from './locked-file.ts';

const Package = z.looseObject({
  version: z.string().optional(),
  hashes: z.array(z.string()).optional(),
  markers: z.string().optional(),
});

const PipfileLock = z
  .looseObject({ _meta: z.looseObject({ 'pipfile-spec': z.number() }) })
  .catchall(z.record(z.string(), Package));

/** Where a package comes from that no index has. */
const SOURCES = {
  git: 'a repository',
  hg: 'a repository',
  svn: 'a repository',
  file: 'a URL',
  path: 'a path',
};

/** Reads a Pipfile.lock (pipfile-spec 6), all of its categories. `name` stands in messages. */
export function parsePipfileLock(text: string, name: string): Lock {
  const bad = (detail: string) => new AppError(pythonErrors.badLockFile, `${name}: ${detail}`);
  const { _meta: meta, ...categories } = parse(text, bad);
  if (meta['pipfile-spec'] !== 6) throw bad(`pipfile-spec ${meta['pipfile-spec']} is unknown; known is 6`);
  const packages: LockedPackage[] = [];
  const skipped: Skipped[] = [];
  for (const [category, members] of Object.entries(categories)) {
    for (const [project, { version, hashes = [], markers, ...rest }] of Object.entries(members)) {
      const kind = Object.entries(SOURCES).find(([key]) => rest[key] !== undefined)?.[1];
      if (kind !== undefined) {
        skipped.push({ where: `${name}: ${project}`, reason: `comes from ${kind}, not from an index` });
        continue;
      }
      const pinned = /^===?\s*([^\s*]+)$/.exec(version ?? '')?.[1];
      if (pinned === undefined) throw bad(`${category}.${project}: version must be pinned with ==`);
      packages.push({
        project,
        version: pinned,
        ...(hashes.length > 0 && { files: hashes.map((hash) => lockedFile({ hash })) }),
        ...(markers !== undefined && { marker: markers }),
      });
    }
  }
  return { packages, skipped };
}

function parse(text: string, bad: (detail: string) => AppError): z.output<typeof PipfileLock> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw bad((cause as Error).message.slice(0, 200));
  }
  const result = PipfileLock.safeParse(data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw bad(`${issue?.path.join('.') ?? ''}: ${issue?.message}`);
}
