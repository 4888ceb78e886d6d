import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { Context } from '#kernel/context.ts';
import { environment } from '#kernel/config/environment.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { fullName, type Index } from '../indexes/store.ts';
import type { ProjectStatus } from '../simple/project-page.ts';
import { fetchProject } from './fetch-project.ts';
import { linkRelpath, type Link } from './link.ts';
import { findReservation } from './reserved-names.ts';
import {
  deleteMirrorProjects,
  extendMirrorProject,
  findMirrorProject,
  listCachedPaths,
  saveMirrorProject,
  type StoredProject,
} from './store.ts';
import { UpstreamClient } from './upstream-client.ts';
import type { UpstreamPage } from './upstream-page.ts';

/** What a mirror shows of a project. */
export interface MirrorProject {
  readonly index: Index;
  /** False when upstream has no such project. */
  readonly isKnown: boolean;
  readonly files: readonly Link[];
  readonly versions: readonly string[];
  readonly status: ProjectStatus | undefined;
  readonly serial: number | undefined;
  /** Epoch milliseconds. */
  readonly freshUntil: number;
  /** True if upstream could not be asked and this is what it said before. */
  readonly isStale: boolean;
}

export interface Asked {
  readonly projects: readonly MirrorProject[];
  /** Why a mirror gave nothing at all; the others' answers count all the same. */
  readonly failure: AppError | undefined;
  /** When asking again makes sense, epoch milliseconds. */
  readonly retryAt: number | undefined;
}

/** Counted since the start of this process. */
export interface MirrorStatistics {
  pageHits: number;
  pageMisses: number;
  pagesStale: number;
  upstreamRequests: number;
  upstreamFailures: number;
  entriesDropped: number;
  fileHits: number;
  fileMisses: number;
  bytesFetched: number;
}

const DEFAULT_EXPIRY_SECONDS = 1800;
/** New projects must not stay hidden behind a 404 for long (reference packaging.md 2.4). */
const ABSENT_MS = 120_000;
/** With an old copy at hand nobody waits longer for a new one. */
const PATIENCE_MS = 1500;
const STALE_MS = 1000;
/** How long upstream is left alone after a failure, where an old copy can be served. */
const PAUSE_MS = 5000;
const MAX_PAUSE_MS = 300_000;
const OFFLINE_MS = 60_000;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/**
 * The pages of all mirrors: read from the database while fresh, asked of upstream once for all who wait, served old
 * when upstream is slow or down. No answer is ever made from an error (reference devpi.md 1.16 item 4, 2.6).
 */
export class Mirrors {
  readonly statistics: MirrorStatistics = {
    pageHits: 0,
    pageMisses: 0,
    pagesStale: 0,
    upstreamRequests: 0,
    upstreamFailures: 0,
    entriesDropped: 0,
    fileHits: 0,
    fileMisses: 0,
    bytesFetched: 0,
  };
  readonly #context: Context;
  readonly #clients = new Map<number, { readonly url: string; readonly client: UpstreamClient }>();
  readonly #fetching = new Map<string, Promise<StoredProject>>();
  readonly #pausedUntil = new Map<number, number>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** What each of the mirrors shows of a project; asks those that must be asked, all at once. */
  async ask(indexes: readonly Index[], name: string): Promise<Asked> {
    const results = await Promise.allSettled(indexes.map((index) => this.project(index, name)));
    const projects: MirrorProject[] = [];
    let failure: AppError | undefined;
    for (const [position, result] of results.entries()) {
      if (result.status === 'fulfilled') projects.push(result.value);
      else {
        if (!(result.reason instanceof AppError)) throw result.reason;
        failure ??= result.reason;
        const index = indexes[position];
        this.#context.log.warn(
          { index: index && fullName(index), project: name, err: result.reason },
          'a mirror gave no answer',
        );
      }
    }
    return { projects, failure, retryAt: failure && this.#context.clock.now() + STALE_MS };
  }

