export interface TarMember {
  readonly name: string | Buffer;
  readonly data?: string | Buffer;
  /** The type as a character: `0` file (the default), `5` directory, `1` hard link, `2` symbolic link, `x` pax, ... */
  readonly type?: string;
  readonly target?: string;
  /** Extended header records (pax) before the member. */
  readonly pax?: Readonly<Record<string, string>>;
  /** Falsified fields. */
  readonly size?: number;
  readonly mode?: string;
  readonly prefix?: string;
  readonly magic?: string;
  readonly checksum?: number;
}

/** Two zero blocks, which end a tar archive. */
export const TAR_END = Buffer.alloc(1024);

/** Writes a tar archive (ustar), a valid one unless the members are told to lie. */
export function tar(members: readonly TarMember[], end: Buffer = TAR_END): Buffer {
  return Buffer.concat([...members.flatMap(blocksOf), end]);
}

function blocksOf(member: TarMember): Buffer[] {
  const data = Buffer.from(member.data ?? '');
  const blocks = [
    headerOf(member, member.size ?? data.length),
    data,
    Buffer.alloc((512 - (data.length % 512)) % 512),
  ];
  if (!member.pax) return blocks;
  const records = Object.entries(member.pax).map(([key, value]) => paxRecord(key, value));
  return [...blocksOf({ name: 'PaxHeader', type: 'x', data: Buffer.concat(records) }), ...blocks];
}

function headerOf(member: TarMember, size: number): Buffer {
  const block = Buffer.alloc(512);
  Buffer.from(member.name).copy(block, 0, 0, 100);
  block.write(`${member.mode ?? '0000644'}\0`, 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write(member.type ?? '0', 156, 'latin1');
  block.write(member.target ?? '', 157, 100);
  block.write(member.magic ?? 'ustar\x0000', 257, 'latin1');
  block.write(member.prefix ?? '', 345, 155);
  block.fill(0x20, 148, 156);
  const checksum = member.checksum ?? block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

// The length counts itself, so it is tried until it fits.
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}
