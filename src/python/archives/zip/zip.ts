import { createHash } from 'node:crypto';
import type { ArchiveReader } from '../archive-reader.ts';
import { crc32 } from 'node:zlib';
import { FileWindow } from '../file-window.ts';
import { inflateEntry } from '../inflate.ts';
import { DEFAULT_LIMITS, demandSizeWithin, type ArchiveLimits } from '../limits.ts';
import {
  demand,
  demandOrReport,
  quoted,
  type ArchiveRejected,
  type ReportRejection,
} from '../../archive-rejected.ts';
import { readDirectory, type DirectoryEntry } from './zip-directory.ts';
import { checkLayout, type ZipEntry } from './zip-layout.ts';

export type { ZipEntry } from './zip-layout.ts';

export type HashAlgorithm = 'sha256' | 'sha384' | 'sha512';

export interface ZipOptions {
  readonly limits?: ArchiveLimits;
  readonly signal?: AbortSignal;
  /** Is told every problem of names and members instead of the first being thrown; then the entries are not to be used. */
  readonly report?: ReportRejection;
}

export interface Zip {
  /** In the order of the file, which is the cheapest order to read them in. */
  readonly entries: readonly ZipEntry[];
  /** The whole data of an entry, which must not be larger than the limit; size and CRC are verified. */
  readonly readEntry: (entry: ZipEntry, limitBytes: number) => Promise<Buffer>;
  /** The hash of an entry's data, without ever holding it; size and CRC are verified. */
  readonly hashEntry: (entry: ZipEntry, algorithm?: HashAlgorithm) => Promise<Buffer>;
  /** Reads an entry's data to its end, for size and CRC alone. */
  readonly verifyEntry: (entry: ZipEntry) => Promise<void>;
}

/**
 * Opens a zip archive that every reader understands in the same way: nothing but entries, directory and end record, no
 * two sources that disagree, no unsafe names, links, encryption or doubles. Anything else throws `ArchiveRejected`.
 */
export async function openZip(
  file: ArchiveReader,
  { limits = DEFAULT_LIMITS, signal, report }: ZipOptions = {},
): Promise<Zip> {
  const window = new FileWindow(file, signal);
  let isSound = true;
  const reported = report && ((problem: ArchiveRejected) => ((isSound = false), report(problem)));
  const directory = await readDirectory(window, limits, reported);
  await checkNames(window, directory.entries, reported);
  const total = directory.entries.reduce((sum, entry) => sum + entry.bytes, 0);
  demandSizeWithin(limits, total, file.size);
  const entries = isSound ? await checkLayout(window, directory) : [];
  return {
    entries,
    readEntry: (entry, limitBytes) => readEntry(window, entry, limitBytes),
    hashEntry: async (entry, algorithm = 'sha256') => {
      const hash = createHash(algorithm);
      await streamEntry(window, entry, (piece) => hash.update(piece));
      return hash.digest();
    },
    verifyEntry: (entry) => streamEntry(window, entry, () => undefined),
  };
}

/** Two members that overwrite each other on some file systems. */
export interface Collision {
  readonly names: readonly [string, string];
  /** `case` overwrites on Windows and macOS; `unicode`, two spellings of one text, on macOS. */
  readonly differsIn: 'case' | 'unicode';
}

/** Members whose names differ only in case, or only in how Unicode composes a character (NFC, NFD). */
export function findCollisions(names: Iterable<string>): readonly Collision[] {
  const seen = new Map<string, string>();
  const collisions: Collision[] = [];
  for (const name of names) {
    const composed = name.normalize('NFC');
    const folded = composed.toLowerCase();
    const other = seen.get(folded);
    if (other === undefined) seen.set(folded, name);
    else {
      const differsIn = other.normalize('NFC') === composed ? 'unicode' : 'case';
      collisions.push({ names: [other, name], differsIn });
    }
  }
  return collisions;
}

/** The sentence about a collision, for people. */
export function describeCollision({ names: [first, second], differsIn }: Collision): string {
  const difference = differsIn === 'case' ? 'case' : 'how Unicode composes a character';
  return `${quoted(first)} and ${quoted(second)} differ only in ${difference}`;
}

// Doubles, and files that are also directories of others: which of the two wins depends on the reader.
async function checkNames(
  window: FileWindow,
  entries: readonly DirectoryEntry[],
  report?: ReportRejection,
): Promise<void> {
  const files = new Set<string>();
  const paths = new Set<string>();
  for (const { name, isDirectory } of entries) {
    await window.pause();
    const path = isDirectory ? name.slice(0, -1) : name;
    demandOrReport(
      report,
      !paths.has(path),
      'zip.duplicate',
      () => `${quoted(name)} is in the archive twice`,
    );
    paths.add(path);
    if (!isDirectory) files.add(path);
  }
  for (const path of paths) {
    await window.pause();
    for (let at = path.lastIndexOf('/'); at >= 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at);
      demandOrReport(
        report,
        !files.has(parent),
        'zip.file-as-directory',
        () => `${quoted(parent)} is both a file and a directory`,
      );
    }
  }
}

async function readEntry(window: FileWindow, entry: ZipEntry, limitBytes: number): Promise<Buffer> {
  demand(
    entry.bytes <= limitBytes,
    'archive.member-too-large',
    () => `${quoted(entry.name)} is larger than ${limitBytes} bytes`,
  );
  const pieces: Buffer[] = [];
  await streamEntry(window, entry, (piece) => pieces.push(piece));
  return Buffer.concat(pieces);
}

async function streamEntry(
  window: FileWindow,
  entry: ZipEntry,
  onPiece: (piece: Buffer) => void,
): Promise<void> {
  let bytes = 0;
  let checksum = 0;
  const check = (piece: Buffer): void => {
    bytes += piece.length;
    demand(
      bytes <= entry.bytes,
      'archive.size-mismatch',
      () => `the data of ${quoted(entry.name)} is larger than declared`,
    );
    checksum = crc32(piece, checksum);
    onPiece(piece);
  };
  const source = window.stream(entry.dataOffset, entry.compressedBytes);
  if (entry.method === 'deflate') {
    await inflateEntry(entry, source, check);
  } else {
    for await (const piece of source) check(piece);
  }
  demand(
    bytes === entry.bytes,
    'archive.size-mismatch',
    () => `the data of ${quoted(entry.name)} is smaller than declared`,
  );
  demand(checksum === entry.crc32, 'zip.checksum', () => `the checksum of ${quoted(entry.name)} is wrong`);
}