  /** What one mirror shows of a project; throws 502, 503 or 504 if nothing is known and upstream does not say. */
  async project(index: Index, name: string): Promise<MirrorProject> {
    const { db, clock, config } = this.#context;
    if (findReservation(index, name) !== undefined) return absent(index, Infinity);
    const stored = await findMirrorProject(db, index.id, name);
    const now = clock.now();
    if (config.offline) return await this.#offline(index, name, stored);
    if (stored !== undefined && stored.expiresAt > now) {
      this.statistics.pageHits += 1;
      return await this.#show(index, stored, stored.expiresAt, false);
    }
    if (stored?.isFound !== true) {
      this.statistics.pageMisses += 1;
      this.#demandUnpaused(index, now);
      const fetched = await this.#fetch(index, name, stored);
      return await this.#show(index, fetched, fetched.expiresAt, false);
    }
    if ((this.#pausedUntil.get(index.id) ?? 0) > now) return await this.#showStale(index, stored);
    this.statistics.pageMisses += 1;
    const fetched = await withPatience(this.#fetch(index, name, stored), PATIENCE_MS);
    if (fetched === undefined) return await this.#showStale(index, stored);
    return await this.#show(index, fetched, fetched.expiresAt, false);
  }

  /** Forgets what is known of a project and asks upstream anew. */
  async refresh(index: Index, name: string): Promise<void> {
    const { db, config } = this.#context;
    if (config.offline || findReservation(index, name) !== undefined) return;
    const stored = await findMirrorProject(db, index.id, name);
    await this.#fetch(index, name, stored && { ...stored, etag: null, serial: null });
  }

  /** Forgets one project, or everything a mirror said: for removal and for a changed `mirror_url`. */
  async forget(index: Index, name?: string): Promise<void> {
    await deleteMirrorProjects(this.#context.db, index.id, name);
    this.#pausedUntil.delete(index.id);
  }

  /** The client for a mirror's upstream; throws 502 when the index names none. */
  clientOf(index: Index): UpstreamClient {
    const url = index.options['mirror_url'];
    if (typeof url !== 'string') {
      throw new AppError(packagesErrors.upstreamFailed, `${fullName(index)} has no mirror_url`, {
        hint: `set one: devpi index ${fullName(index)} mirror_url=https://…/simple/`,
      });
    }
    const known = this.#clients.get(index.id);
    if (known?.url === url) return known.client;
    void known?.client.close();
    const client = new UpstreamClient(url, environment);
    this.#clients.set(index.id, { url, client });
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map(({ client }) => client.close()));
  }

  /** One request to upstream for all who wait; who starts it need not stay. */
  #fetch(index: Index, name: string, stored: StoredProject | undefined): Promise<StoredProject> {
    const key = `${index.id} ${String(index.options['mirror_url'])} ${name}`;
    const running = this.#fetching.get(key);
    if (running !== undefined) return running;
    const fetching = this.#ask(index, name, stored).finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, fetching);
    // Those who wait hear of a failure; when nobody waits any more it must not end the process.
    fetching.catch(() => undefined);
    return fetching;
  }

  async #ask(index: Index, name: string, stored: StoredProject | undefined): Promise<StoredProject> {
    const { db, clock, log } = this.#context;
    const client = this.clientOf(index);
    this.statistics.upstreamRequests += 1;
    try {
      const fetched = await fetchProject(client, name, stored?.isFound === true ? stored.etag : null);
      this.#pausedUntil.delete(index.id);
      const expiresAt = clock.now() + expiryMs(index);
      if (fetched.kind === 'absent') {
        const askAgainAt = clock.now() + Math.min(ABSENT_MS, expiryMs(index));
        if (stored?.isFound === true) {
          // Builds must not break because upstream removed something; devpi keeps the last page too.
          log.warn(
            { index: fullName(index), project: name },
            'upstream no longer has the project; keeping what is known',
          );
          await extendMirrorProject(db, index.id, name, askAgainAt);
          return { ...stored, expiresAt: askAgainAt };
        }
        const nothing = { isFound: false, page: null, etag: null, serial: null };
        const kept = { ...nothing, expiresAt: askAgainAt };
        await saveMirrorProject(db, index.id, name, kept);
        return kept;
      }
      if (fetched.kind === 'unchanged' && stored !== undefined) {
        await extendMirrorProject(db, index.id, name, expiresAt);
        return { ...stored, expiresAt };
      }
      if (fetched.kind !== 'page')
        throw new AppError(packagesErrors.upstreamFailed, 'upstream answered 304 unasked');
      if (isOlder(index, fetched.serial, stored)) {
        log.warn(
          { index: fullName(index), project: name, serial: fetched.serial },
          'upstream went back in time; keeping what is known',
        );
        await extendMirrorProject(db, index.id, name, expiresAt);
        return { ...(stored as StoredProject), expiresAt };
      }
      if (fetched.page.droppedCount > 0) {
        this.statistics.entriesDropped += fetched.page.droppedCount;
        const { dropped, droppedCount } = fetched.page;
        log.warn(
          { index: fullName(index), project: name, droppedCount, dropped },
          'left out entries of an upstream page',
        );
      }
      const page = await compress(JSON.stringify(fetched.page));
      const kept = { isFound: true, page, etag: fetched.etag, serial: fetched.serial, expiresAt };
      await saveMirrorProject(db, index.id, name, kept);
      return kept;
    } catch (error) {
      this.#pause(index, error);
      throw error;
    }
  }

  #pause(index: Index, error: unknown): void {
    this.statistics.upstreamFailures += 1;
    const seconds = error instanceof AppError ? Number(error.headers['retry-after'] ?? 0) : 0;
    const pauseMs = Math.min(Math.max(PAUSE_MS, seconds * 1000), MAX_PAUSE_MS);
    this.#pausedUntil.set(index.id, this.#context.clock.now() + pauseMs);
    if (seconds > 0)
      this.#retryAfter.set(index.id, this.#context.clock.now() + Math.min(seconds * 1000, MAX_PAUSE_MS));
  }

