import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { parseFilename } from '../archive/filename.ts';
import { normalizeProjectName } from '../archive/project-name.ts';
import { packagesErrors } from '../errors.ts';
import { contentTypeOf } from '../files/content-type.ts';
import type { ServedFile } from '../files/send-file.ts';
import { fullName, type Index } from '../indexes/store.ts';
import { Download, type Wanted } from './download.ts';
import { bestHash, linkRelpath, type Link } from './link.ts';
import { readPage, type Mirrors } from './mirrors.ts';
import { findReservation } from './reserved-names.ts';
import {
  findMirrorFile,
  findMirrorProject,
  saveMirrorFile,
  touchMirrorFiles,
  type MirrorFile,
} from './store.ts';

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

const SIDECAR = '.metadata';
const SIDECAR_TYPE = 'text/plain; charset=utf-8';
const MAX_SIDECAR_BYTES = 16 * 1024 ** 2;
const FLUSH_MS = 30_000;

/** A path that a mirror serves, with what upstream says of it. */
interface Found {
  readonly link: Link;
  readonly project: string;
  readonly isSidecar: boolean;
}

/** The files of all mirrors: stored ones, and each one that is not fetched once for all who ask. */
export class MirrorFiles {
  readonly #context: Context;
  readonly #mirrors: Mirrors;
  readonly #arriving = new Map<string, Download>();
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

  /** Finds a file, or starts to fetch it; throws 404, 502, 503 or 504. `relpath` is what follows `user/index/`. */
  async get(index: Index, relpath: string): Promise<MirrorAnswer> {
    const { db, config } = this.#context;
    const stored = await findMirrorFile(db, index.id, relpath);
    if (stored !== undefined) return { kind: 'stored', file: this.#serve(stored) };
    const running = this.#arriving.get(`${index.id} ${relpath}`);
    const found = await this.#find(index, relpath);
    if (config.offline) {
      const detail = `offline: ${relpath.split('/').at(-1)} is not cached on ${fullName(index)}`;
      throw new AppError(packagesErrors.notCachedOffline, detail);
    }
    if (index.options['mirror_use_external_urls'] === true && !found.isSidecar) {
      return { kind: 'external', url: found.link.url };
    }
    const contentType = found.isSidecar ? SIDECAR_TYPE : contentTypeOf(found.link.filename);
    const download = running ?? this.#fetch(index, relpath, found, contentType);
    const sha256 = found.isSidecar ? undefined : found.link.hashes['sha256'];
    return { kind: 'arriving', download, contentType, sha256 };
  }

  /** The stored file, once a download has ended. */
  async getStored(index: Index, relpath: string): Promise<ServedFile> {
    const stored = await findMirrorFile(this.#context.db, index.id, relpath);
    if (stored === undefined) throw new AppError(packagesErrors.fileNotFound, 'no such file');
    return this.#serve(stored);
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

  async close(): Promise<void> {
    clearInterval(this.#flushing);
    await this.flush();
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

  #fetch(index: Index, relpath: string, { link, project, isSidecar }: Found, contentType: string): Download {
    const { files, db, clock, config } = this.#context;
    const key = `${index.id} ${relpath}`;
    const { statistics } = this.#mirrors;
    statistics.fileMisses += 1;
    const wanted = isSidecar ? wantedSidecar(link) : wantedFile(link, config['packages.max-upload-bytes']);
    const download = new Download(this.#mirrors.clientOf(index), files, wanted, async (stored) => {
      statistics.bytesFetched += stored.size;
      await saveMirrorFile(db, {
        indexId: index.id,
        relpath,
        project,
        ...stored,
        contentType,
        storedAt: clock.now(),
      });
    });
    this.#arriving.set(key, download);
    const end = (error?: unknown) => {
      this.#arriving.delete(key);
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

  /** Which project a path belongs to follows from the file name; old names leave several possibilities. */
  async #find(index: Index, relpath: string): Promise<Found> {
    const name = relpath.split('/').at(-1) ?? '';
    const isSidecar = name.endsWith(SIDECAR);
    const filename = isSidecar ? name.slice(0, -SIDECAR.length) : name;
    const path = isSidecar ? relpath.slice(0, -SIDECAR.length) : relpath;
    const candidates = candidateProjects(filename).filter(
      (project) => findReservation(index, project) === undefined,
    );
    for (const project of candidates) {
      const stored = await findMirrorProject(this.#context.db, index.id, project);
      const links = stored?.page ? (await readPage(stored.page)).files : [];
      const link = findLink(links, path, isSidecar);
      if (link !== undefined) return { link, project, isSidecar };
    }
    // A lock file may name a file whose page nobody asked for yet, or which is newer than our copy of the page.
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
}

function findLink(links: readonly Link[], path: string, isSidecar: boolean): Link | undefined {
  return links.find(
    (link) =>
      decodeURIComponent(linkRelpath(link)) === path && (!isSidecar || link.coreMetadata !== undefined),
  );
}

/** `a-b-1.0.tar.gz` may belong to `a-b` or to `a`. */
function candidateProjects(filename: string): string[] {
  const parsed = parseFilename(filename)?.project;
  const parts = filename.split('-');
  const prefixes = parts
    .slice(1, 8)
    .map((_part, index) => normalizeProjectName(parts.slice(0, index + 1).join('-')));
  return [...new Set([...(parsed === undefined ? [] : [parsed]), ...prefixes])];
}

function wantedFile(link: Link, maxBytes: number): Wanted {
  return { url: link.url, size: link.size, hash: bestHash(link.hashes), maxBytes };
}

function wantedSidecar(link: Link): Wanted {
  const url = new URL(link.url);
  url.pathname += SIDECAR;
  const { coreMetadata } = link;
  const hash = typeof coreMetadata === 'string' ? { algorithm: 'sha256', digest: coreMetadata } : undefined;
  return { url: url.href, size: undefined, hash, maxBytes: MAX_SIDECAR_BYTES };
}
