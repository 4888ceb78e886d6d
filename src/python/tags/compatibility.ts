import type { WheelTags } from '../names/filename.ts';
import { pythonOf, type Target } from './target.ts';

/** A version of glibc: [2, 36]. */
export type Glibc = readonly [major: number, minor: number];

const NEWEST_GLIBC: Glibc = [2, Infinity];
/** The first names of what are versions of glibc now (PEP 600). */
const OLD_MANYLINUX: Readonly<Record<string, Glibc>> = {
  manylinux1: [2, 5],
  manylinux2010: [2, 12],
  manylinux2014: [2, 17],
};
/** The first CPython whose ABI tag has no `m`. */
const FIRST_WITHOUT_M = 8;
const STABLE: ReadonlySet<string> = new Set(['abi3', 'abi3t']);
/** The first CPython with a stable ABI (PEP 384). */
const FIRST_WITH_ABI3 = 2;

/**
 * Whether pip on the target installs a wheel with these tags, by what `packaging.tags` yields there (PEP 425, 600, 656, 703, 803).
 * `glibc` is that of the system, which may be any if it is not given.
 */
export function isCompatible(tags: WheelTags, target: Target, glibc: Glibc = NEWEST_GLIBC): boolean {
  const isForAll = tags.platform.includes('any');
  const isForPlatform = tags.platform.some((platform) => isForTarget(platform, target, glibc));
  if (!isForAll && !isForPlatform) return false;
  return tags.python.some((python) =>
    tags.abi.some((abi) =>
      abi === 'none' ? isPythonOf(python, target) : isForPlatform && isAbiOf(python, abi, target),
    ),
  );
}

/** Whether the tags say that one wheel serves several Pythons: it is pure, or keeps to the stable ABI. */
export function isForManyPythons({ python, abi }: WheelTags): boolean {
  return abi.some((tag) => (tag === 'none' ? python.some((name) => name.startsWith('py')) : STABLE.has(tag)));
}

/** Without an ABI: this CPython, or Python 3 up to this one. */
function isPythonOf(tag: string, target: Target): boolean {
  const { minor } = pythonOf(target);
  if (tag === `cp3${minor}` || tag === 'py3') return true;
  const least = /^py3(\d+)$/.exec(tag)?.[1];
  return least !== undefined && Number(least) <= minor;
}

/** The ABI of this very build of CPython, or the stable one of this or an older one. */
function isAbiOf(tag: string, abi: string, target: Target): boolean {
  const { minor, isFreeThreaded } = pythonOf(target);
  const python = /^cp3(\d+)$/.exec(tag)?.[1];
  if (python === undefined) return false;
  // The free-threaded build does not have the stable ABI of the other one.
  if (abi === (isFreeThreaded ? 'abi3t' : 'abi3'))
    return Number(python) >= FIRST_WITH_ABI3 && Number(python) <= minor;
  return Number(python) === minor && abi === `${target.python}${minor < FIRST_WITHOUT_M ? 'm' : ''}`;
}

function isForTarget(tag: string, { platform }: Target, glibc: Glibc): boolean {
  if (tag === platform) return true;
  const machine = platform.replace(/^linux_/, '');
  const needed = glibcOf(tag, machine);
  if (needed === undefined) return false;
  const least = machine === 'x86_64' || machine === 'i686' ? 5 : 17;
  return isNotNewer([2, least], needed) && isNotNewer(needed, glibc);
}

/** The glibc that a manylinux tag of this machine asks for; undefined for other tags. */
function glibcOf(tag: string, machine: string): Glibc | undefined {
  if (!tag.endsWith(`_${machine}`)) return undefined;
  const name = tag.slice(0, -machine.length - 1);
  const [, major, minor] = /^manylinux_(\d+)_(\d+)$/.exec(name) ?? [];
  if (major !== undefined) return [Number(major), Number(minor)];
  return Object.hasOwn(OLD_MANYLINUX, name) ? OLD_MANYLINUX[name] : undefined;
}

function isNotNewer([major, minor]: Glibc, [otherMajor, otherMinor]: Glibc): boolean {
  return major < otherMajor || (major === otherMajor && minor <= otherMinor);
}
