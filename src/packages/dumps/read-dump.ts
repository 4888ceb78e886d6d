import { realpath } from 'node:fs/promises';
import { accountsConfig, checkName, readDumpedUser, type DumpedUser } from '#accounts';
import type { Config } from '#kernel/config/kernel-settings.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { isProjectName, normalizeProjectName } from '#python/names/project-name.ts';
import { packagesErrors } from '../errors.ts';
import { checkOptionLimits } from '../indexes/option-limits.ts';
import type { Options } from '../model/index.ts';
import type { Dump, DumpedIndex, DumpedProject } from './dump.ts';
import { DATA_INDEX, DUMP_VERSIONS, FileItem, IndexConfig, problemOf, ReleaseItem } from './dump-format.ts';
import { describeCycle, findCycles } from './find-cycles.ts';
import type { Problems } from './problems.ts';
import { readOptions } from './read-options.ts';
import { resolveFiles } from './resolve-files.ts';
import { scanDataIndex, type ProjectPiece } from './scan-data-index.ts';

export interface ReadDumpOptions {
  /** Types of indexes to leave out. */
  readonly skippedTypes?: readonly string[];
  /** Leaves out root/pypi, as devpi-import does that is told so. */
  readonly withoutRootPypi?: boolean;
}

/** An index as it stands in the file, before it is known of what type it is. */
interface ScannedIndex {
  readonly key: string;
  config: unknown;
  readonly projects: Map<string, DumpedProject>;
  readonly files: FileItem[];
  readonly problems: string[];
}

/**
 * Reads what a dump of devpi says that it holds, of any version that devpi-import takes, and checks all of it but the bytes
 * of files. What is wrong is added to `problems`. Throws `packages.invalid-dump` where there is no dump at all.
 */
export async function readDump(
  directory: string,
  config: Config,
  problems: Problems,
  { skippedTypes = [], withoutRootPypi = false }: ReadDumpOptions = {},
): Promise<Dump> {
  const real = await realpath(directory).catch((cause: unknown) => {
    throw invalidDump(`cannot read ${directory}: ${(cause as Error).message}`, cause);
  });
  const { users, userNames, scanned, version } = await scan(real, config, problems);
  if (!DUMP_VERSIONS.includes(version))
    problems.add(`dumpversion is ${JSON.stringify(version)}; known are "1" and "2"`);
  const notes: string[] = [];
  const indexes: DumpedIndex[] = [];
  for (const each of scanned.values()) {
    if (withoutRootPypi && each.key === 'root/pypi') continue;
    const index = readIndex(each, config, problems, { notes, skippedTypes });
    if (index === undefined) continue;
    for (const problem of each.problems) problems.add(`${each.key}: ${problem}`);
    indexes.push({ ...index, files: resolveFiles(real, index, each.files, { problems, notes }) });
  }
  checkBases(indexes, { problems, notes });
  // An index whose user is missing makes the user, as devpi-import does.
  for (const { key, user } of indexes) {
    if (userNames.has(user) || user === 'root') continue;
    userNames.add(user);
    notes.push(`user ${user} is made for the indexes; the dump does not have the user`);
    told(problems, () => users.set(user, readDumpedUser(user, {}, accountsConfig(config))), key);
  }
  return { directory: real, users: [...users.values()], indexes, notes };
}

async function scan(directory: string, config: Config, problems: Problems) {
  const users = new Map<string, DumpedUser>();
  const userNames = new Set<string>();
  const scanned = new Map<string, ScannedIndex>();
  const seen = new Set<string>();
  let version: unknown;
  let current: ScannedIndex | undefined;
  try {
    for await (const piece of scanDataIndex(directory)) {
      switch (piece.kind) {
        case 'top':
          if (piece.key === 'dumpversion') version = piece.value;
          break;
        case 'user':
          if (userNames.has(piece.key)) problems.add(`user ${piece.key} is there twice`);
          userNames.add(piece.key);
          told(
            problems,
            () => {
              users.set(piece.key, readDumpedUser(piece.key, piece.value, accountsConfig(config)));
            },
            `user ${piece.key}`,
          );
          break;
        case 'index':
          if (scanned.has(piece.key)) problems.add(`index ${piece.key} is there twice`);
          current = { key: piece.key, config: undefined, projects: new Map(), files: [], problems: [] };
          scanned.set(piece.key, current);
          seen.clear();
          break;
        case 'indexconfig':
          if (current !== undefined) current.config = piece.value;
          break;
        case 'project':
          if (seen.has(piece.project)) current?.problems.push(`project ${piece.project} is there twice`);
          seen.add(piece.project);
          if (!piece.isObject) current?.problems.push(`project ${piece.project}: is no object of versions`);
          if (current !== undefined) readProject(current, piece.project);
          break;
        case 'release':
          if (current !== undefined) readRelease(current, piece);
          break;
        case 'file': {
          const item = FileItem.safeParse(piece.value);
          if (item.success) current?.files.push(item.data);
          else current?.problems.push(`a file that cannot be read: ${problemOf(item.error)}`);
        }
      }
    }
  } catch (cause) {
    if (cause instanceof SyntaxError) throw invalidDump(`${DATA_INDEX} is damaged: ${cause.message}`, cause);
    if (cause instanceof AppError) throw cause;
    throw invalidDump(`cannot read ${DATA_INDEX} in ${directory}: ${(cause as Error).message}`, cause);
  }
  return { users, userNames, scanned, version };
}

