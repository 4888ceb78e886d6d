import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveRejected, inspectArchive } from '#python/archives/inspect.ts';
import { parseFilename } from '#python/names/filename.ts';
import { isSameVersion } from '#python/names/same-version.ts';
import { isCompatible } from '#python/tags/compatibility.ts';
import { findOwners, type SystemLibrary } from './find-owners.ts';
import type { Python } from './find-pythons.ts';
import { readNativeNeeds } from './read-libraries.ts';

export interface BuiltWheel {
  readonly path: string;
  readonly filename: string;
  readonly sha256: string;
  readonly size: number;
  /** What is allowed but worth a look. */
  readonly findings: readonly string[];
  /** Libraries of the system that it needs, without those of every system. */
  readonly libraries: readonly SystemLibrary[];
  /** The oldest glibc that it runs with, as `2.34`; undefined where nothing of it is compiled. */
  readonly glibc: string | undefined;
}

/** What a wheel must be, to count as the one that was asked for. */
export interface Wanted {
  /** Normalized. */
  readonly project: string;
  readonly version: string;
  readonly python: Pick<Python, 'tag' | 'platform'>;
}

/** Says what is wrong with what a build has made, for people. */
export class BadWheel extends Error {}

const CHUNK_BYTES = 256 * 1024;

/**
 * Takes the wheels out of a directory that a build wrote, into one that no build can write to, after reading each from the first byte to the last without running
 * anything of it: name and version are those that were asked for, the tags fit the target, RECORD is right. Throws `BadWheel`.
 */
export async function takeWheels(from: string, to: string, wanted: Wanted): Promise<BuiltWheel[]> {
  const names = (await readdir(from).catch(() => [])).filter((name) => name.endsWith('.whl')).toSorted();
  if (names.length === 0) throw new BadWheel('pip ended well, and there is no wheel');
  await mkdir(to, { recursive: true, mode: 0o700 });
  const wheels: BuiltWheel[] = [];
  for (const name of names) wheels.push(await takeWheel(join(from, name), name, to, wanted));
  return wheels;
}

async function takeWheel(from: string, filename: string, to: string, wanted: Wanted): Promise<BuiltWheel> {
  checkName(filename, wanted);
  // Neither a link to a file of the host nor a pipe that nobody writes into.
  await using handle = await open(
    from,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  ).catch((cause: unknown) => {
    throw new BadWheel(`${filename} cannot be read`, { cause });
  });
  const stat = await handle.stat();
  if (!stat.isFile()) throw new BadWheel(`${filename} is not a file`);
  const { size } = stat;
  const read = async (into: Buffer, position: number) =>
    (await handle.read(into, 0, into.byteLength, position)).bytesRead;
  const { version, findings } = await inspectArchive({ size, read }, filename, {
    expectedProject: wanted.project,
  }).catch((cause: unknown) => {
    if (cause instanceof ArchiveRejected) throw new BadWheel(`${filename}: ${cause.message}`, { cause });
    throw cause;
  });
  if (!isSameVersion(version, wanted.version))
    throw new BadWheel(`${filename} says that it is version ${version}, not ${wanted.version}`);
  const { libraries, glibc, foreign } = await readNativeNeeds({ size, read }, wanted.python.platform);
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (let at = 0, count; (count = await read(buffer, at)) > 0; at += count)
    hash.update(buffer.subarray(0, count));
  const path = join(to, filename);
  await rename(from, path);
  await chmod(path, 0o644);
  const sha256 = hash.digest('hex');
  // Some wheels bring libraries for several machines; whether its own can be loaded, the import test says.
  const strange = foreign.map((name) => `${name} is no library for ${wanted.python.platform}`);
  return {
    path,
    filename,
    sha256,
    size,
    findings: [...findings, ...strange],
    libraries: await findOwners(libraries),
    glibc,
  };
}

function checkName(filename: string, { project, version, python }: Wanted): void {
  const parsed = parseFilename(filename);
  if (parsed?.kind !== 'wheel' || parsed.tags === undefined)
    throw new BadWheel(`${filename} is no name of a wheel`);
  if (parsed.project !== project || !isSameVersion(parsed.version, version))
    throw new BadWheel(`${filename} is not ${project} ${version}, which was to be built`);
  if (!isCompatible(parsed.tags, { python: python.tag, platform: python.platform }))
    throw new BadWheel(`${filename} does not fit ${python.tag}-${python.platform}, for which it was built`);
}
