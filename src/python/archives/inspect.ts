import type { ArchiveReader } from './archive-reader.ts';
import type { CoreMetadata } from '../metadata/core-metadata.ts';
import { parseFilename, type ArchiveKind, type ParsedFilename } from '../names/filename.ts';
import { DEFAULT_LIMITS, type ArchiveLimits } from './limits.ts';
import { checkMagic } from './magic.ts';
import { demand, quoted } from '../archive-rejected.ts';
import { inspectSdist } from './sdist.ts';
import { inspectWheel, type WheelOptions } from './wheel.ts';
import { openZip } from './zip/zip.ts';

export { ArchiveRejected } from '../archive-rejected.ts';

export interface InspectOptions extends WheelOptions {
  /** Decides where the name of a legacy sdist with several hyphens ends. */
  readonly expectedProject?: string;
  readonly limits?: ArchiveLimits;
  /** Aborting makes `inspectArchive` throw the reason of the signal. */
  readonly signal?: AbortSignal;
}

export interface InspectedArchive {
  readonly kind: ArchiveKind;
  /** Normalized (PEP 503). */
  readonly project: string;
  /** As the metadata spells it, else as the file name does. */
  readonly version: string;
  /** Wheels and sdists, except for tar.bz2, which Node cannot inflate. */
  readonly metadata?: CoreMetadata;
  /** Wheels only: METADATA byte for byte, for the simple API (PEP 658). */
  readonly metadataBytes?: Uint8Array;
  /** What a person should know about the archive; none of it is a reason to refuse it. */
  readonly findings: readonly string[];
}

/**
 * Reads an archive from the first byte to the last and says what it is, or throws `ArchiveRejected`. The file
 * is hostile input: time and memory are bounded by the limits, and the event loop is never held for long. Kinds other
 * than wheels and sdists get only a look at their first bytes.
 */
export async function inspectArchive(
  file: ArchiveReader,
  filename: string,
  options: InspectOptions = {},
): Promise<InspectedArchive> {
  const parsed = parseFilename(filename, options.expectedProject);
  demand(parsed !== undefined, 'archive.filename', () => `${quoted(filename)} is not a valid archive name`);
  options.signal?.throwIfAborted();
  await checkMagic(file, parsed);
  return await inspectKind(file, parsed, options);
}

async function inspectKind(
  file: ArchiveReader,
  parsed: ParsedFilename,
  options: InspectOptions,
): Promise<InspectedArchive> {
  const { kind, project, version, extension } = parsed;
  const { limits = DEFAULT_LIMITS, signal } = options;
  const reading = { limits, ...(signal && { signal }) };
  if (kind === 'wheel') {
    const wheel = await inspectWheel(await openZip(file, reading), parsed, options);
    return { kind, project, version: wheel.metadata.version, ...wheel };
  }
  if (kind === 'sdist' && extension !== 'tar.bz2' && extension !== 'bz2') {
    const sdist = await inspectSdist(file, parsed, reading);
    return { kind, project, version: sdist.metadata.version, ...sdist };
  }
  return {
    kind,
    project,
    version,
    findings: kind === 'sdist' ? ['the content of bz2 archives is not checked'] : [],
  };
}
