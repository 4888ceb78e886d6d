import { matchesGlob } from 'node:path';
import { parseFilename } from '#python/names/filename.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { isSameVersion } from '#python/names/same-version.ts';
import type { LockedFile, LockedPackage } from '#python/locks/lock.ts';

/** A file as the index offers it. */
export interface ListedFile {
  readonly filename: string;
  /** Absolute. */
  readonly url: string;
  readonly sha256: string | undefined;
  /** Bytes. */
  readonly size: number | undefined;
  /** sha256 of the metadata sidecar, `true` if it is not known, undefined without a sidecar. */
  readonly metadata: string | true | undefined;
}

/** A file to fetch. */
export interface WantedFile extends ListedFile {
  /** Normalized. */
  readonly project: string;
  readonly version: string;
  /** Any of these; empty if neither lock nor index knows. */
  readonly allowed: readonly string[];
}

/** What cannot be had, and why. */
export interface Missing {
  readonly project: string;
  readonly version: string;
  readonly filename?: string;
  readonly reason: string;
}

/**
 * Chooses from the page of a project what a lock wants of it: the files that it names or whose hashes it allows, or all
 * files of the version. `only` keeps names that match one of the globs; empty keeps all.
 */
export function chooseFiles(
  locked: LockedPackage,
  page: readonly ListedFile[],
  only: readonly string[],
): { readonly files: readonly WantedFile[]; readonly missing: readonly Missing[] } {
  const { version } = locked;
  const project = normalizeProjectName(locked.project);
  const offered = page.filter(({ filename }) => isOfVersion(filename, project, version));
  const isKept = (filename: string) => only.length === 0 || only.some((glob) => matchesGlob(filename, glob));
  const files = new Map<string, WantedFile>();
  const missing: Missing[] = [];
  const want = (file: ListedFile, allowed: readonly string[], size = file.size) =>
    isKept(file.filename) &&
    files.set(file.filename, {
      ...file,
      size,
      project,
      version,
      allowed: allowed.length > 0 ? allowed : hashOf(file),
    });
  const miss = (reason: string, filename?: string) =>
    (filename === undefined || isKept(filename)) &&
    missing.push({ project, version, ...(filename !== undefined && { filename }), reason });

  const hashes = (locked.files ?? []).flatMap(
    ({ filename, sha256 }) => (filename === undefined && sha256) || [],
  );
  for (const wanted of locked.files ?? []) {
    const { filename, sha256 } = wanted;
    if (filename === undefined) continue;
    const file = page.find((each) => each.filename === filename);
    const problem = file === undefined ? 'the index does not list it' : conflict(wanted, file);
    if (problem !== undefined) miss(problem, filename);
    else if (file !== undefined) want(file, sha256 === undefined ? [] : [sha256], wanted.size ?? file.size);
  }
  for (const file of hashes.length > 0 ? offered : []) {
    // Where the index tells no sha256 the bytes will show whether the lock allows them.
    if (file.sha256 === undefined) want(file, hashes);
    else if (hashes.includes(file.sha256)) want(file, [file.sha256]);
  }
  if (offered.every((file) => file.sha256 !== undefined) && offered.length > 0 && only.length === 0) {
    for (const hash of hashes) {
      if (!offered.some((file) => file.sha256 === hash))
        miss(`the index lists no file with the sha256 ${hash}`);
    }
  }
  if (locked.files === undefined) for (const file of offered) want(file, []);
  if (files.size === 0 && missing.length === 0) {
    miss(offered.length === 0 ? 'the index lists no file of this version' : 'no file matches --only');
  }
  return { files: [...files.values()], missing };
}

/** `==1.0` is satisfied by `1.0+local` as well (PEP 440). */
function isOfVersion(filename: string, project: string, wanted: string): boolean {
  const version = parseFilename(filename, project)?.version;
  if (version === undefined) return false;
  if (isSameVersion(version, wanted)) return true;
  return !wanted.includes('+') && isSameVersion(version.replace(/\+.*$/, ''), wanted);
}

function conflict(locked: LockedFile, listed: ListedFile): string | undefined {
  if (locked.sha256 !== undefined && listed.sha256 !== undefined && locked.sha256 !== listed.sha256)
    return `the index offers it with the sha256 ${listed.sha256}, not ${locked.sha256}`;
  if (locked.size !== undefined && listed.size !== undefined && locked.size !== listed.size)
    return `the index offers it with ${listed.size} bytes, not ${locked.size}`;
  return undefined;
}

function hashOf({ sha256 }: ListedFile): string[] {
  return sha256 === undefined ? [] : [sha256];
}
