import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { parseFilename } from '#python/names/filename.ts';
import { isProjectName, normalizeProjectName } from '#python/names/project-name.ts';
import { packagesErrors } from '../errors.ts';
import { contentTypeOf } from '../files/content-type.ts';
import type { ServedFile } from '../files/send-file.ts';
import { type Index, fullName } from '../model/index.ts';
import { MAX_METADATA_BYTES, METADATA_SUFFIX, METADATA_TYPE } from '../model/metadata-file.ts';
import { Download, type Wanted } from './download.ts';
import type { MirrorLimits } from './limits.ts';
import { bestHash, linkRelpath, type Link } from './link.ts';
import type { Mirrors } from './mirrors.ts';
import { findReservation } from './reserved-names.ts';
import {
  findMirrorFile,
  findMirrorProject,
  saveMirrorFile,
  touchMirrorFiles,
  type MirrorFile,
} from './store.ts';
import { demandIndex } from './upstream-answers.ts';
import { packagesConfig } from '../settings.ts';

/** How to answer for a mirrored file. */
export type MirrorAnswer =
  | { readonly kind: 'stored'; readonly file: ServedFile }
  | {
      readonly kind: 'arriving';
      readonly download: Download;
      readonly contentType: string;
      readonly sha256: string | undefined;
    }
  | { readonly kind: 'external'; readonly url: string };

const FLUSH_MS = 30_000;

/** A path that a mirror serves, with what upstream says of it. */
export interface FoundLink {
  readonly link: Link;
  readonly project: string;
  readonly isSidecar: boolean;
}

/** The files of all mirrors: stored ones, and each one that is not fetched once for all who ask. */
export class MirrorFiles {
  readonly #context: Context;
  readonly #mirrors: Mirrors;
  /** From the first question about a file until it is stored: nobody can start a second download of it. */
  readonly #answers = new Map<string, Promise<MirrorAnswer>>();
  readonly #downloads = new Set<Download>();
  readonly #used = new Map<
    string,
    { readonly indexId: number; readonly relpath: string; readonly at: number }
  >();
  readonly #flushing: NodeJS.Timeout;

  constructor(context: Context, mirrors: Mirrors) {
    this.#context = context;
    this.#mirrors = mirrors;
    this.#flushing = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  /**
   * Finds a file, or starts to fetch it and waits until upstream has begun to send it; throws 404, 502, 503 or 504.
   * `relpath` is what follows `user/index/`.
   */
  async get(index: Index, relpath: string): Promise<MirrorAnswer> {
    const key = `${index.id} ${relpath}`;
    let answer = this.#answers.get(key);
    if (answer === undefined) {
      answer = this.#answer(index, relpath);
      this.#answers.set(key, answer);
      const forget = () => this.#answers.delete(key);
      answer
        .then(async (given) => (given.kind === 'arriving' ? await given.download.stored : undefined))
        .then(forget, forget);
    }
    return await within(answer, this.#mirrors.limits.fileMs, () => {
      const detail = `the upstream index of ${fullName(index)} does not begin to send ${relpath.split('/').at(-1)}`;
      return new AppError(packagesErrors.upstreamTimeout, detail);
    });
  }

  /** The stored file, fetched whole where it is not here yet, also for a mirror that points its readers to upstream. */
  async store(index: Index, relpath: string): Promise<ServedFile> {
    const given = await this.get(index, relpath);
    const answer = given.kind === 'external' ? await this.#answer(index, relpath, true) : given;
    if (answer.kind === 'stored') return answer.file;
    if (answer.kind === 'arriving') await answer.download.stored;
    return await this.getStored(index, relpath);
  }

  get limits(): MirrorLimits {
    return this.#mirrors.limits;
  }

