import type { FileWindow } from '../file-window.ts';
import { demand, quoted } from '../../archive-rejected.ts';
import type { Directory, DirectoryEntry } from './zip-directory.ts';
import { parseExtraFields, readZip64 } from './zip-extra.ts';

/** An entry whose local header agrees with the directory. */
export interface ZipEntry extends DirectoryEntry {
  readonly dataOffset: number;
}

const HEADER_BYTES = 30;
const HEADER_SIGNATURE = 0x04034b50;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const FLAG_DESCRIPTOR = 0x08;
const PLACEHOLDER = 0xffffffff;
// The level of deflate (bits 1 and 2) is a remark of the writer; every other flag changes how an entry is read.
const COMPARED_FLAGS = 0xffff & ~0x06;

/**
 * Checks that the entries fill the file from its first byte to the directory, each exactly once and without a gap, and
 * that each local header and data descriptor says what the directory says. A reader that walks the file from the front
 * (as streaming unpackers do) then sees the same archive as one that starts from the directory.
 */
export async function checkLayout(window: FileWindow, directory: Directory): Promise<readonly ZipEntry[]> {
  const inOrder = [...directory.entries].sort((left, right) => left.headerOffset - right.headerOffset);
  const entries: ZipEntry[] = [];
  let expected = 0;
  for (const [index, entry] of inOrder.entries()) {
    demand(
      entry.headerOffset === expected,
      entry.headerOffset > expected ? 'zip.gap' : 'zip.overlap',
      () => `${quoted(entry.name)} does not start where the data before it ends`,
    );
    const end = inOrder[index + 1]?.headerOffset ?? directory.start;
    const dataOffset = await checkLocalHeader(window, entry);
    const dataEnd = dataOffset + entry.compressedBytes;
    demand(dataEnd <= end, 'zip.overlap', () => `${quoted(entry.name)} runs into what follows it`);
    await checkDescriptor(window, entry, dataEnd, end);
    entries.push({ ...entry, dataOffset });
    expected = end;
  }
  demand(
    expected === directory.start,
    'zip.gap',
    () => 'there is data before the zip directory that belongs to no entry',
  );
  return entries;
}

async function checkLocalHeader(window: FileWindow, entry: DirectoryEntry): Promise<number> {
  const { name, rawName } = entry;
  const fixed = await window.read(entry.headerOffset, HEADER_BYTES);
  demand(
    fixed.readUInt32LE(0) === HEADER_SIGNATURE,
    'zip.local-header',
    () => `${quoted(name)} has no local header`,
  );
  const nameBytes = fixed.readUInt16LE(26);
  const extraBytes = fixed.readUInt16LE(28);
  const variable = await window.read(entry.headerOffset + HEADER_BYTES, nameBytes + extraBytes);
  const flags = fixed.readUInt16LE(6);
  const extra = parseExtraFields(variable.subarray(nameBytes), name, rawName);
  const sizes = readZip64(extra, name, {
    bytes: fixed.readUInt32LE(22),
    compressedBytes: fixed.readUInt32LE(18),
    headerOffset: 0,
  });
  const mismatch = firstMismatch({
    name: variable.subarray(0, nameBytes).equals(rawName),
    flags: (flags & COMPARED_FLAGS) === (entry.flags & COMPARED_FLAGS),
    method: fixed.readUInt16LE(8) === (entry.method === 'stored' ? 0 : 8),
    checksum: matches(fixed.readUInt32LE(14), entry.crc32, flags),
    size: matches(sizes.bytes, entry.bytes, flags),
    'compressed size': matches(sizes.compressedBytes, entry.compressedBytes, flags),
  });
  demand(
    mismatch === undefined,
    'zip.local-header-mismatch',
    () => `local header and directory disagree about the ${mismatch} of ${quoted(name)}`,
  );
  return entry.headerOffset + HEADER_BYTES + nameBytes + extraBytes;
}

// With a data descriptor the writer did not know the values yet: zero, or already right.
function matches(local: number, central: number, flags: number): boolean {
  return local === central || ((flags & FLAG_DESCRIPTOR) !== 0 && local === 0);
}

function firstMismatch(checks: Readonly<Record<string, boolean>>): string | undefined {
  return Object.entries(checks).find(([, agrees]) => !agrees)?.[0];
}

// Four forms are in use: with and without a signature, sizes of 4 or 8 bytes.
async function checkDescriptor(
  window: FileWindow,
  entry: DirectoryEntry,
  start: number,
  end: number,
): Promise<void> {
  const length = end - start;
  if ((entry.flags & FLAG_DESCRIPTOR) === 0) {
    demand(
      length === 0,
      'zip.gap',
      () => `there is data after ${quoted(entry.name)} that belongs to no entry`,
    );
    return;
  }
  const hasSignature = length === 16 || length === 24;
  const isLarge = length === 20 || length === 24;
  demand(
    hasSignature || isLarge || length === 12,
    'zip.data-descriptor',
    () => `${quoted(entry.name)} has no data descriptor`,
  );
  const bytes = await window.read(start, length);
  const values = hasSignature ? bytes.subarray(4) : bytes;
  const [compressedBytes, plainBytes] = isLarge
    ? [Number(values.readBigUInt64LE(4)), Number(values.readBigUInt64LE(12))]
    : [values.readUInt32LE(4), values.readUInt32LE(8)];
  demand(
    (!hasSignature || bytes.readUInt32LE(0) === DESCRIPTOR_SIGNATURE) &&
      values.readUInt32LE(0) === entry.crc32 &&
      compressedBytes === entry.compressedBytes &&
      plainBytes === entry.bytes &&
      (isLarge || plainBytes < PLACEHOLDER),
    'zip.data-descriptor',
    () => `data descriptor and directory disagree about ${quoted(entry.name)}`,
  );
}
