import type { FileWindow } from '../file-window.ts';
import type { ArchiveLimits } from '../limits.ts';
import { decodeMemberName } from '../member-name.ts';
import { ArchiveRejected, demand, quoted, type ReportRejection } from '../../archive-rejected.ts';
import { parseExtraFields, readZip64 } from './zip-extra.ts';

/** An entry as the central directory describes it. */
export interface DirectoryEntry {
  readonly name: string;
  readonly rawName: Buffer;
  readonly isDirectory: boolean;
  readonly flags: number;
  readonly method: 'stored' | 'deflate';
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
}

export interface Directory {
  readonly entries: readonly DirectoryEntry[];
  /** Where the directory starts, which is where the entries must end. */
  readonly start: number;
}

interface EndRecord {
  readonly count: number;
  readonly start: number;
  readonly bytes: number;
}

const MAX_DIRECTORY_BYTES = 32 * 1024 ** 2;
const END_BYTES = 22;
const END_SIGNATURE = 0x06054b50;
const LOCATOR_BYTES = 20;
const LOCATOR_SIGNATURE = 0x07064b50;
const END64_BYTES = 56;
const END64_SIGNATURE = 0x06064b50;
const HEADER_BYTES = 46;
const HEADER_SIGNATURE = 0x02014b50;
// The version of the zip format that an entry asks for; Python refuses more than 6.3.
const HIGHEST_VERSION = 63;
const FLAG_ENCRYPTED = 0x2041;
const FLAG_PATCH = 0x20;
const FLAG_UTF8 = 0x800;

/**
 * Reads the central directory. The end record must be the last bytes of the file, without a comment, and directory and
 * end records must touch: whatever way a reader looks for them, it finds these. Where somebody collects reasons, an entry
 * that has one is left out.
 */
export async function readDirectory(
  window: FileWindow,
  limits: ArchiveLimits,
  report?: ReportRejection,
): Promise<Directory> {
  const end = await readEndRecord(window);
  demand(
    end.count <= limits.maxEntries,
    'archive.too-many-entries',
    () => `the archive has ${end.count} entries`,
  );
  demand(end.bytes <= MAX_DIRECTORY_BYTES, 'zip.directory-too-large', () => 'the zip directory is too large');
  const bytes = await window.read(end.start, end.bytes);
  const entries: DirectoryEntry[] = [];
  let at = 0;
  for (let index = 0; index < end.count; index++) {
    await window.pause();
    const extent = extentOf(bytes, at);
    at = extent.next;
    try {
      entries.push(parseEntry(bytes, extent));
    } catch (error) {
      if (report === undefined || !(error instanceof ArchiveRejected)) throw error;
      report(error);
    }
  }
  demand(at === bytes.length, 'zip.directory-size', () => 'the zip directory holds more than its entries');
  return { entries, start: end.start };
}

async function readEndRecord(window: FileWindow): Promise<EndRecord> {
  demand(window.size >= END_BYTES, 'zip.no-end-record', () => 'the file is not a zip archive');
  const endAt = window.size - END_BYTES;
  const tailAt = Math.max(0, endAt - 0xffff);
  const tail = await window.read(tailAt, window.size - tailAt);
  const end = tail.subarray(tail.length - END_BYTES);
  demandOneEnd(tail);
  demand(
    end.readUInt32LE(0) === END_SIGNATURE,
    'zip.no-end-record',
    () => 'the zip end record is not at the end of the file',
  );
  demand(end.readUInt16LE(20) === 0, 'zip.comment', () => 'the zip archive has a comment');
  const plain = { count: end.readUInt16LE(10), bytes: end.readUInt32LE(12), start: end.readUInt32LE(16) };
  demand(
    end.readUInt32LE(4) === 0 && end.readUInt16LE(8) === plain.count,
    'zip.several-disks',
    () => 'the zip archive says that it spans several disks',
  );
  const large = await readZip64End(window, endAt);
  const record = large ?? plain;
  if (large) {
    demand(
      agrees(plain.count, large.count, 0xffff) &&
        agrees(plain.bytes, large.bytes, 0xffffffff) &&
        agrees(plain.start, large.start, 0xffffffff),
      'zip.zip64-mismatch',
      () => 'the two zip end records disagree',
    );
  }
  const directoryEnd = large ? endAt - LOCATOR_BYTES - END64_BYTES : endAt;
  demand(
    record.start + record.bytes === directoryEnd,
    'zip.directory-position',
    () => 'the zip directory is not where the end record says',
  );
  return record;
}

// Some readers search the end record from the front of the tail: an earlier one whose comment runs to the end of the
// file would give them another directory.
function demandOneEnd(tail: Buffer): void {
  const signature = Buffer.from('PK\x05\x06', 'latin1');
  const last = tail.length - END_BYTES;
  for (let at = tail.indexOf(signature); at >= 0 && at < last; at = tail.indexOf(signature, at + 1)) {
    const commentEnd = at + END_BYTES + tail.readUInt16LE(at + 20);
    demand(
      commentEnd !== tail.length,
      'zip.second-end-record',
      () => 'the zip archive has a comment or two end records',
    );
  }
}