  /** The stored file, once a download has ended. */
  async getStored(index: Index, relpath: string): Promise<ServedFile> {
    const stored = await findMirrorFile(this.#context.db, index.id, relpath);
    if (stored === undefined) throw new AppError(packagesErrors.fileNotFound, 'no such file');
    return this.#serve(stored);
  }

  /** Which entry of an upstream page a path stands for; throws 404, and what asking upstream throws. */
  async find(index: Index, relpath: string): Promise<FoundLink> {
    const name = relpath.split('/').at(-1) ?? '';
    const isSidecar = name.endsWith(METADATA_SUFFIX);
    const filename = isSidecar ? name.slice(0, -METADATA_SUFFIX.length) : name;
    const path = isSidecar ? relpath.slice(0, -METADATA_SUFFIX.length) : relpath;
    const candidates = candidateProjects(index, filename);
    for (const project of candidates) {
      const stored = await findMirrorProject(this.#context.db, index, project);
      const links = stored === undefined ? [] : (await stored.page.read()).files;
      const link = findLink(links, path, isSidecar);
      if (link !== undefined) return { link, project, isSidecar };
    }
    // A lock file may name a file whose page nobody asked for yet.
    const [project] = candidates;
    const asked = project === undefined ? undefined : await this.#mirrors.project(index, project);
    const link = findLink(asked?.files ?? [], path, isSidecar);
    if (link === undefined || project === undefined) {
      throw new AppError(packagesErrors.fileNotFound, 'no such file', {
        hint: `the upstream index of ${fullName(index)} does not list ${path}`,
      });
    }
    return { link, project, isSidecar };
  }

  /** Writes down when files were used, so that eviction knows. */
  async flush(): Promise<void> {
    const used = [...this.#used.values()];
    this.#used.clear();
    if (used.length === 0) return;
    await touchMirrorFiles(this.#context.db, used).catch((error: unknown) => {
      this.#context.log.warn({ err: error }, 'cannot note the use of mirrored files');
    });
  }

  /** Call it when nothing comes from upstream any more. */
  async close(): Promise<void> {
    clearInterval(this.#flushing);
    await Promise.allSettled(this.#answers.values());
    await Promise.allSettled([...this.#downloads].map(({ stored }) => stored));
    await this.flush();
  }

  async #answer(index: Index, relpath: string, isFetched = false): Promise<MirrorAnswer> {
    const { db, config, log } = this.#context;
    const stored = await findMirrorFile(db, index.id, relpath);
    if (stored !== undefined) {
      if (await this.#isReadable(stored)) return { kind: 'stored', file: this.#serve(stored) };
      log.warn(
        { index: fullName(index), relpath },
        'the bytes of a mirrored file are gone; fetching it again',
      );
    }
    const found = await this.find(index, relpath);
    const { link, isSidecar } = found;
    if (config.offline) {
      const detail = `offline: ${relpath.split('/').at(-1)} is not cached on ${fullName(index)}`;
      throw new AppError(packagesErrors.notCachedOffline, detail);
    }
    if (index.options['mirror_use_external_urls'] === true && !isSidecar && !isFetched) {
      return { kind: 'external', url: link.url };
    }
    const contentType = isSidecar ? METADATA_TYPE : contentTypeOf(link.filename);
    const download = this.#fetch(index, relpath, found, contentType);
    try {
      await download.announced;
    } catch (error) {
      if (isSidecar && isAbsent(error)) await this.#mirrors.dropMetadata(index, found.project, link);
      throw error;
    }
    return { kind: 'arriving', download, contentType, sha256: isSidecar ? undefined : link.hashes['sha256'] };
  }

  async #isReadable({ sha256 }: MirrorFile): Promise<boolean> {
    try {
      (await this.#context.files.open(sha256)).release();
      return true;
    } catch {
      return false;
    }
  }

  #serve(file: MirrorFile): ServedFile {
    const { indexId, relpath, sha256, size, contentType, storedAt } = file;
    const key = `${indexId} ${relpath}`;
    const note = () => {
      this.#mirrors.statistics.fileHits += 1;
      this.#used.set(key, { indexId, relpath, at: this.#context.clock.now() });
    };
    return { sha256, size, contentType, modifiedAt: storedAt, note };
  }

  #fetch(
    index: Index,
    relpath: string,
    { link, project, isSidecar }: FoundLink,
    contentType: string,
  ): Download {
    const { files, db, clock, config } = this.#context;
    const { statistics, limits } = this.#mirrors;
    statistics.fileMisses += 1;
    const wanted = isSidecar
      ? wantedSidecar(link)
      : wantedFile(link, packagesConfig(config)['packages.max-upload-bytes']);
    const save = async ({ sha256, size }: { readonly sha256: string; readonly size: number }) => {
      statistics.bytesFetched += size;
      const file = { indexId: index.id, relpath, project, sha256, size, contentType, storedAt: clock.now() };
      await this.#mirrors.writes
        .add((tx) => saveMirrorFile(tx, file))
        .catch(async (error: unknown) => {
          await demandIndex(db, index);
          throw error;
        });
    };
    const download = new Download({ client: this.#mirrors.clients.of(index), files, limits }, wanted, save);
    this.#downloads.add(download);
    const end = (error?: unknown) => {
      this.#downloads.delete(download);
      if (error === undefined) return;
      statistics.upstreamFailures += 1;
      this.#context.log.warn(
        { index: fullName(index), relpath, err: error },
        'cannot fetch a file from upstream',
      );
    };
    download.stored.then(() => end(), end);
    return download;
  }
}

function findLink(links: readonly Link[], path: string, isSidecar: boolean): Link | undefined {
  const filename = path.split('/').at(-1);
  return links.find(
    (link) =>
      link.filename === filename &&
      decodeURIComponent(linkRelpath(link)) === path &&
      (!isSidecar || link.coreMetadata !== undefined),
  );
}

/**
 * Which project a path belongs to follows from the file name; old names leave several possibilities: `a-b-1.0.tar.gz`
 * may belong to `a-b` or to `a`. None when the likeliest is reserved.
 */
function candidateProjects(index: Index, filename: string): string[] {
  const parsed = parseFilename(filename)?.project;
  if (parsed !== undefined && findReservation(index, parsed) !== undefined) return [];
  const parts = filename.split('-');
  const prefixes = parts
    .slice(1, 8)
    .map((_part, at) => normalizeProjectName(parts.slice(0, at + 1).join('-')));
  const all = new Set([...(parsed === undefined ? [] : [parsed]), ...prefixes]);
  return [...all].filter(
    (project) => isProjectName(project) && findReservation(index, project) === undefined,
  );
}

function wantedFile(link: Link, maxBytes: number): Wanted {
  return { url: link.url, size: link.size, hash: bestHash(link.hashes), maxBytes };
}

function wantedSidecar(link: Link): Wanted {
  const url = new URL(link.url);
  url.pathname += METADATA_SUFFIX;
  const { coreMetadata } = link;
  const hash = typeof coreMetadata === 'string' ? { algorithm: 'sha256', digest: coreMetadata } : undefined;
  return { url: url.href, size: undefined, hash, maxBytes: MAX_METADATA_BYTES };
}

function isAbsent(error: unknown): boolean {
  return error instanceof AppError && error.kind === packagesErrors.fileNotFound;
}

/** The result, or an error if it does not come in time; the work goes on. */
async function within<Result>(work: Promise<Result>, ms: number, late: () => AppError): Promise<Result> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), ms);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
