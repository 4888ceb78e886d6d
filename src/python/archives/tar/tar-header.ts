import { demand, quoted } from '../../archive-rejected.ts';

/** One 512-byte header block, as written; long names and extended headers are not applied yet. */
export interface TarHeader {
  readonly name: Buffer;
  readonly linkName: Buffer;
  readonly size: number;
  /** Whether its owner may run it. */
  readonly isExecutable: boolean;
  /** The type as a character: `0` file, `5` directory, `x` extended header, ... */
  readonly type: string;
}

/** What an extended header (POSIX pax) changes in the member after it. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

const MODE_AT = 100;
const PREFIX_AT = 345;
const UNUSED_NUMBERS = [
  [100, 8],
  [108, 8],
  [116, 8],
  [136, 12],
  [329, 8],
  [337, 8],
] as const;

/** Whether the block is all zeros, which is how a tar archive ends. */
export function isZeroBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** Decodes a header block of any of the forms in use: V7, ustar, GNU. */
export function parseTarHeader(block: Buffer): TarHeader {
  demand(checksum(block) === octal(block, 148, 8), 'tar.checksum', () => 'a tar header has a wrong checksum');
  checkUnusedNumbers(block);
  const magic = block.toString('latin1', 257, 263);
  const prefix = text(block, PREFIX_AT, 155);
  // GNU tar keeps times where ustar keeps the front of the name, and Python reads a name in both.
  demand(
    magic === 'ustar\0' || prefix.length === 0,
    'tar.ambiguous-name',
    () => 'a tar header has a name prefix but is not ustar',
  );
  const name = text(block, 0, 100);
  const code = block[156] ?? 0;
  return {
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    linkName: text(block, 157, 100),
    size: octal(block, 124, 12),
    isExecutable: ((block[MODE_AT] ?? 0) & 0x80) === 0 && (octal(block, MODE_AT, 8) & 0o100) !== 0,
    type: code === 0 ? '0' : String.fromCharCode(code),
  };
}

/** Decodes the data of an extended header: records of `length key=value\n`. A key that comes twice is rejected. */
export function parsePaxRecords(data: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(0x20, at);
    const digits = data.toString('latin1', at, Math.min(space, at + 10));
    const end = at + (/^[0-9]+$/.test(digits) ? Number(digits) : 0);
    const equals = data.indexOf(0x3d, space);
    demand(
      space > at && equals > space + 1 && equals < end - 1 && end <= data.length && data[end - 1] === 0x0a,
      'tar.pax',
      () => 'a tar extended header is malformed',
    );
    const key = data.toString('utf8', space + 1, equals);
    demand(!records.has(key), 'tar.pax', () => `a tar extended header has ${quoted(key)} twice`);
    demand(!key.startsWith('GNU.sparse.'), 'tar.sparse', () => 'the archive has a sparse member');
    records.set(key, Buffer.from(data.subarray(equals + 1, end - 1)));
    at = end;
  }
  return records;
}

function text(block: Buffer, at: number, length: number): Buffer {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

// Mode, owner, group, time, device: of no use here, but Python refuses a header in which one of them is no number.
function checkUnusedNumbers(block: Buffer): void {
  for (const [at, length] of UNUSED_NUMBERS) {
    const first = block[at] ?? 0;
    if (first !== 0x80 && first !== 0xff) octal(block, at, length);
  }
}

// Octal digits, or a big-endian number when the first bit is set (GNU, for sizes from 8 GiB on).
function octal(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const isSmall = field[0] === 0x80 && field.subarray(1, length - 6).every((byte) => byte === 0);
    demand(isSmall && length > 7, 'tar.number', () => 'a tar header has an impossible number');
    return field.readUIntBE(length - 6, 6);
  }
  const digits = (field.toString('latin1').split('\0', 1)[0] ?? '').trim();
  demand(/^[0-7]*$/.test(digits), 'tar.number', () => 'a tar header has a malformed number');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < 512; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum;
}
