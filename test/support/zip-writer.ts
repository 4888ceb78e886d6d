import { crc32, deflateRawSync } from 'node:zlib';

/** The fields of a local or central header that a test may falsify. */
export interface ZipFields {
  readonly name?: string | Buffer;
  readonly flags?: number;
  readonly method?: number;
  readonly crc?: number;
  readonly compressedBytes?: number;
  readonly bytes?: number;
  readonly extra?: Buffer;
}

export interface ZipMember {
  readonly name: string | Buffer;
  readonly data?: string | Buffer;
  readonly method?: 'stored' | 'deflate';
  /** The Unix mode, type bits included. */
  readonly mode?: number;
  /** Writes zeros into the local header and the values behind the data. */
  readonly descriptor?: boolean | 'zip64' | 'unsigned';
  /** Bytes that lie before the local header and belong to nothing. */
  readonly gap?: Buffer;
  /** The data as it lies in the file, instead of the deflated or stored one. */
  readonly rawData?: Buffer;
  /** Falsified fields of both headers, of the local one, of the central one. */
  readonly both?: ZipFields;
  readonly local?: ZipFields;
  readonly central?: ZipFields & {
    readonly offset?: number;
    readonly version?: number;
    readonly comment?: string;
  };
}

export interface ZipEnd {
  readonly prefix?: Buffer;
  readonly suffix?: Buffer;
  readonly comment?: string;
  readonly count?: number;
  readonly directoryOffset?: number;
  readonly directoryBytes?: number;
  /** Writes the zip64 end record and locator too. */
  readonly zip64?: boolean;
  /** What the zip64 record says instead of the truth. */
  readonly zip64Count?: number;
}

/** Writes a zip archive: a valid one unless the members or the end are told to lie. */
export function zip(members: readonly ZipMember[], end: ZipEnd = {}): Buffer {
  const parts: Buffer[] = [end.prefix ?? Buffer.alloc(0)];
  const directory: Buffer[] = [];
  for (const member of members) {
    if (member.gap) parts.push(member.gap);
    const offset = lengthOf(parts);
    const { fields, raw } = describe(member);
    const local = {
      ...fields,
      ...(member.descriptor && { crc: 0, compressedBytes: 0, bytes: 0 }),
      ...member.both,
      ...member.local,
    };
    parts.push(localHeader(local), raw, descriptorOf(member, fields));
    directory.push(centralHeader({ ...fields, ...member.both, ...member.central }, member, offset));
  }
  const start = lengthOf(parts);
  return Buffer.concat([...parts, ...directory, endRecords(members.length, start, lengthOf(directory), end)]);
}

type AllFields = Required<ZipFields>;

function describe(member: ZipMember): { fields: AllFields; raw: Buffer } {
  const data = Buffer.from(member.data ?? '');
  const isStored = (member.method ?? (data.length > 40 ? 'deflate' : 'stored')) === 'stored';
  const raw = member.rawData ?? (isStored ? data : deflateRawSync(data));
  const isAscii = Buffer.from(member.name).every((byte) => byte < 0x80);
  const fields = {
    name: member.name,
    flags: (isAscii ? 0 : 0x800) | (member.descriptor ? 0x08 : 0),
    method: isStored ? 0 : 8,
    crc: crc32(data),
    compressedBytes: raw.length,
    bytes: data.length,
    extra: Buffer.alloc(0),
  };
  return { fields, raw };
}

function localHeader(fields: AllFields): Buffer {
  const name = Buffer.from(fields.name);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  writeShared(header, 6, fields);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(fields.extra.length, 28);
  return Buffer.concat([header, name, fields.extra]);
}

function centralHeader(
  fields: AllFields & { readonly offset?: number; readonly version?: number; readonly comment?: string },
  member: ZipMember,
  offset: number,
): Buffer {
  const name = Buffer.from(fields.name);
  const comment = Buffer.from(fields.comment ?? '');
  const isDirectory = name.at(-1) === 0x2f;
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE((3 << 8) | 20, 4);
  header.writeUInt16LE(fields.version ?? 20, 6);
  writeShared(header, 8, fields);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(fields.extra.length, 30);
  header.writeUInt16LE(comment.length, 32);
  header.writeUInt32LE(((member.mode ?? (isDirectory ? 0o040755 : 0o100644)) << 16) >>> 0, 38);
  header.writeUInt32LE(fields.offset ?? offset, 42);
  return Buffer.concat([header, name, fields.extra, comment]);
}

// Flags, method, time, checksum and sizes lie in the same order in both headers.
function writeShared(header: Buffer, at: number, fields: AllFields): void {
  header.writeUInt16LE(fields.flags, at);
  header.writeUInt16LE(fields.method, at + 2);
  header.writeUInt32LE(0x00210000, at + 4);
  header.writeUInt32LE(fields.crc, at + 8);
  header.writeUInt32LE(fields.compressedBytes, at + 12);
  header.writeUInt32LE(fields.bytes, at + 16);
}

function descriptorOf({ descriptor }: ZipMember, fields: AllFields): Buffer {
  if (!descriptor) return Buffer.alloc(0);
  const signature = Buffer.from(descriptor === 'unsigned' ? '' : 'PK\x07\x08', 'latin1');
  const wide = descriptor === 'zip64';
  const values = Buffer.alloc(wide ? 20 : 12);
  values.writeUInt32LE(fields.crc, 0);
  if (wide) {
    values.writeBigUInt64LE(BigInt(fields.compressedBytes), 4);
    values.writeBigUInt64LE(BigInt(fields.bytes), 12);
  } else {
    values.writeUInt32LE(fields.compressedBytes, 4);
    values.writeUInt32LE(fields.bytes, 8);
  }
  return Buffer.concat([signature, values]);
}

function endRecords(entries: number, start: number, bytes: number, end: ZipEnd): Buffer {
  const comment = Buffer.from(end.comment ?? '');
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(end.count ?? entries, 8);
  record.writeUInt16LE(end.count ?? entries, 10);
  record.writeUInt32LE(end.directoryBytes ?? bytes, 12);
  record.writeUInt32LE(end.directoryOffset ?? (end.zip64 ? 0xffffffff : start), 16);
  record.writeUInt16LE(comment.length, 20);
  const large = end.zip64 ? zip64Records(end.zip64Count ?? entries, start, bytes) : Buffer.alloc(0);
  return Buffer.concat([large, record, comment, end.suffix ?? Buffer.alloc(0)]);
}

function zip64Records(entries: number, start: number, bytes: number): Buffer {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(45, 12);
  record.writeUInt16LE(45, 14);
  record.writeBigUInt64LE(BigInt(entries), 24);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(bytes), 40);
  record.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(start + bytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator]);
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