  /** Until when upstream has asked us to stay away; without a copy that is an honest 502 with Retry-After. */
  readonly #retryAfter = new Map<number, number>();

  #demandUnpaused(index: Index, now: number): void {
    const until = this.#retryAfter.get(index.id) ?? 0;
    if (until <= now) {
      this.#retryAfter.delete(index.id);
      return;
    }
    const seconds = Math.ceil((until - now) / 1000);
    throw new AppError(
      packagesErrors.upstreamFailed,
      `the upstream index of ${fullName(index)} asks to wait ${seconds} s`,
      {
        headers: { 'retry-after': String(seconds) },
      },
    );
  }

  async #showStale(index: Index, stored: StoredProject): Promise<MirrorProject> {
    this.statistics.pagesStale += 1;
    return await this.#show(index, stored, this.#context.clock.now() + STALE_MS, true);
  }

  async #show(
    index: Index,
    stored: StoredProject,
    freshUntil: number,
    isStale: boolean,
  ): Promise<MirrorProject> {
    if (!stored.isFound || stored.page === null) return absent(index, freshUntil);
    const page = await readPage(stored.page);
    const { files, versions, status } = page;
    return {
      index,
      isKnown: true,
      files,
      versions,
      status,
      serial: stored.serial ?? undefined,
      freshUntil,
      isStale,
    };
  }

  /** Only what can be installed without upstream: the files that are stored here. */
  async #offline(index: Index, name: string, stored: StoredProject | undefined): Promise<MirrorProject> {
    if (stored?.isFound !== true) {
      const detail = `offline: nothing is known of ${name} on ${fullName(index)}`;
      throw new AppError(packagesErrors.notCachedOffline, detail);
    }
    const freshUntil = this.#context.clock.now() + OFFLINE_MS;
    const project = await this.#show(index, stored, freshUntil, false);
    const cached = await listCachedPaths(this.#context.db, index.id, name);
    return {
      ...project,
      files: project.files.filter((link) => cached.has(decodeURIComponent(linkRelpath(link)))),
    };
  }
}

/** The page as it was stored. */
export async function readPage(compressed: Uint8Array): Promise<UpstreamPage> {
  return JSON.parse((await decompress(compressed)).toString('utf8')) as UpstreamPage;
}

function absent(index: Index, freshUntil: number): MirrorProject {
  return {
    index,
    isKnown: false,
    files: [],
    versions: [],
    status: undefined,
    serial: undefined,
    freshUntil,
    isStale: false,
  };
}

function expiryMs(index: Index): number {
  const seconds = index.options['mirror_cache_expiry'];
  return (typeof seconds === 'number' ? seconds : DEFAULT_EXPIRY_SECONDS) * 1000;
}

/** A mirror that lags behind must not take back what was seen (reference devpi.md 2.6). */
function isOlder(index: Index, serial: number | null, stored: StoredProject | undefined): boolean {
  if (index.options['mirror_ignore_serial_header'] === true || stored?.isFound !== true) return false;
  return serial !== null && stored.serial !== null && serial < stored.serial;
}

/** The result, or undefined if it fails or does not come in time; the work goes on. */
async function withPatience<Result>(work: Promise<Result>, patienceMs: number): Promise<Result | undefined> {
  const { promise: timeout, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), patienceMs);
  try {
    return await Promise.race([work.catch(() => undefined), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