const VERSION = /^(?!\.+$)[^\s\p{Cc}\p{Cs}/\\+][^\s\p{Cc}\p{Cs}/\\]{0,199}$/u;
/** Left by old servers; they mean nothing. */
const DROPPED_KEYS = new Set(['+doczip', ':action']);

function readProject({ projects, problems }: ScannedIndex, key: string): void {
  if (!isProjectName(key)) {
    problems.push(`project ${key}: no name that a project can have`);
    return;
  }
  const name = normalizeProjectName(key);
  if (!projects.has(name)) projects.set(name, { displayName: '', versions: new Map() });
}

function readRelease(
  { projects, problems }: ScannedIndex,
  { project: key, version: written, value }: Extract<ProjectPiece, { kind: 'release' }>,
): void {
  const name = normalizeProjectName(key);
  const project = projects.get(name);
  // Its name was told of.
  if (project === undefined) return;
  const where = `project ${key}, version ${written}`;
  const release = ReleaseItem.safeParse(value);
  if (!release.success) {
    problems.push(`${where}: ${problemOf(release.error)}`);
    return;
  }
  const unknown = Object.keys(release.data).filter((each) => each.startsWith('+') && !DROPPED_KEYS.has(each));
  if (unknown.length > 0) problems.push(`${where}: has the keys ${unknown.join(', ')}`);
  const named = release.data.name ?? '';
  if (named !== '' && normalizeProjectName(named) !== name)
    problems.push(`${where}: its metadata are those of ${named}`);
  // Without any version there is nothing to keep: devpi-import leaves it out, too.
  const version = versionOf(written, release.data);
  if (version === '') return;
  if (!VERSION.test(version)) problems.push(`${where}: no version that a release can have`);
  const { requires_python: python, yanked } = release.data;
  project.displayName ||= named;
  project.versions.set(version, {
    requiresPython: typeof python === 'string' && python !== '' ? python : null,
    yanked: typeof yanked === 'string' ? yanked : yanked === true ? '' : null,
  });
}

/** The version of a release by its key, else by its metadata. */
export function versionOf(key: string, metadata: ReleaseItem): string {
  return key === '' ? (metadata.version ?? '') : key;
}

function readIndex(
  { key, config: value, projects }: ScannedIndex,
  config: Config,
  problems: Problems,
  { notes, skippedTypes }: { readonly notes: string[]; readonly skippedTypes: readonly string[] },
): Omit<DumpedIndex, 'files'> | undefined {
  const parsed = IndexConfig.safeParse(value);
  if (!parsed.success) {
    problems.add(`${key}: indexconfig: ${problemOf(parsed.error)}`);
    return undefined;
  }
  const { type, ...given } = parsed.data;
  if (skippedTypes.includes(type)) {
    notes.push(`${key} is left out: indexes of the type ${type} are skipped`);
    return undefined;
  }
  if (type !== 'stage' && type !== 'mirror') {
    problems.add(
      `${key}: unknown index type '${type}'; leave such indexes out with --skip-import-type ${type}`,
    );
    return undefined;
  }
  const [user = '', name = '', ...rest] = key.split('/');
  if (user === '' || rest.length > 0) {
    problems.add(`${key}: no name of an index, which is USER/INDEX`);
    return undefined;
  }
  told(problems, () => checkName(packagesErrors.invalidIndex, 'indexname', name), key);
  let options: Options = {};
  told(
    problems,
    () => {
      const read = readOptions(type, user, given);
      options = read.options;
      if (read.unknown.length > 0) notes.push(`${key}: kept without effect: ${read.unknown.join(', ')}`);
      checkOptionLimits(config, options);
    },
    key,
  );
  for (const [project, each] of projects) each.displayName ||= project;
  return { key, user, name, type, options, projects };
}

function checkBases(
  indexes: readonly DumpedIndex[],
  { problems, notes }: { readonly problems: Problems; readonly notes: string[] },
): void {
  const bases = new Map(indexes.map(({ key, options }) => [key, (options['bases'] ?? []) as string[]]));
  for (const cycle of findCycles(bases))
    problems.add(
      `the bases of indexes go in a circle: ${describeCycle(cycle)}; take one away and export again`,
    );
  const missing = new Set([...bases.values()].flat().filter((base) => !bases.has(base)));
  missing.delete('root/pypi');
  if (missing.size > 0)
    notes.push(`bases that the dump does not have: ${[...missing].toSorted().join(', ')}`);
}

/** Has what a check throws told as a problem of this place. */
function told(problems: Problems, check: () => unknown, where: string): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    problems.add(`${where}: ${error.message}`);
  }
}

function invalidDump(detail: string, cause: unknown): AppError {
  return new AppError(packagesErrors.invalidDump, detail, { cause });
}
