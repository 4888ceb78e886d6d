import { closeSync, openSync, writeSync } from 'node:fs';
import { crc32, deflateRawSync } from 'node:zlib';

/** A file of a zip archive. */
export interface ZipFile {
  readonly name: string;
  readonly data: Buffer;
  readonly isExecutable?: boolean;
}

const VERSION = 20;
/** Made by Unix: modes are read. */
const MADE_BY = (3 << 8) | VERSION;
const UTF8 = 1 << 11;
const DEFLATED = 8;
/** The first day that the format knows, so that the same files give the same archive. */
const DATE = (1 << 5) | 1;
const REGULAR = 0o100000;

/** Writes an archive of less than 4 GiB, with the modes of its files. */
export function writeZip(path: string, files: readonly ZipFile[]): void {
  const archive = openSync(path, 'w');
  try {
    let offset = 0;
    const write = (bytes: Buffer) => {
      writeSync(archive, bytes);
      offset += bytes.byteLength;
    };
    const directory = files.map(({ name, data, isExecutable = false }) => {
      const packed = deflateRawSync(data);
      const common = Buffer.alloc(26);
      common.writeUInt16LE(VERSION, 0);
      common.writeUInt16LE(UTF8, 2);
      common.writeUInt16LE(DEFLATED, 4);
      common.writeUInt16LE(DATE, 8);
      common.writeUInt32LE(crc32(data), 10);
      common.writeUInt32LE(packed.byteLength, 14);
      common.writeUInt32LE(data.byteLength, 18);
      common.writeUInt16LE(Buffer.byteLength(name), 22);
      const rest = Buffer.alloc(14);
      rest.writeUInt32LE(((REGULAR | (isExecutable ? 0o755 : 0o644)) << 16) >>> 0, 6);
      rest.writeUInt32LE(offset, 10);
      write(Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]));
      const madeBy = Buffer.alloc(2);
      madeBy.writeUInt16LE(MADE_BY);
      return Buffer.concat([Buffer.from('PK\x01\x02'), madeBy, common, rest, Buffer.from(name)]);
    });
    const start = offset;
    for (const entry of directory) write(entry);
    const end = Buffer.alloc(18);
    end.writeUInt16LE(files.length, 4);
    end.writeUInt16LE(files.length, 6);
    end.writeUInt32LE(offset - start, 8);
    end.writeUInt32LE(start, 12);
    write(Buffer.concat([Buffer.from('PK\x05\x06'), end]));
  } finally {
    closeSync(archive);
  }
}
