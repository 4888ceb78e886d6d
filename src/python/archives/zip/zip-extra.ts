import { demand, quoted } from '../../archive-rejected.ts';

/** Extra field id -> data. */
export type ExtraFields = ReadonlyMap<number, Buffer>;

export interface ZipSizes {
  readonly bytes: number;
  readonly compressedBytes: number;
  readonly headerOffset: number;
}

const ZIP64 = 0x0001;
const UNICODE_PATH = 0x7075;
const AES = 0x9901;
const PLACEHOLDER = 0xffffffff;

/**
 * The extra fields of one header. A second zip64 or Unicode path field is rejected, since readers differ in which of
 * the two they follow; so is a Unicode path that gives the member another name.
 */
export function parseExtraFields(bytes: Buffer, name: string, rawName: Buffer): ExtraFields {
  const fields = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length;) {
    demand(at + 4 <= bytes.length, 'zip.extra-field', () => `${quoted(name)} has a malformed extra field`);
    const id = bytes.readUInt16LE(at);
    const end = at + 4 + bytes.readUInt16LE(at + 2);
    demand(end <= bytes.length, 'zip.extra-field', () => `${quoted(name)} has a malformed extra field`);
    demand(
      !fields.has(id) || (id !== ZIP64 && id !== UNICODE_PATH),
      'zip.duplicate-extra-field',
      () => `${quoted(name)} has two extra fields of one kind`,
    );
    fields.set(id, bytes.subarray(at + 4, end));
    at = end;
  }
  demand(!fields.has(AES), 'zip.encrypted', () => `${quoted(name)} is encrypted`);
  const path = fields.get(UNICODE_PATH);
  demand(
    path === undefined || path.subarray(5).equals(rawName),
    'zip.unicode-path',
    () => `${quoted(name)} has another name in an extra field`,
  );
  return fields;
}

/**
 * The sizes of a header, taken from its zip64 field where the 32-bit ones hold the placeholder. `headerOffset` is only
 * in central headers; give 0 for local ones, which keep both sizes in the field even when only one needs it.
 */
export function readZip64(fields: ExtraFields, name: string, sizes: ZipSizes): ZipSizes {
  const field = fields.get(ZIP64);
  if (field === undefined) return sizes;
  let at = 0;
  const large = (value: number): number => {
    if (value !== PLACEHOLDER) return value;
    demand(
      at + 8 <= field.length,
      'zip.zip64-field',
      () => `${quoted(name)} has a zip64 field that is too short`,
    );
    const number = Number(field.readBigUInt64LE(at));
    demand(Number.isSafeInteger(number), 'zip.zip64-field', () => `${quoted(name)} has an impossible size`);
    at += 8;
    return number;
  };
  return {
    bytes: large(sizes.bytes),
    compressedBytes: large(sizes.compressedBytes),
    headerOffset: large(sizes.headerOffset),
  };
}
