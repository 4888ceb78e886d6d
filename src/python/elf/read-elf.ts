/** What a shared library or program says of what it needs. */
export interface Elf {
  /** Of elf.h: 62 is x86_64, 183 aarch64. */
  readonly machine: number;
  readonly bits: 32 | 64;
  /** The libraries that the loader brings with it, by their names. */
  readonly needed: readonly string[];
  /** Its own name, for others that need it. */
  readonly name: string | undefined;
  /** The newest glibc whose symbols it uses: [2, 34]. */
  readonly glibc: readonly [number, number] | undefined;
}

const MAGIC = '\u007fELF';
const LOAD = 1;
const DYNAMIC = 2;
const MAX_HEADERS = 1024;
const MAX_ENTRIES = 100_000;
const MAX_NAME = 4096;
// Tags of the dynamic section.
const NEEDED = 1;
const STRING_TABLE = 5;
const NAME = 14;
const VERSIONS_NEEDED = 0x6ffffffe;

interface Reader {
  readonly bits: 32 | 64;
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  /** An address or offset. */
  readonly word: (at: number) => number;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

/**
 * Reads the dynamic section of an ELF file (the System V ABI, chapters 4 and 5), by nothing but its bytes; undefined for what is no ELF file or is
 * damaged. A file without a dynamic section needs nothing.
 */
export function readElf(bytes: Buffer): Elf | undefined {
  if (bytes.toString('latin1', 0, 4) !== MAGIC) return undefined;
  try {
    return read(bytes);
  } catch (error) {
    // It says that something stands behind its end.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function read(bytes: Buffer): Elf {
  const reader = readerOf(bytes);
  const segments = readSegments(reader);
  const fileOffset = (address: number) => {
    const segment = segments.find(
      (each) => each.type === LOAD && address >= each.address && address < each.address + each.bytes,
    );
    if (segment === undefined) throw new RangeError(`no segment holds ${address}`);
    return address - segment.address + segment.offset;
  };
  const tags = readDynamic(
    reader,
    segments.find(({ type }) => type === DYNAMIC),
  );
  const valueOf = (tag: number) => tags.find((each) => each.tag === tag)?.value;
  const about = { machine: reader.u16(18), bits: reader.bits };
  const table = valueOf(STRING_TABLE);
  if (table === undefined) return { ...about, needed: [], name: undefined, glibc: undefined };
  const strings = fileOffset(table);
  const text = (at: number) => textAt(bytes, strings + at);
  const name = valueOf(NAME);
  const versions = valueOf(VERSIONS_NEEDED);
  return {
    ...about,
    needed: tags.filter(({ tag }) => tag === NEEDED).map(({ value }) => text(value)),
    name: name === undefined ? undefined : text(name),
    glibc: versions === undefined ? undefined : newestGlibc(reader, fileOffset(versions), text),
  };
}

function readerOf(bytes: Buffer): Reader {
  const bits = bytes.readUInt8(4) === 2 ? 64 : 32;
  const isLittle = bytes.readUInt8(5) === 1;
  const u32 = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const u64 = (at: number) => Number(isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  return {
    bits,
    u16: (at) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
    u32,
    word: bits === 64 ? u64 : u32,
  };
}

function readSegments({ bits, u16, u32, word }: Reader): Segment[] {
  const [start, size, count] = bits === 64 ? [word(32), u16(54), u16(56)] : [word(28), u16(42), u16(44)];
  return Array.from({ length: Math.min(count, MAX_HEADERS) }, (_, index) => {
    const at = start + index * size;
    return bits === 64
      ? { type: u32(at), offset: word(at + 8), address: word(at + 16), bytes: word(at + 32) }
      : { type: u32(at), offset: word(at + 4), address: word(at + 8), bytes: word(at + 16) };
  });
}

function readDynamic({ bits, word }: Reader, segment: Segment | undefined): { tag: number; value: number }[] {
  const tags: { tag: number; value: number }[] = [];
  if (segment === undefined) return tags;
  const width = bits / 8;
  const count = Math.min(segment.bytes / (2 * width), MAX_ENTRIES);
  for (let index = 0; index < count; index += 1) {
    const at = segment.offset + index * 2 * width;
    const tag = word(at);
    if (tag === 0) break;
    tags.push({ tag, value: word(at + width) });
  }
  return tags;
}

/** Versions of symbols by the library that they come from, as two linked lists (the LSB, 10.7). */
function newestGlibc(
  { u16, u32 }: Reader,
  start: number,
  text: (at: number) => string,
): readonly [number, number] | undefined {
  const versions: [number, number][] = [];
  let left = MAX_ENTRIES;
  for (let library = start; ;) {
    let symbol = library + u32(library + 8);
    for (let symbols = u16(library + 2); symbols > 0; symbols -= 1) {
      // A damaged list may go round for ever.
      if ((left -= 1) < 0) throw new RangeError('too many versions');
      const [, major, minor] = /^GLIBC_(\d+)\.(\d+)/.exec(text(u32(symbol + 8))) ?? [];
      if (major !== undefined) versions.push([Number(major), Number(minor)]);
      symbol += u32(symbol + 12);
    }
    const next = u32(library + 12);
    if (next === 0 || (left -= 1) < 0) break;
    library += next;
  }
  return versions.toSorted(([a, b], [c, d]) => a - c || b - d).at(-1);
}

function textAt(bytes: Buffer, at: number): string {
  const name = bytes.subarray(at, at + MAX_NAME);
  const end = name.indexOf(0);
  if (end < 0) throw new RangeError('a name does not end');
  return name.toString('latin1', 0, end);
}
