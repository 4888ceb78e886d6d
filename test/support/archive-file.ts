import type { ArchiveReader } from '#python/archives/archive-reader.ts';
import { inspectArchive, type InspectedArchive, type InspectOptions } from '#python/archives/inspect.ts';
import { ArchiveRejected } from '#python/archive-rejected.ts';
import { openZip, type Zip, type ZipOptions } from '#python/archives/zip/zip.ts';

/** Inspects bytes as if they had arrived under that file name. */
export async function inspectBytes(
  filename: string,
  bytes: Uint8Array,
  options?: InspectOptions,
): Promise<InspectedArchive> {
  return await inspectArchive(readerOf(bytes), filename, options);
}

/** The rule that the bytes break, or undefined when they are accepted; other errors are thrown. */
export async function brokenRule(
  filename: string,
  bytes: Uint8Array,
  options?: InspectOptions,
): Promise<string | undefined> {
  return ruleOf(inspectBytes(filename, bytes, options));
}

/** The rule of the `ArchiveRejected` that the work ends with, or undefined when it ends well. */
export async function ruleOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof ArchiveRejected) return error.rule;
    throw error;
  }
}

/** Opens bytes as a zip archive for the time of `use`. */
export async function withZip<T>(
  bytes: Uint8Array,
  use: (zip: Zip) => Promise<T>,
  options?: ZipOptions,
): Promise<T> {
  return await use(await openZip(readerOf(bytes), options));
}

export function readerOf(bytes: Uint8Array): ArchiveReader {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    size: all.byteLength,
    read: async (into, position) => all.copy(into, 0, position, position + into.byteLength),
  };
}
