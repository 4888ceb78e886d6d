import type { ArchiveReader } from '#python/archives/archive-reader.ts';
import { openZip } from '#python/archives/zip/zip.ts';
import { readElf, type Elf } from '#python/elf/read-elf.ts';

/** What the libraries and extension modules of a wheel need of a system. */
export interface NativeNeeds {
  /** Names of libraries that are not in the wheel itself, sorted. */
  readonly libraries: readonly string[];
  /** The oldest glibc that it runs with: `2.34`. */
  readonly glibc: string | undefined;
  /** Members that are of another processor than the platform, or that cannot be read. */
  readonly foreign: readonly string[];
}

const MAX_MEMBER_BYTES = 512 * 1024 ** 2;
const MACHINES: Readonly<Record<string, readonly [machine: number, bits: number]>> = {
  linux_x86_64: [62, 64],
  linux_i686: [3, 32],
  linux_aarch64: [183, 64],
  linux_armv7l: [40, 32],
  linux_armv6l: [40, 32],
  linux_ppc64le: [21, 64],
  linux_s390x: [22, 64],
  linux_riscv64: [243, 64],
};

/** Reads what a wheel needs from its ELF files; nothing of it is run or loaded. */
export async function readNativeNeeds(file: ArchiveReader, platform: string): Promise<NativeNeeds> {
  const zip = await openZip(file);
  const members: { readonly name: string; readonly elf: Elf | undefined }[] = [];
  for (const entry of zip.entries) {
    if (!/\.so(?:\.|$)/.test(entry.name) || entry.isDirectory) continue;
    members.push({ name: entry.name, elf: readElf(await zip.readEntry(entry, MAX_MEMBER_BYTES)) });
  }
  const own = new Set(members.flatMap(({ name, elf }) => [name.slice(name.lastIndexOf('/') + 1), elf?.name]));
  const needed = new Set(members.flatMap(({ elf }) => elf?.needed ?? []));
  const newest = members
    .flatMap(({ elf }) => (elf?.glibc === undefined ? [] : [elf.glibc]))
    .toSorted(([a, b], [c, d]) => a - c || b - d)
    .at(-1);
  const [machine, bits] = MACHINES[platform] ?? [];
  const isForeign = ({ elf }: (typeof members)[number]) =>
    elf === undefined || (machine !== undefined && (elf.machine !== machine || elf.bits !== bits));
  return {
    libraries: [...needed].filter((name) => !own.has(name)).toSorted(),
    glibc: newest?.join('.'),
    foreign: members.filter(isForeign).map(({ name }) => name),
  };
}
