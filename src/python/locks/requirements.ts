import { isProjectName } from '../names/project-name.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { pythonErrors } from '../errors.ts';
import type { Lock, LockedFile, LockedPackage, Skipped } from './lock.ts';

/** A file to read besides, as `-r` and `-c` name it. */
interface Include {
  /** As written: relative to the file, or a URL. */
  readonly path: string;
  readonly isConstraints: boolean;
  readonly where: string;
}

/** A requirement that names no version; a constraint may name it. */
export interface Unpinned {
  readonly project: string;
  readonly text: string;
  readonly where: string;
}

export interface Requirements extends Lock {
  readonly includes: readonly Include[];
  readonly unpinned: readonly Unpinned[];
}

interface Line {
  readonly text: string;
  /** Of its first line, from 1. */
  readonly number: number;
}

const REQUIREMENT = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)$/s;
const PIN = /^===?\s*([A-Za-z0-9][A-Za-z0-9._+!-]*)$/;
const HASH = /(?:^|\s)--hash(?:=|\s+)(\S+)/g;
const OPTION = /\s--?[a-z]/;
const LOCAL_PATH = /^(?:\.{0,2}[/\\]|file:)|\.(?:whl|tar\.gz|zip)$|^[A-Za-z]:[/\\]/;

/**
 * Reads a requirements file as pip does, up to what only pip can do: markers are kept and not evaluated, options for
 * the index are left out, because the caller says which index it asks (reference: pip's requirements file format).
 * `name` stands in messages.
 */
export function parseRequirements(text: string, name: string): Requirements {
  const packages: LockedPackage[] = [];
  const skipped: Skipped[] = [];
  const includes: Include[] = [];
  const unpinned: Unpinned[] = [];
  for (const { text: line, number } of joinLines(text)) {
    const where = `${name}:${number}`;
    const include = /^(-r|-c|--requirement|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(\S.*)$/.exec(line);
    if (include !== null) {
      const [, option = '', path = ''] = include;
      includes.push({ path: unquote(path), isConstraints: /^--?c/.test(option), where });
    } else if (/^(?:-e|--editable)\b/.test(line)) {
      skipped.push({ where, reason: `${shorten(line)} is a directory to build, which no index has` });
    } else if (!line.startsWith('-')) {
      const found = parseRequirement(line, where);
      if ('reason' in found) skipped.push(found);
      else if ('version' in found) packages.push(found);
      else unpinned.push(found);
    }
  }
  return { packages, skipped, includes, unpinned };
}

/** The error for requirements that no constraint pins either. */
export function unpinnedError(unpinned: readonly Unpinned[]): AppError {
  const lines = unpinned.map(({ where, text }) => `${where}: ${text} names no version (==)`);
  return new AppError(pythonErrors.badLockFile, lines.join('\n'), {
    hint: 'compile it first, which pins what it needs in turn as well: `uv pip compile FILE -o requirements.txt`, or `pip-compile FILE`',
  });
}

/** Continuations are joined before comments are taken off, as pip does; a comment line ends a continuation. */
function joinLines(text: string): Line[] {
  const lines: Line[] = [];
  let open: Line | undefined;
  const close = () => {
    const bare = open?.text.replace(/(?:^|\s)#.*$/s, '').trim() ?? '';
    if (open !== undefined && bare !== '') lines.push({ ...open, text: bare });
    open = undefined;
  };
  for (const [at, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const isComment = /^\s*#/.test(raw);
    const continues = !isComment && raw.endsWith('\\');
    const part = isComment ? '' : continues ? raw.slice(0, -1) : raw;
    open = {
      text: open === undefined ? part : `${open.text} ${part.trimStart()}`,
      number: open?.number ?? at + 1,
    };
    if (!continues) close();
  }
  close();
  return lines;
}

function parseRequirement(line: string, where: string): LockedPackage | Unpinned | Skipped {
  const optionsAt = OPTION.exec(line)?.index ?? line.length;
  const [specifier = '', marker] = splitMarker(line.slice(0, optionsAt).trim());
  if (/^(?:[a-z0-9+.-]+:\/\/)/i.test(specifier) || LOCAL_PATH.test(specifier))
    return { where, reason: `${shorten(specifier)} is a file or a repository, which no index has` };
  const [, project, versions = ''] = REQUIREMENT.exec(specifier) ?? [];
  if (project === undefined || !isProjectName(project))
    throw new AppError(pythonErrors.badLockFile, `${where}: ${shorten(line)} is no requirement`);
  if (versions.startsWith('@')) return { where, reason: `${project} comes from a URL, not from an index` };
  const files = readHashes(line.slice(optionsAt), where);
  const pinned = versions
    .replace(/^\((.*)\)$/s, '$1')
    .split(',')
    .map((part) => PIN.exec(part.trim())?.[1])
    .find((version) => version !== undefined);
  if (pinned === undefined) return { project, text: shorten(specifier), where };
  return {
    project,
    version: pinned,
    ...(files.length > 0 && { files }),
    ...(marker !== undefined && { marker }),
  };
}

function splitMarker(text: string): [string, string?] {
  const at = text.indexOf(';');
  return at < 0 ? [text] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** Only sha256 counts: it is what indexes tell. */
function readHashes(options: string, where: string): LockedFile[] {
  return [...options.matchAll(HASH)].flatMap(([, hash = '']) => {
    const [algorithm, digest = ''] = hash.split(':');
    if (algorithm !== 'sha256') return [];
    if (!/^[0-9a-f]{64}$/i.test(digest))
      throw new AppError(pythonErrors.badLockFile, `${where}: ${shorten(hash)} is no sha256`);
    return [{ sha256: digest.toLowerCase() }];
  });
}

function unquote(path: string): string {
  const bare = path.trim();
  return /^(['"]).*\1$/.test(bare) ? bare.slice(1, -1) : bare;
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
