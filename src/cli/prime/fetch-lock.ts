import { normalizeProjectName } from '#python/names/project-name.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import type { Progress } from '#kernel/progress.ts';
import { formatBytes } from '../format-bytes.ts';
import type { LockedPackage } from '#python/locks/lock.ts';
import { METADATA_SUFFIX } from '#packages/contract';
import { chooseFiles, type Missing, type WantedFile } from './choose-files.ts';
import { inParallel } from '#kernel/in-parallel.ts';
import { download, fetchPage, Refusal, type Digest, type FetchedPage } from './index-client.ts';

/** A file that the index gave, verified. */
interface FetchedFile extends Digest {
  readonly wanted: WantedFile;
  readonly sidecar: Digest | undefined;
}

export interface FetchedLock {
  /** As served, by project. */
  readonly pages: ReadonlyMap<string, Buffer>;
  /** By project and name. */
  readonly files: readonly FetchedFile[];
  readonly missing: readonly Missing[];
}

const CONNECTIONS = 8;

/**
 * Gets everything that packages need through an index, which makes its mirrors keep it, and verifies every byte. Throws
 * if the server is not there; what it does not give is told as missing.
 */
export async function fetchLock(
  indexUrl: string,
  packages: readonly LockedPackage[],
  only: readonly string[],
  progress: Progress,
): Promise<FetchedLock> {
  const missing: Missing[] = [];
  const projects = Map.groupBy(packages, ({ project }) => normalizeProjectName(project));
  const pages = new Map<string, Buffer>();
  const wanted = new Map<string, WantedFile>();

  progress.step('asking for the pages');
  let asked = 0;
  await inParallel([...projects], CONNECTIONS, async ([project, versions]) => {
    const page = await findPage(indexUrl, project);
    progress.count((asked += 1), projects.size);
    if (page instanceof Refusal) {
      for (const { version } of versions) missing.push({ project, version, reason: page.message });
      return;
    }
    pages.set(project, page.body);
    for (const each of versions) {
      const choice = chooseFiles(each, page.files, only);
      missing.push(...choice.missing);
      for (const file of choice.files) wanted.set(`${project} ${file.filename}`, file);
    }
  });

  progress.step('fetching the files');
  const total = wanted.size;
  let done = 0;
  let bytes = 0;
  const count = () => progress.count(done, total, formatBytes(bytes));
  const sink = ({ byteLength }: Uint8Array) => {
    bytes += byteLength;
    if (done < total) count();
  };
  const results = await inParallel([...wanted.values()], CONNECTIONS, async (file) => {
    const result = await fetchFile(file, sink);
    done += 1;
    count();
    return result;
  });
  const files = results.filter((result): result is FetchedFile => 'wanted' in result);
  missing.push(...results.filter((result): result is Missing => 'reason' in result));
  return { pages, files: files.sort(byName), missing: missing.sort(byProject) };
}

async function findPage(indexUrl: string, project: string): Promise<FetchedPage | Refusal> {
  try {
    return await fetchPage(indexUrl, project);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (!error.isUnreachable) return error;
    throw new AppError(cliErrors.serverUnreachable, error.message, {
      cause: error,
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
}

async function fetchFile(
  file: WantedFile,
  sink: (chunk: Uint8Array) => void,
): Promise<FetchedFile | Missing> {
  const { project, version, filename, metadata } = file;
  try {
    const digest = await download(file.url, { sha256: file.allowed, size: file.size }, sink);
    const sidecar = metadata === undefined ? undefined : await fetchSidecar(file, metadata, sink);
    return { wanted: file, ...digest, sidecar };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { project, version, filename, reason: error.message };
  }
}

async function fetchSidecar(
  { url }: WantedFile,
  sha256: string | true,
  sink: (chunk: Uint8Array) => void,
): Promise<Digest | undefined> {
  const expected = { sha256: sha256 === true ? [] : [sha256], size: undefined };
  try {
    return await download(`${url}${METADATA_SUFFIX}`, expected, sink);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // Some upstreams promise sidecars that they do not have; installers then read the file itself.
    if (error.message.startsWith('404')) return undefined;
    throw new Refusal(`its metadata: ${error.message}`);
  }
}

function byName(a: FetchedFile, b: FetchedFile): number {
  return compare(a.wanted.project, b.wanted.project) || compare(a.wanted.filename, b.wanted.filename);
}

function byProject(a: Missing, b: Missing): number {
  return (
    compare(a.project, b.project) ||
    compare(a.version, b.version) ||
    compare(a.filename ?? '', b.filename ?? '')
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
