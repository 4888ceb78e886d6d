import { ByteQueue } from '../byte-queue.ts';
import type { ArchiveLimits } from '../limits.ts';
import { decodeMemberName } from '../member-name.ts';
import { ArchiveRejected, demand, quoted } from '../../archive-rejected.ts';
import {
  isZeroBlock,
  parsePaxRecords,
  parseTarHeader,
  type PaxRecords,
  type TarHeader,
} from './tar-header.ts';

export interface TarMember {
  /** Without a leading `./` or a trailing slash. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'hard-link' | 'symbolic-link';
  readonly bytes: number;
  /** Files only. */
  readonly isExecutable?: true;
  /** As written, links only. */
  readonly target?: string;
}

export interface TarReading {
  readonly limits: ArchiveLimits;
  /** Of which members `onMember` gets the data: the limit in bytes, or undefined for none. */
  readonly wanted: (member: TarMember) => number | undefined;
  readonly onMember: (member: TarMember, data: Buffer | undefined) => void;
}

// Headers that describe the member after them.
interface Pending {
  readonly pax?: PaxRecords;
  readonly longName?: Buffer;
  readonly longTarget?: Buffer;
}

const BLOCK = 512;
const MAX_EXTENDED_BYTES = 1024 ** 2;
const KINDS: Readonly<Record<string, TarMember['kind']>> = {
  '0': 'file',
  '7': 'file',
  '5': 'directory',
  '1': 'hard-link',
  '2': 'symbolic-link',
};

/**
 * Walks through a tar archive, strictly: what tar readers are known to read in different ways (several sources of a name
 * or size, data behind the end mark, links with data, sparse members) is rejected, as are devices and unsafe names.
 * Where links lead is for the caller to check.
 */
export async function readTar(pieces: AsyncIterable<Buffer>, reading: TarReading): Promise<void> {
  const queue = new ByteQueue(pieces);
  let pending: Pending = {};
  let count = 0;
  let nameBytes = 0;
  for (;;) {
    const block = await queue.exactly(BLOCK);
    if (isZeroBlock(block)) break;
    const header = parseTarHeader(block);
    const added = await readPending(queue, header, pending);
    count++;
    demand(
      count <= reading.limits.maxEntries,
      'archive.too-many-entries',
      () => `the archive has more than ${reading.limits.maxEntries} members`,
    );
    if (added) {
      pending = added;
      continue;
    }
    const member = toMember(header, pending);
    nameBytes += 2 * (member.name.length + (member.target?.length ?? 0));
    demand(
      nameBytes <= reading.limits.maxNameBytes,
      'archive.too-many-entries',
      () => 'the names of the members are too long together',
    );
    await readMember(queue, member, reading);
    pending = {};
  }
  demand(
    Object.keys(pending).length === 0,
    'tar.extended-header',
    () => 'the archive ends with an extended header',
  );
  await demandOnlyZeros(queue);
}

// Reads the header as one that describes the next member, and returns what is now known of that; undefined when it is
// a member itself.
async function readPending(
  queue: ByteQueue,
  header: TarHeader,
  pending: Pending,
): Promise<Pending | undefined> {
  if (!'xgLK'.includes(header.type)) return undefined;
  demand(
    header.size <= MAX_EXTENDED_BYTES,
    'tar.extended-header',
    () => 'a tar extended header is too large',
  );
  const data = await queue.exactly(header.size);
  await queue.skip(padding(header.size));
  const once = (isNew: boolean): void =>
    demand(isNew, 'tar.ambiguous-name', () => 'a member has several extended headers of one kind');
  if (header.type === 'x') {
    once(pending.pax === undefined);
    return { ...pending, pax: parsePaxRecords(data) };
  }
  if (header.type === 'L') {
    once(pending.longName === undefined);
    return { ...pending, longName: untilZero(data) };
  }
  if (header.type === 'K') {
    once(pending.longTarget === undefined);
    return { ...pending, longTarget: untilZero(data) };
  }
  // A comment of git for the whole archive is harmless; a name or size for all members is not.
  const shared = parsePaxRecords(data);
  demand(
    !['path', 'linkpath', 'size', 'hdrcharset'].some((key) => shared.has(key)),
    'tar.global-header',
    () => 'a tar global header sets names or sizes',
  );
  return pending;
}

