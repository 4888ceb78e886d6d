import { AppError } from '#kernel/errors/app-error.ts';
import { pythonErrors } from '../errors.ts';

/** What wheels are made for: a CPython on Linux with glibc, as the platforms of `manylinux` are (PEP 600). */
export interface Target {
  /** `cp311`; `cp313t` is the free-threaded build (PEP 703). */
  readonly python: string;
  /** `linux_x86_64` */
  readonly platform: string;
}

/** What Node calls a processor, and what Python calls it. */
const MACHINES: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  ia32: 'i686',
  arm64: 'aarch64',
  arm: 'armv7l',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loongarch64',
};
const PLATFORMS: readonly string[] = [...Object.values(MACHINES), 'armv6l', 'ppc64'].map(
  (machine) => `linux_${machine}`,
);
const NATIVE_PLATFORM = `linux_${MACHINES[process.arch] ?? process.arch}`;
const TARGET = /^cp3(0|[1-9][0-9]?)(t?)(?:-(\w+))?$/;
/** The first CPython with a free-threaded build. */
const FIRST_FREE_THREADED = 13;

/**
 * Reads `cp311`, `cp313t` or `cp311-linux_aarch64`; without a platform it is that of this machine. Throws
 * `python.bad-target` for anything else.
 */
export function parseTarget(text: string, nativePlatform = NATIVE_PLATFORM): Target {
  const [, minor = '', threads = '', platform = nativePlatform] = TARGET.exec(text.trim()) ?? [];
  const isPython = minor !== '' && (threads === '' || Number(minor) >= FIRST_FREE_THREADED);
  if (isPython && (platform === nativePlatform || PLATFORMS.includes(platform)))
    return { python: `cp3${minor}${threads}`, platform };
  const remedy = isPython
    ? `write one of the platforms ${PLATFORMS.toSorted().join(', ')}`
    : 'write a CPython as cp311, or as cp313t if it is free-threaded, with its platform where that is another: cp311-linux_aarch64';
  throw new AppError(pythonErrors.badTarget, `${JSON.stringify(text)} is no target of wheels: ${remedy}`);
}

/** The full form, by which rows and builders name a target: `cp311-linux_x86_64`. */
export function formatTarget({ python, platform }: Target): string {
  return `${python}-${platform}`;
}

/** Orders targets by their Python as a number (cp39, cp311, cp313, cp313t, cp314), then by platform. */
export function compareTargets(a: Target, b: Target): number {
  const [left, right] = [pythonOf(a), pythonOf(b)];
  return (
    left.minor - right.minor ||
    Number(left.isFreeThreaded) - Number(right.isFreeThreaded) ||
    (a.platform < b.platform ? -1 : Number(a.platform > b.platform))
  );
}

/** The Python of a target: 3.`minor`. */
export function pythonOf({ python }: Target): { minor: number; isFreeThreaded: boolean } {
  return { minor: Number.parseInt(python.slice('cp3'.length), 10), isFreeThreaded: python.endsWith('t') };
}
