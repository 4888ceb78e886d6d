import { valid } from '@renovatebot/pep440';
import { isProjectName, normalizeProjectName } from './project-name.ts';

export type ArchiveKind = 'sdist' | 'wheel' | 'egg' | 'exe' | 'msi' | 'rpm' | 'deb' | 'dmg' | 'bdist';

export interface WheelTags {
  readonly python: readonly string[];
  readonly abi: readonly string[];
  readonly platform: readonly string[];
}

export interface ParsedFilename {
  readonly kind: ArchiveKind;
  /** Normalized (PEP 503). */
  readonly project: string;
  /** As written. */
  readonly version: string;
  /** The ending without its leading dot: `whl`, `tar.gz`. */
  readonly extension: string;
  /** Wheels only (PEP 427). */
  readonly build?: string;
  readonly tags?: WheelTags;
  /** Wheels only: the label of a variant (PEP 825). */
  readonly variant?: string;
}

// Longest first, so that `tar.bz2` is not taken for `bz2`.
const EXTENSIONS = [
  'tar.bz2',
  'tar.gz',
  'exe',
  'bz2',
  'rpm',
  'deb',
  'zip',
  'tgz',
  'egg',
  'dmg',
  'msi',
  'whl',
];
const MAX_BYTES = 255;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+!~-]*$/;
const TAGS = /^[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*$/;
// distutils joins the platform to the version with a dot; a project may well be called `demo-linux-tools`.
const WITH_PLATFORM = /^(.*-[0-9].*?)\.(?:(?:linux|macosx|win|cygwin|freebsd|darwin)-|win32(?:-|$))/;

/**
 * What a file name says about the archive, or undefined when it is not a valid archive name. `expectedProject` decides
 * where the name of an sdist with several hyphens ends (`my-pkg-1.0.tar.gz`, older than PEP 625); without it the longest
 * tail that is a PEP 440 version is the version, else what follows the last hyphen before a digit.
 */
export function parseFilename(filename: string, expectedProject?: string): ParsedFilename | undefined {
  const extension = extensionOf(filename);
  if (extension === undefined) return undefined;
  const stem = filename.slice(0, -extension.length - 1);
  switch (extension) {
    case 'whl':
      return parseWheelStem(stem);
    case 'egg':
      return parseEggStem(stem);
    case 'rpm':
      return parseRpmStem(stem);
    case 'deb':
      return parseDebStem(stem);
    case 'exe':
    case 'msi':
    case 'dmg':
      return parsePlainStem(extension, stem, extension, expectedProject);
    default:
      return parsePlainStem('sdist', stem, extension, expectedProject);
  }
}

/** True for a name with the ending of an archive, whatever stands before it. */
export function isArchiveFilename(filename: string): boolean {
  return extensionOf(filename) !== undefined;
}

function extensionOf(filename: string): string | undefined {
  if (!isSafeFilename(filename)) return undefined;
  return EXTENSIONS.find((ending) => filename.endsWith(`.${ending}`));
}

// Nothing that a file system or an HTTP header could misread; every valid name is ASCII.
function isSafeFilename(filename: string): boolean {
  return filename.length <= MAX_BYTES && /^[A-Za-z0-9_][A-Za-z0-9._+!~-]*$/.test(filename);
}

// Counted from the right: name-version[-build]-python-abi-platform[-variant]. A build tag starts with a digit and a
// Python tag never does, which tells a build from a variant label when there are six parts.
function parseWheelStem(stem: string): ParsedFilename | undefined {
  const parts = stem.split('-');
  if (parts.length < 5 || parts.length > 7) return undefined;
  const hasBuild = parts.length > 5 && /^[0-9]/.test(parts[2] ?? '');
  if (parts.length === 7 && !hasBuild) return undefined;
  const rest = parts.slice(hasBuild ? 3 : 2);
  const [name = '', version = ''] = parts;
  const [python = '', abi = '', platform = '', variant] = rest;
  if (![python, abi, platform].every((tag) => TAGS.test(tag))) return undefined;
  if (variant !== undefined && !/^[A-Za-z0-9_.]+$/.test(variant)) return undefined;
  const named = nameAndVersion(name, version);
  return (
    named && {
      kind: 'wheel',
      ...named,
      extension: 'whl',
      ...(hasBuild && { build: parts[2] ?? '' }),
      tags: { python: python.split('.'), abi: abi.split('.'), platform: platform.split('.') },
      ...(variant !== undefined && { variant }),
    }
  );
}

// name-version[-pyX.Y[-platform]], hyphens in name and version escaped as `_`.
function parseEggStem(stem: string): ParsedFilename | undefined {
  const [name = '', version = ''] = stem.split('-');
  const named = nameAndVersion(name, version);
  return named && { kind: 'egg', ...named, extension: 'egg' };
}

// name-version-release.arch
function parseRpmStem(stem: string): ParsedFilename | undefined {
  const match = /^(.+)-([^-]+)-[^-]+$/.exec(stem);
  const named = match && nameAndVersion(match[1] ?? '', match[2] ?? '');
  return named ? { kind: 'rpm', ...named, extension: 'rpm' } : undefined;
}

// name_version[-revision]_arch
function parseDebStem(stem: string): ParsedFilename | undefined {
  const [name = '', version = ''] = stem.split('_');
  const named = nameAndVersion(name, version.replace(/-[^-]*$/, ''));
  return named && { kind: 'deb', ...named, extension: 'deb' };
}

// name-version, where the built kinds and bdist_dumb add a platform (`-1.0.win32-py2.7.exe`, `-1.0.linux-x86_64.tar.gz`).
function parsePlainStem(
  kind: ArchiveKind,
  stem: string,
  extension: string,
  expectedProject: string | undefined,
): ParsedFilename | undefined {
  const bare = WITH_PLATFORM.exec(stem)?.[1] ?? stem;
  const split = splitAtProject(bare, expectedProject) ?? splitAtVersion(bare);
  const named = split && nameAndVersion(...split);
  if (!named) return undefined;
  return { kind: kind === 'sdist' && bare !== stem ? 'bdist' : kind, ...named, extension };
}

function splitAtProject(stem: string, project: string | undefined): [string, string] | undefined {
  if (project === undefined) return undefined;
  const wanted = normalizeProjectName(project);
  return hyphenSplits(stem).find(([name]) => normalizeProjectName(name) === wanted);
}

function splitAtVersion(stem: string): [string, string] | undefined {
  const splits = hyphenSplits(stem);
  return (
    splits.find(([, version]) => /^[0-9]/.test(version) && valid(version) !== null) ??
    splits.findLast(([, version]) => /^[0-9]/.test(version)) ??
    splits.at(-1)
  );
}

function hyphenSplits(stem: string): [string, string][] {
  const splits: [string, string][] = [];
  for (let at = stem.indexOf('-'); at >= 0; at = stem.indexOf('-', at + 1)) {
    splits.push([stem.slice(0, at), stem.slice(at + 1)]);
  }
  return splits;
}

function nameAndVersion(name: string, version: string): { project: string; version: string } | undefined {
  if (!isProjectName(name) || !VERSION.test(version)) return undefined;
  return { project: normalizeProjectName(name), version };
}
