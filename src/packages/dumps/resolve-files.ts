import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { compareVersions } from '#python/names/compare-versions.ts';
import { parseFilename } from '#python/names/filename.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { isSameVersion } from '#python/names/same-version.ts';
import type { LogItem } from '../model/log-item.ts';
import type { DumpedFile, DumpedIndex, DumpedProject } from './dump.ts';
import { isBelowDump, type FileItem, type LogEntry } from './dump-format.ts';
import type { Problems } from './problems.ts';

interface Told {
  readonly problems: Problems;
  readonly notes: string[];
}

/**
 * Finds for each file of an index the release that it belongs to and the place where its bytes are, which must be a plain
 * file below the dump, not reached through a link. What cannot be is added to the problems.
 */
export function resolveFiles(
  directory: string,
  index: Omit<DumpedIndex, 'files'>,
  items: readonly FileItem[],
  { problems, notes }: Told,
): readonly DumpedFile[] {
  const files: DumpedFile[] = [];
  const paths = new Set<string>();
  const names = new Set<string>();
  const directories = new Set<string>();
  const tell = (item: FileItem, problem: string) => problems.add(`${item.relpath}: ${problem}`);
  // Files of releases first: results of tests and documentation belong to them.
  const ordered = items.toSorted(
    (a, b) => Number(a.type !== 'releasefile') - Number(b.type !== 'releasefile'),
  );
  for (const item of ordered) {
    if (index.type === 'mirror' && item.type !== 'releasefile') {
      notes.push(`${item.relpath} is left out: a mirror has files of releases only`);
      continue;
    }
    if (paths.has(item.relpath)) tell(item, 'is there twice');
    paths.add(item.relpath);
    const place = placeProblem(directory, item.relpath, directories);
    if (place !== undefined) tell(item, place);
    const file = resolveFile(index, item, (problem) => tell(item, problem));
    if (file === undefined) continue;
    const name = uniqueName(file);
    if (names.has(name)) tell(item, `${index.key} has another one like it`);
    names.add(name);
    if (file.testedFile !== undefined && !names.has(`file ${file.testedFile}`))
      tell(item, `is what tox told of ${file.testedFile}, which ${index.key} does not have`);
    files.push(file);
  }
  return files;
}

/** What an index may have once. */
function uniqueName({ kind, project, version, filename, testedFile }: DumpedFile): string {
  if (kind === 'releasefile') return `file ${filename}`;
  return kind === 'doczip' ? `doc ${project} ${version}` : `tox ${testedFile} ${filename}`;
}

/** Names that an address, a page and a file system can hold. */
const FILENAME = /^[^\p{Cc}\p{Cf}\p{Cs}/\\.][^\p{Cc}\p{Cf}\p{Cs}/\\]{0,254}$/u;

/** What stands against the place of a file; `directories` are those that are known to be some. */
function placeProblem(directory: string, relpath: string, directories: Set<string>): string | undefined {
  if (!isBelowDump(relpath)) return 'leads out of the dump, or is no path';
  const segments = relpath.split('/');
  let path = directory;
  try {
    for (const [position, segment] of segments.entries()) {
      path = join(path, segment);
      if (directories.has(path)) continue;
      // One after the other, as there is nothing else to do: waiting for each takes ten times as long.
      const found = lstatSync(path);
      if (found.isSymbolicLink()) return 'is reached through a link';
      if (position === segments.length - 1) return found.isFile() ? undefined : 'is no file';
      if (found.isDirectory()) directories.add(path);
    }
    return 'is no file';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'is missing' : (error as Error).message;
  }
}

function resolveFile(
  index: Omit<DumpedIndex, 'files'>,
  item: FileItem,
  tell: (problem: string) => void,
): DumpedFile | undefined {
  const name = normalizeProjectName(item.projectname);
  const project = index.projects.get(name);
  if (project === undefined) {
    tell(`its project ${item.projectname} is not among those of ${index.key}`);
    return undefined;
  }
  const filename = item.relpath.split('/').at(-1) ?? '';
  if (!FILENAME.test(filename)) tell('no name that a file can have');
  const version = findVersion(project, item, filename, name);
  if (version === undefined) {
    tell(`its version ${item.version ?? ''} is not among those of ${name} on ${index.key}`);
    return undefined;
  }
  const mapping = item.entrymapping ?? {};
  const modifiedAt = mapping.last_modified == null ? undefined : Date.parse(mapping.last_modified);
  if (Number.isNaN(modifiedAt)) tell(`last_modified is no time: ${mapping.last_modified}`);
  const testedFile = item.type === 'toxresult' ? (item.for_entrypath?.split('/').at(-1) ?? '') : undefined;
  return {
    kind: item.type,
    project: name,
    version,
    relpath: item.relpath,
    filename: item.type === 'doczip' ? `${name}-${version}.doc.zip` : filename,
    hashes: hashesOf(mapping, tell),
    modifiedAt,
    log: item.log?.flatMap(readLogEntry),
    testedFile,
    url: mapping.url ?? undefined,
    yanked: item.yanked ?? project.versions.get(version)?.yanked ?? null,
  };
}

/**
 * Dumps of version 1 tell no versions of files, and spell them as the file name does. Documentation without a version, which
 * devpi 1 wrote, is that of the newest release.
 */
function findVersion(
  { versions }: DumpedProject,
  { type, version }: FileItem,
  filename: string,
  project: string,
): string | undefined {
  const known = [...versions.keys()];
  const wanted = version ?? '';
  if (versions.has(wanted)) return wanted;
  if (wanted === '' && type === 'doczip') return known.toSorted(compareVersions).at(-1);
  const named = wanted === '' ? parseFilename(filename, project)?.version : wanted;
  if (named === undefined) return undefined;
  // File names had `_` for the hyphens of a version.
  const dashed = named.replaceAll('_', '-');
  return known.find((each) => isSameVersion(each, named) || each.replaceAll('_', '-') === dashed);
}

const DIGEST_LENGTHS = new Map([
  ['md5', 32],
  ['sha1', 40],
  ['sha224', 56],
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

function hashesOf(
  { md5, hash_spec: spec, hashes }: NonNullable<FileItem['entrymapping']>,
  tell: (problem: string) => void,
): DumpedFile['hashes'] {
  const found = new Map<string, string>(Object.entries(hashes ?? {}));
  if (md5) found.set('md5', md5);
  const [algorithm, digest] = (spec ?? '').split('=', 2);
  if (algorithm && digest) found.set(algorithm, digest);
  return [...found].flatMap(([name, given]) => {
    const length = DIGEST_LENGTHS.get(name);
    if (length === undefined) return [];
    const hex = given.toLowerCase();
    if (hex.length === length && /^[0-9a-f]+$/.test(hex)) return [[name, hex] as const];
    tell(`its ${name} is none: ${given.slice(0, 150)}`);
    return [];
  });
}

const KNOWN_WHATS = new Set<string>(['upload', 'push', 'overwrite']);

function readLogEntry({ what, who, when, dst, src, count }: LogEntry): LogItem[] {
  if (!KNOWN_WHATS.has(what)) return [];
  return [
    {
      what: what as LogItem['what'],
      who: who ?? null,
      when: when ?? [],
      ...(dst != null && { dst }),
      ...(src != null && { src }),
      ...(count != null && { count }),
    },
  ];
}
