import { compareVersions } from '../names/compare-versions.ts';

const MACHINES: Readonly<Record<string, string>> = {
  x86_64: 'x86-64',
  amd64: 'x86-64',
  i686: 'x86 32-bit',
  i386: 'x86 32-bit',
  x86: 'x86 32-bit',
  aarch64: 'arm64',
  arm64: 'arm64',
  arm64_v8a: 'arm64',
  armv7l: 'ARMv7 32-bit',
  armv6l: 'ARMv6 32-bit',
  armeabi_v7a: 'ARMv7 32-bit',
  ppc64le: 'POWER little-endian',
  ppc64: 'POWER',
  s390x: 'IBM Z',
  riscv64: 'RISC-V 64-bit',
  loongarch64: 'LoongArch 64-bit',
};
const MAC_MACHINES: Readonly<Record<string, string>> = {
  arm64: 'Apple silicon',
  x86_64: 'Intel',
  universal2: 'Apple silicon and Intel',
  intel: 'Intel, 32-bit too',
  i386: 'Intel 32-bit',
};
/** The first names of what are versions of the C library now (PEP 600). */
const OLD_MANYLINUX: Readonly<Record<string, string>> = { '1': '2.5', '2010': '2.12', '2014': '2.17' };

interface Platform {
  readonly system: string;
  /** The oldest version of `of` that is enough. */
  readonly least?: { readonly of: string; readonly version: string };
  readonly machine?: string | undefined;
}

/** The platforms that a wheel is for; none if it is for all. Several names of one platform are said once. */
export function describePlatforms(tags: readonly string[]): string[] {
  if (tags.includes('any')) return [];
  const kinds = Map.groupBy(tags.map(readPlatform), ({ system, machine = '', least }) =>
    [system, machine, least?.of].join(),
  );
  const words = [...kinds.values()].map((same) => {
    const [oldest] = same.toSorted((a, b) =>
      compareVersions(a.least?.version ?? '0', b.least?.version ?? '0'),
    );
    return oldest === undefined ? '' : describe(oldest);
  });
  return [words.join(' or ')];
}

function describe({ system, least, machine }: Platform): string {
  if (least?.of === system)
    return [`${system} ${least.version} or newer`, machine].filter(Boolean).join(', ');
  const first = [system, machine].filter(Boolean).join(' ');
  return least === undefined ? first : `${first}, ${least.of} ${least.version} or newer`;
}

function readPlatform(tag: string): Platform {
  for (const [pattern, read] of PATTERNS) {
    const match = pattern.exec(tag);
    if (match !== null) return read(match.slice(1));
  }
  return { system: tag };
}

const machineOf = (name = ''): string => MACHINES[name] ?? name;

const PATTERNS: readonly (readonly [RegExp, (parts: readonly string[]) => Platform])[] = [
  [
    /^manylinux_(\d+)_(\d+)_(\w+)$/,
    ([major, minor, machine]) => linux(machine, { of: 'glibc', version: `${major}.${minor}` }),
  ],
  [
    /^manylinux(1|2010|2014)_(\w+)$/,
    ([name = '', machine]) => linux(machine, { of: 'glibc', version: OLD_MANYLINUX[name] ?? '' }),
  ],
  [
    /^musllinux_(\d+)_(\d+)_(\w+)$/,
    ([major, minor, machine]) => linux(machine, { of: 'musl', version: `${major}.${minor}` }),
  ],
  [/^linux_(\w+)$/, ([machine]) => linux(machine)],
  [
    /^macosx_(\d+)_(\d+)_(\w+)$/,
    ([major, minor, machine = '']) => ({
      system: 'macOS',
      least: { of: 'macOS', version: minor === '0' ? `${major}` : `${major}.${minor}` },
      machine: MAC_MACHINES[machine] ?? machine,
    }),
  ],
  [/^win32$/, () => ({ system: 'Windows', machine: '32-bit' })],
  [/^win_(\w+)$/, ([machine]) => ({ system: 'Windows', machine: machineOf(machine) })],
  [
    /^android_(\d+)_(\w+)$/,
    ([level = '', machine]) => ({
      system: 'Android',
      least: { of: 'API level', version: level },
      machine: machineOf(machine),
    }),
  ],
  [
    /^ios_(\d+)_(\d+)_(\w+)_(iphoneos|iphonesimulator)$/,
    ([major, minor, machine, device]) => {
      const system = device === 'iphoneos' ? 'iOS' : 'iOS simulator';
      const version = minor === '0' ? `${major}` : `${major}.${minor}`;
      return { system, least: { of: system, version }, machine: machineOf(machine) };
    },
  ],
  [
    /^(?:pyodide|pyemscripten)_(\d+)_(\d+)_wasm32$/,
    ([year, patch]) => ({ system: `Pyodide ${year}.${patch}`, machine: 'WebAssembly' }),
  ],
  [/^emscripten_\w+_wasm32$/, () => ({ system: 'Emscripten', machine: 'WebAssembly' })],
];

function linux(machine?: string, least?: NonNullable<Platform['least']>): Platform {
  return { system: 'Linux', machine: machineOf(machine), ...(least && { least }) };
}