function toMember(header: TarHeader, { pax, longName, longTarget }: Pending): TarMember {
  demand(
    !(pax?.has('path') && longName) && !(pax?.has('linkpath') && longTarget),
    'tar.ambiguous-name',
    () => 'a member has a GNU and a pax name',
  );
  const { name, isDirectory } = tidyName(pax?.get('path') ?? longName ?? header.name);
  const kind = KINDS[header.type];
  if (header.type === 'S') throw new ArchiveRejected('tar.sparse', `${quoted(name)} is a sparse member`);
  if (kind === undefined)
    throw new ArchiveRejected(
      'tar.special-file',
      `${quoted(name)} is neither a file, a directory nor a link`,
    );
  const bytes = sizeOf(header, pax, name);
  const actual = kind === 'file' && isDirectory ? 'directory' : kind;
  demand(actual === 'file' || bytes === 0, 'tar.size', () => `${quoted(name)} is no file, but has data`);
  if (actual === 'file' && header.isExecutable) return { name, kind: actual, bytes, isExecutable: true };
  if (actual === 'file' || actual === 'directory') return { name, kind: actual, bytes };
  const target = (pax?.get('linkpath') ?? longTarget ?? header.linkName).toString('utf8');
  return { name, kind: actual, bytes, target };
}

function tidyName(raw: Buffer): { name: string; isDirectory: boolean } {
  const withoutDot = raw.length > 2 && raw[0] === 0x2e && raw[1] === 0x2f ? raw.subarray(2) : raw;
  const isRoot = withoutDot.equals(Buffer.from('./')) || withoutDot.equals(Buffer.from('.'));
  if (isRoot) return { name: '.', isDirectory: true };
  const name = decodeMemberName(withoutDot);
  return name.endsWith('/') ? { name: name.slice(0, -1), isDirectory: true } : { name, isDirectory: false };
}

function sizeOf(header: TarHeader, pax: PaxRecords | undefined, name: string): number {
  const text = pax?.get('size')?.toString('latin1');
  if (text === undefined) return header.size;
  const size = /^[0-9]{1,15}$/.test(text) ? Number(text) : -1;
  demand(
    size >= 0 && (header.size === 0 || header.size === size),
    'tar.size',
    () => `${quoted(name)} has two sizes`,
  );
  return size;
}

async function readMember(queue: ByteQueue, member: TarMember, reading: TarReading): Promise<void> {
  const limit = reading.wanted(member);
  if (limit === undefined) {
    reading.onMember(member, undefined);
    await queue.skip(member.bytes + padding(member.bytes));
    return;
  }
  demand(
    member.bytes <= limit,
    'archive.member-too-large',
    () => `${quoted(member.name)} is larger than ${limit} bytes`,
  );
  const data = await queue.exactly(member.bytes);
  await queue.skip(padding(member.bytes));
  reading.onMember(member, data);
}

// Readers stop at the first zero block or at the second, or read on when asked to: behind it there may only be zeros.
async function demandOnlyZeros(queue: ByteQueue): Promise<void> {
  for (
    let piece = await queue.upTo(BLOCK * 128);
    piece !== undefined;
    piece = await queue.upTo(BLOCK * 128)
  ) {
    demand(isZeroBlock(piece), 'tar.data-after-end', () => 'there is data behind the end of the tar archive');
  }
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function untilZero(data: Buffer): Buffer {
  const end = data.indexOf(0);
  return end < 0 ? data : data.subarray(0, end);
}