async function readZip64End(window: FileWindow, endAt: number): Promise<EndRecord | undefined> {
  const locatorAt = endAt - LOCATOR_BYTES;
  if (locatorAt < END64_BYTES) return undefined;
  const locator = await window.read(locatorAt, LOCATOR_BYTES);
  if (locator.readUInt32LE(0) !== LOCATOR_SIGNATURE) return undefined;
  const recordAt = locatorAt - END64_BYTES;
  const record = await window.read(recordAt, END64_BYTES);
  demand(
    locator.readUInt32LE(4) === 0 &&
      locator.readUInt32LE(16) === 1 &&
      locator.readBigUInt64LE(8) === BigInt(recordAt) &&
      record.readUInt32LE(0) === END64_SIGNATURE &&
      record.readBigUInt64LE(4) === BigInt(END64_BYTES - 12) &&
      record.readUInt32LE(16) === 0 &&
      record.readUInt32LE(20) === 0 &&
      record.readBigUInt64LE(24) === record.readBigUInt64LE(32),
    'zip.zip64-record',
    () => 'the zip64 end record is malformed',
  );
  return {
    count: Number(record.readBigUInt64LE(32)),
    bytes: Number(record.readBigUInt64LE(40)),
    start: Number(record.readBigUInt64LE(48)),
  };
}

function agrees(plain: number, large: number, placeholder: number): boolean {
  return plain === placeholder || plain === large;
}

/** Where the parts of one header are. */
interface Extent {
  readonly at: number;
  readonly nameAt: number;
  readonly extraAt: number;
  readonly commentAt: number;
  readonly next: number;
}

function extentOf(directory: Buffer, at: number): Extent {
  demand(
    at + HEADER_BYTES <= directory.length && directory.readUInt32LE(at) === HEADER_SIGNATURE,
    'zip.directory-size',
    () => 'the zip directory has fewer entries than the end record says',
  );
  const nameAt = at + HEADER_BYTES;
  const extraAt = nameAt + directory.readUInt16LE(at + 28);
  const commentAt = extraAt + directory.readUInt16LE(at + 30);
  const next = commentAt + directory.readUInt16LE(at + 32);
  demand(next <= directory.length, 'zip.directory-size', () => 'the zip directory is cut off');
  return { at, nameAt, extraAt, commentAt, next };
}

function parseEntry(directory: Buffer, { at, nameAt, extraAt, commentAt, next }: Extent): DirectoryEntry {
  const flags = directory.readUInt16LE(at + 8);
  const rawName = directory.subarray(nameAt, extraAt);
  const name = decodeMemberName(rawName);
  const isDirectory = name.endsWith('/');
  demand(
    directory.readUInt16LE(at + 6) <= HIGHEST_VERSION,
    'zip.version',
    () => `${quoted(name)} needs an unknown version of zip`,
  );
  demandPlainEntry(name, flags, directory.readUInt32LE(at + 38), isDirectory);
  demand(
    directory.readUInt16LE(at + 34) === 0,
    'zip.several-disks',
    () => `${quoted(name)} is on another disk`,
  );
  demand(commentAt === next, 'zip.comment', () => `${quoted(name)} has a comment`);
  // Without the flag, readers take the name for code page 437 or whatever they like.
  demand(
    (flags & FLAG_UTF8) !== 0 || rawName.every((byte) => byte < 0x80),
    'member.name-encoding',
    () => `member ${quoted(name)} has a name that is not marked as UTF-8`,
  );
  const extra = parseExtraFields(directory.subarray(extraAt, commentAt), name, rawName);
  const sizes = readZip64(extra, name, {
    bytes: directory.readUInt32LE(at + 24),
    compressedBytes: directory.readUInt32LE(at + 20),
    headerOffset: directory.readUInt32LE(at + 42),
  });
  demand(
    !isDirectory || sizes.bytes === 0,
    'zip.directory-with-data',
    () => `directory ${quoted(name)} has data`,
  );
  const method = methodOf(directory.readUInt16LE(at + 10), name);
  demand(
    method === 'deflate' || sizes.bytes === sizes.compressedBytes,
    'zip.stored-size',
    () => `stored member ${quoted(name)} has two sizes`,
  );
  return { name, rawName, isDirectory, flags, method, crc32: directory.readUInt32LE(at + 16), ...sizes };
}

function methodOf(code: number, name: string): 'stored' | 'deflate' {
  demand(
    code === 0 || code === 8,
    'zip.method',
    () => `${quoted(name)} uses compression method ${code}; stored and deflate are allowed`,
  );
  return code === 0 ? 'stored' : 'deflate';
}

// The upper half of the external attributes is a Unix mode; zero there means that the writer gave none.
function demandPlainEntry(name: string, flags: number, attributes: number, isDirectory: boolean): void {
  demand((flags & FLAG_ENCRYPTED) === 0, 'zip.encrypted', () => `${quoted(name)} is encrypted`);
  demand((flags & FLAG_PATCH) === 0, 'zip.method', () => `${quoted(name)} holds patched data`);
  const type = (attributes >>> 16) & 0o170000;
  demand(type !== 0o120000, 'zip.symbolic-link', () => `${quoted(name)} is a symbolic link`);
  demand(
    type === 0 || type === (isDirectory ? 0o040000 : 0o100000),
    'zip.special-file',
    () => `${quoted(name)} is neither a file nor a directory`,
  );
}
