import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly pythonTag: string;
  readonly filename: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

export interface WheelOptions {
  readonly project: string;
  readonly version: string;
  /** The last part of the file name: python, abi and platform tag. */
  readonly tag?: string;
  /** Random, so that neither a server nor a disk can compress it away. */
  readonly payloadBytes?: number;
}

export const requiresPython = '>=3.10';

const platformTags = ['cp310', 'cp311', 'cp312', 'cp313'].map(
  (python) => `${python}-${python}-manylinux_2_28_x86_64`,
);

/** A project as large ones look: releases of one wheel per Python, `files` in all. */
export function* makeProject(project: string, files: number): Generator<Wheel> {
  for (let number = 0; number < files; number++) {
    const release = Math.floor(number / platformTags.length);
    const version = `${1 + Math.floor(release / 100)}.${Math.floor(release / 10) % 10}.${release % 10}`;
    yield makeWheel({ project, version, tag: platformTags[number % platformTags.length]! });
  }
}

/** A wheel that pip installs: METADATA, WHEEL, a RECORD with right hashes, one module and the payload. */
export function makeWheel({ project, version, tag = 'py3-none-any', payloadBytes = 0 }: WheelOptions): Wheel {
  const name = project.replaceAll('-', '_');
  const info = `${name}-${version}.dist-info`;
  const metadata = [
    'Metadata-Version: 2.1',
    `Name: ${project}`,
    `Version: ${version}`,
    'Summary: made for a benchmark',
    `Requires-Python: ${requiresPython}`,
    '',
    '',
  ];
  const wheel = ['Wheel-Version: 1.0', 'Generator: bench', 'Root-Is-Purelib: true', `Tag: ${tag}`, '', ''];
  const members: Member[] = [
    { path: `${name}/__init__.py`, bytes: Buffer.from(`__version__ = '${version}'\n`) },
    { path: `${info}/METADATA`, bytes: Buffer.from(metadata.join('\n')) },
    { path: `${info}/WHEEL`, bytes: Buffer.from(wheel.join('\n')) },
  ];
  if (payloadBytes > 0)
    members.splice(1, 0, { path: `${name}/payload.bin`, bytes: randomBytes(payloadBytes) });
  members.push({ path: `${info}/RECORD`, bytes: Buffer.from(record(members, `${info}/RECORD`)) });

  const bytes = storedZip(members);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const pythonTag = tag.split('-')[0]!;
  return { project, version, pythonTag, filename: `${name}-${version}-${tag}.whl`, bytes, sha256 };
}

interface Member {
  readonly path: string;
  readonly bytes: Buffer;
}

function record(members: readonly Member[], recordPath: string): string {
  const lines = members.map(({ path, bytes }) => {
    const digest = createHash('sha256').update(bytes).digest('base64url');
    return `${path},sha256=${digest},${bytes.length}`;
  });
  return [...lines, `${recordPath},,`, ''].join('\n');
}

const dosDate = 0x5821; // 2024-01-01: the archive of a given content is always the same

/** A zip without compression, which is all a wheel needs. */
function storedZip(members: readonly Member[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, bytes } of members) {
    const name = Buffer.from(path);
    const local = localHeader(name, bytes);
    directory.push(centralHeader(local, name, offset));
    bodies.push(local, name, bytes);
    offset += local.length + name.length + bytes.length;
  }
  const directoryBytes = Buffer.concat(directory);
  return Buffer.concat([
    ...bodies,
    directoryBytes,
    endOfDirectory(members.length, directoryBytes.length, offset),
  ]);
}

function localHeader(name: Buffer, bytes: Buffer): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(dosDate, 12);
  header.writeUInt32LE(crc32(bytes), 14);
  header.writeUInt32LE(bytes.length, 18);
  header.writeUInt32LE(bytes.length, 22);
  header.writeUInt16LE(name.length, 26);
  return header;
}

function centralHeader(local: Buffer, name: Buffer, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(0x0314, 4); // made on Unix, by version 2.0
  local.copy(header, 6, 4, 30);
  header.writeUInt32LE((0o100644 << 16) >>> 0, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name]);
}

function endOfDirectory(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}
