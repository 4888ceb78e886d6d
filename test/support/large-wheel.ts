import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { wheelFilename, wheelFiles, zip, type ZipMember } from './archives.ts';
import { seededRandom } from './random.ts';

/** A valid wheel that is too large to be held in memory. */
export interface LargeWheel {
  readonly filename: string;
  readonly name: string;
  readonly version: string;
  readonly size: number;
  readonly sha256: string;
  /** The bytes, anew at each call. */
  chunks(): Iterable<Buffer>;
}

const BLOCK = 1024 ** 2;
const DATA = 'large/data.bin';

/** Makes a wheel with one stored member of so many MiB. */
export function largeWheel(mebibytes: number): LargeWheel {
  const options = { name: 'large', version: '1.0' };
  const random = seededRandom(mebibytes);
  const block = Buffer.from(Array.from({ length: BLOCK }, () => Math.floor(random() * 256)));
  function* data(): Iterable<Buffer> {
    for (let number = 0; number < mebibytes; number++) {
      // Blocks that differ: equal ones would hide one that arrives twice or not at all.
      block.writeUInt32LE(number, 0);
      yield Buffer.from(block);
    }
  }

  const { crc, hash } = digest(data());
  const length = mebibytes * BLOCK;
  const record = 'large-1.0.dist-info/RECORD';
  const { [record]: own = '', ...small } = wheelFiles(options);
  const line = `${DATA},sha256=${hash.digest('base64url')},${length}\n`;
  const files = { ...small, [record]: `${line}${own}` };
  const { head, tail } = layOut(files, { crc, length });

  function* chunks(): Iterable<Buffer> {
    yield head;
    yield* data();
    yield tail;
  }
  const whole = createHash('sha256');
  for (const chunk of chunks()) whole.update(chunk);
  return {
    ...options,
    filename: wheelFilename(options),
    size: head.length + length + tail.length,
    sha256: whole.digest('hex'),
    chunks,
  };
}

function digest(chunks: Iterable<Buffer>) {
  const hash = createHash('sha256');
  let crc = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    crc = crc32(chunk, crc);
  }
  return { crc, hash };
}

/** The bytes before and after the data of the first member, with every offset as if the data lay between them. */
function layOut(
  files: Readonly<Record<string, string | Buffer>>,
  data: { readonly crc: number; readonly length: number },
): { readonly head: Buffer; readonly tail: Buffer } {
  const fields = { crc: data.crc, compressedBytes: data.length, bytes: data.length };
  const members: ZipMember[] = [{ name: DATA, method: 'stored', rawData: Buffer.alloc(0), both: fields }];
  const headBytes = 30 + DATA.length;
  let offset = headBytes + data.length;
  for (const [name, text] of Object.entries(files)) {
    members.push({ name, data: text, method: 'stored', central: { offset } });
    offset += 30 + name.length + Buffer.byteLength(text);
  }
  const bytes = zip(members, { directoryOffset: offset });
  return { head: bytes.subarray(0, headBytes), tail: bytes.subarray(headBytes) };
}
