import { parseFilename, type ArchiveKind, type WheelTags } from '../names/filename.ts';
import { describePlatforms } from './platforms.ts';

const KINDS: Readonly<Record<Exclude<ArchiveKind, 'wheel'>, string>> = {
  sdist: 'source',
  egg: 'egg, which pip does not install',
  exe: 'Windows installer',
  msi: 'Windows installer',
  rpm: 'RPM package',
  deb: 'Debian package',
  dmg: 'macOS disk image',
  bdist: 'built for one machine',
};

/** What a file is for, in words: `CPython 3.14, Linux arm64, glibc 2.28 or newer`, `any Python 3`, `source`. */
export function describeArchive(filename: string): string {
  const parsed = parseFilename(filename);
  if (parsed === undefined) return '';
  if (parsed.kind !== 'wheel') return KINDS[parsed.kind];
  const { tags, variant } = parsed;
  const words = tags === undefined ? '' : describeTags(tags);
  return variant === undefined ? words : `${words}, variant ${variant}`;
}

/** The tags of a wheel in words (PEP 425, 600, 656, 730, 738, 803). */
function describeTags({ python, abi, platform }: WheelTags): string {
  return [describePythons(python, abi), ...describePlatforms(platform)].join(', ');
}

const INTERPRETERS: Readonly<Record<string, string>> = {
  py: 'Python',
  cp: 'CPython',
  pp: 'PyPy',
  ip: 'IronPython',
  jy: 'Jython',
  graalpy: 'GraalPy',
};

function describePythons(tags: readonly string[], abis: readonly string[]): string {
  const byInterpreter = Map.groupBy(tags, (tag) => /^[a-z]+/.exec(tag)?.[0] ?? tag);
  const words = [...byInterpreter].map(([code, own]) => {
    const name = INTERPRETERS[code];
    const versions = own.map((tag) => versionOf(tag.slice(code.length)));
    if (name === undefined || versions.includes(undefined)) return own.join(' or ');
    const isGeneric = code === 'py';
    if (isGeneric && versions.every((version) => !version?.includes('.'))) {
      return `any Python ${versions.join(' or ')}`;
    }
    const isOpen = isGeneric || abis.includes('abi3') || abis.includes('abi3t');
    return `${name} ${versions.join(' or ')}${isOpen ? ' or newer' : ''}`;
  });
  const isThreaded = abis.every((abi) => /^cp\d+t$/.test(abi) || abi === 'abi3t');
  return words.join(' or ') + (isThreaded ? ', free-threaded' : '');
}

/** `314` is 3.14, `3` is 3, `38_1` is left to who can read it. */
function versionOf(digits: string): string | undefined {
  const match = /^(\d)(\d*)$/.exec(digits);
  if (match === null) return undefined;
  const [, major, minor] = match;
  return minor === '' ? major : `${major}.${minor}`;
}
