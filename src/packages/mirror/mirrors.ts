import type { Context } from '#kernel/context.ts';
import { environment } from '#kernel/config/environment.ts';
import type { Db } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { indexNotFound } from '../indexes/find.ts';
import { findIndex, fullName, type Index } from '../indexes/store.ts';
import type { ProjectStatus } from '../simple/page-file.ts';
import { fetchProject, type FetchedProject } from './upstream/fetch-project.ts';
import { linkRelpath, type Link } from './link.ts';
import { mirrorLimits, type MirrorLimits } from './limits.ts';
import { findReservation } from './reserved-names.ts';
import {
  extendMirrorProject,
  findMirrorProject,
  listCachedPaths,
  replaceStoredPage,
  saveMirrorProject,
  upstreamOf,
  type StoredProject,
} from './store.ts';
import { packPage, readPage } from './stored-page.ts';
import { UpstreamClient } from './upstream/upstream-client.ts';
import { UpstreamPauses } from './upstream/upstream-pauses.ts';
import { WriteBatch } from './write-batch.ts';

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
const OFFLINE_MS = 60_000;

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
  readonly limits: MirrorLimits;
  /** For all that is kept of upstream's answers. */
  readonly writes: WriteBatch;
  readonly #context: Context;
  readonly #clients = new Map<number, { readonly url: string; readonly client: UpstreamClient }>();
  readonly #fetching = new Map<string, Promise<StoredProject>>();
  readonly #pauses: UpstreamPauses;

  constructor(context: Context) {
    this.#context = context;
    this.writes = new WriteBatch(context.db);
    this.limits = mirrorLimits(context.config);
    this.#pauses = new UpstreamPauses(context.clock, this.limits);
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
    return { projects, failure, retryAt: failure && this.#context.clock.now() + this.limits.staleMs };
  }

  /** What one mirror shows of a project; throws 502, 503 or 504 if nothing is known and upstream does not say. */
  async project(index: Index, name: string): Promise<MirrorProject> {
    const { db, clock, config } = this.#context;
    if (findReservation(index, name) !== undefined) return absent(index, Infinity);
    const stored = await findMirrorProject(db, index, name);
    const now = clock.now();
    if (config.offline) return await this.#offline(index, name, stored);
    if (stored !== undefined && stored.expiresAt > now) {
      this.statistics.pageHits += 1;
      return await this.#show(index, stored, stored.expiresAt, false);
    }
    if (stored?.isFound !== true) {
      this.statistics.pageMisses += 1;
      this.#pauses.demandWelcome(index);
      const fetched = await this.#fetch(index, name, stored);
      return await this.#show(index, fetched, fetched.expiresAt, false);
    }
    if (this.#pauses.isPaused(index, name)) return await this.#showStale(index, stored);
    this.statistics.pageMisses += 1;
    const fetched = await withPatience(this.#fetch(index, name, stored), this.limits.patienceMs);
    if (fetched === undefined) return await this.#showStale(index, stored);
    return await this.#show(index, fetched, fetched.expiresAt, false);
  }

  /** Asks upstream anew whatever is known of a project; what is known stays if that fails. */
  async refresh(index: Index, name: string): Promise<void> {
    const { db, config } = this.#context;
    if (config.offline || findReservation(index, name) !== undefined) return;
    // A request that is under way may have been answered before what the caller waits for was published.
    await this.#fetching.get(fetchKey(index, name))?.catch(() => undefined);
    const stored = await findMirrorProject(db, index, name);
    // As if nothing were known: whoever refreshes wants what upstream has now, even if it is nothing.
    const fetched = await this.#fetch(index, name, undefined);
    const isSame =
      fetched.page === null || stored?.page == null
        ? fetched.page === (stored?.page ?? null)
        : Buffer.compare(fetched.page, stored.page) === 0;
    if (!isSame) await this.#announce(index, name);
  }

  /**
   * Upstream promises the metadata of a file and does not have it. An installer that is promised it fails when it is
   * not there, so from now on our page is silent about it, until upstream changes its own.
   */
  async dropMetadata(index: Index, name: string, link: Link): Promise<void> {
    const { db, log } = this.#context;
    const old = (await findMirrorProject(db, index, name))?.page;
    if (old == null) return;
    log.warn({ index: fullName(index), filename: link.filename }, 'upstream lacks metadata that it promises');
    const page = await readPage(old);
    const files = page.files.map((file) =>
      file.filename === link.filename ? { ...file, coreMetadata: undefined } : file,
    );
    await replaceStoredPage(db, index.id, name, {
      old,
      new: await packPage({ ...page, files }),
    });
    await this.#announce(index, name);
  }

  /** Rendered pages are kept until they expire, here and on other servers, unless an event says otherwise. */
  async #announce(index: Index, project: string): Promise<void> {
    await this.#context.events.change(async (_tx, emit) => {
      const data = { index: fullName(index), project };
      await emit({ type: 'packages.mirror-refreshed', actor: null, data });
    });
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
    void known?.client.retire();
    const client = new UpstreamClient(url, environment);
    this.#clients.set(index.id, { url, client });
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map(({ client }) => client.close()));
    await Promise.allSettled(this.#fetching.values());
  }

  /** One request to upstream for all who wait; who starts it need not stay. */
  #fetch(index: Index, name: string, stored: StoredProject | undefined): Promise<StoredProject> {
    const key = fetchKey(index, name);
    const running = this.#fetching.get(key);
    if (running !== undefined) return running;
    const fetching = this.#ask(index, name, stored).finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, fetching);
    // Those who wait hear of a failure; when nobody waits any more it must not end the process.
    fetching.catch(() => undefined);
    return fetching;
  }

  async #ask(index: Index, name: string, stored: StoredProject | undefined): Promise<StoredProject> {
    const client = this.clientOf(index);
    this.statistics.upstreamRequests += 1;
    const fetched = await fetchProject(
      client,
      { project: name, etag: stored?.isFound === true ? stored.etag : null },
      this.limits,
    ).catch((error: unknown) => {
      this.statistics.upstreamFailures += 1;
      this.#pauses.add(index, name, error);
      throw error;
    });
    this.#pauses.end(index, name);
    const kept = await this.#merge(index, name, { fetched, stored });
    await this.#save(index, name, kept, stored);
    return kept;
  }

  /** What is to be kept after an answer, and shown. */
  async #merge(
    index: Index,
    name: string,
    { fetched, stored }: { readonly fetched: FetchedProject; readonly stored: StoredProject | undefined },
  ): Promise<StoredProject> {
    const { clock, log } = this.#context;
    const upstream = upstreamOf(index);
    const expiresAt = clock.now() + expiryMs(index);
    const askAgainAt = clock.now() + Math.min(this.limits.absentMs, expiryMs(index));
    if (stored?.isFound === true && saysNothing(fetched)) {
      // Builds must not break because upstream removed something, or answers with a page that is none; devpi keeps the
      // last page too. Whoever asks for a refresh is told what upstream says.
      log.warn(
        { index: fullName(index), project: name },
        'upstream no longer has the project; keeping what is known',
      );
      return { ...stored, expiresAt: askAgainAt };
    }
    if (fetched.kind === 'absent') {
      return { upstream, isFound: false, page: null, etag: null, serial: null, expiresAt: askAgainAt };
    }
    if (fetched.kind === 'unchanged') {
      if (stored !== undefined) return { ...stored, expiresAt };
      throw new AppError(packagesErrors.upstreamFailed, 'upstream answered 304 unasked');
    }
    const { page, etag, serial } = fetched;
    if (stored !== undefined && isOlder(index, serial, stored)) {
      log.warn(
        { index: fullName(index), project: name, serial },
        'upstream went back in time; keeping what is known',
      );
      return { ...stored, expiresAt };
    }
    const { dropped, droppedCount } = page;
    if (droppedCount > 0) {
      this.statistics.entriesDropped += droppedCount;
      log.warn(
        { index: fullName(index), project: name, droppedCount, dropped },
        'left out entries of an upstream page',
      );
    }
    return {
      upstream,
      isFound: true,
      page: await packPage(page),
      etag,
      serial,
      expiresAt,
    };
  }

  async #save(
    index: Index,
    name: string,
    kept: StoredProject,
    stored: StoredProject | undefined,
  ): Promise<void> {
    const { db } = this.#context;
    try {
      if (kept.page !== null && kept.page === stored?.page)
        await this.writes.add((tx) => extendMirrorProject(tx, index.id, name, kept.expiresAt));
      else await this.writes.add((tx) => saveMirrorProject(tx, index.id, name, kept));
    } catch (error) {
      await demandIndex(db, index);
      throw error;
    }
  }

  async #showStale(index: Index, stored: StoredProject): Promise<MirrorProject> {
    this.statistics.pagesStale += 1;
    return await this.#show(index, stored, this.#context.clock.now() + this.limits.staleMs, true);
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
    const isCached = (relpath: string) => cached.has(decodeURIComponent(relpath));
    return {
      ...project,
      files: project.files
        .filter((link) => isCached(linkRelpath(link)))
        // An installer that is promised metadata fails when it is not there.
        .map((link) =>
          isCached(`${linkRelpath(link)}.metadata`) ? link : { ...link, coreMetadata: undefined },
        ),
    };
  }
}

/** True for a 404, and for a page of nothing at all, as maintenance pages and captive portals look like. */
function saysNothing(fetched: FetchedProject): boolean {
  if (fetched.kind !== 'page') return fetched.kind === 'absent';
  const { files, versions, status, serial, droppedCount } = fetched.page;
  return files.length + versions.length + droppedCount === 0 && status === undefined && serial === undefined;
}

/** Throws 404 if the index has been deleted meanwhile. */
export async function demandIndex(db: Db, index: Index): Promise<void> {
  const found = await findIndex(db, index.user, index.name);
  if (found?.id !== index.id) throw indexNotFound(index.user, index.name);
}

function fetchKey(index: Index, name: string): string {
  return `${index.id} ${String(index.options['mirror_url'])} ${name}`;
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
function isOlder(index: Index, serial: number | null, stored: StoredProject): boolean {
  if (index.options['mirror_ignore_serial_header'] === true || !stored.isFound) return false;
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
