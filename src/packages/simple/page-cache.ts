import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { packagesEvents } from '../events.ts';
import type { Reading, View } from '../inheritance/reading.ts';
import type { RenderedPage } from './rendered-page.ts';

/** What a page is about: a project as one index shows it, or an index's list of projects. */
export interface PageKey {
  /** `user/index`. */
  readonly index: string;
  readonly project?: string;
}

/** The pages of one path: one for all readers, or one for each view. */
export interface CachedPage {
  readonly project: string;
  readonly reading: Reading;
  /** The only page, where nothing is restricted: then nobody needs to know who asks. */
  readonly everyone: RenderedPage | undefined;
  /** By the key of the view; empty where nothing is restricted. */
  readonly byView: ReadonlyMap<string, RenderedPage>;
}

/** How to make a page that is not kept. */
export interface PageSource {
  reading(): Promise<Reading>;
  /** What the reader who waits sees; throws what refuses him. */
  view(reading: Reading): View;
  page(view: View): Promise<RenderedPage>;
}

interface Loading {
  readonly project: string;
  readonly promise: Promise<unknown>;
}

/** Under this name go the lists of projects; no project can be called so. */
const LISTS = '';

/**
 * Rendered pages by the path that clients ask for, dropped when an event says that they changed. Any index may
 * inherit from any other, so a change of a project drops that project's page everywhere, and a change of an
 * index drops all pages: both are cheap to make again, and nobody can forget a dependency.
 */
export class PageCache implements Listener {
  readonly #maxBytes: number;
  readonly #pages = new Map<string, CachedPage>();
  readonly #pathsByProject = new Map<string, Set<string>>();
  /** Forgotten when a change is heard meanwhile: such a page serves who waits and is not kept. */
  readonly #loading = new Map<string, Loading>();
  /** Counts changes of indexes: a page of an older reading is neither kept nor shared. */
  #generation = 0;
  #bytes = 0;
  hits = 0;
  misses = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many paths have pages. */
  get size(): number {
    return this.#pages.size;
  }

  /** Bytes that all pages hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is kept for this path, whoever asks. */
  find(path: string): CachedPage | undefined {
    return this.#pages.get(path);
  }

  /** The page of `key` as its reader sees it, read once for all who wait and see the same. */
  async get(key: PageKey, now: number, source: PageSource): Promise<RenderedPage> {
    const path = pagePath(key);
    const project = key.project ?? LISTS;
    const generation = this.#generation;
    const own = `${generation} ${path}`;
    const reading =
      this.#pages.get(path)?.reading ?? (await this.#once(own, project, () => source.reading()));
    const view = source.view(reading);
    const cached = this.#pages.get(path);
    // The key of a view means nothing to pages of another reading.
    const found = cached?.reading === reading ? (cached.everyone ?? cached.byView.get(view.key)) : undefined;
    if (found !== undefined && found.freshUntil > now) {
      this.hits += 1;
      return found;
    }
    const load = () => {
      this.misses += 1;
      return source.page(view);
    };
    return await this.#once(`${own} ${view.key}`, project, load, (page) => {
      if (generation === this.#generation) this.#keep(path, { project, reading }, view.key, page);
    });
  }

  readonly hears = [
    hearing(
      [
        packagesEvents.projectCreated,
        packagesEvents.projectRemoved,
        packagesEvents.releaseRegistered,
        packagesEvents.releaseRemoved,
        packagesEvents.releaseYanked,
        packagesEvents.releaseUnyanked,
        packagesEvents.fileUploaded,
        packagesEvents.fileRemoved,
        packagesEvents.mirrorRefreshed,
        packagesEvents.bundleImported,
      ],
      // A mirror does not know the project of a file, nor does its page change with it.
      ({ data: { project } }) => project !== undefined && this.drop(project),
    ),
    hearing([packagesEvents.projectCreated, packagesEvents.projectRemoved], () => this.drop(LISTS)),
    hearing(
      [
        packagesEvents.indexCreated,
        packagesEvents.indexModified,
        packagesEvents.indexDeleted,
        packagesEvents.dumpImported,
      ],
      () => this.clear(),
    ),
  ];

  clear(): void {
    this.#generation += 1;
    for (const path of this.#pages.keys()) this.#forget(path);
    this.#loading.clear();
  }

  /** Forgets the page of a project on every index. */
  drop(project: string): void {
    for (const path of this.#pathsByProject.get(project) ?? []) this.#forget(path);
    for (const [key, loading] of this.#loading) {
      if (loading.project === project) this.#loading.delete(key);
    }
  }

  /** One run for all who wait. What it gives is kept unless something changed meanwhile. */
  async #once<Result>(
    key: string,
    project: string,
    load: () => Promise<Result>,
    keep?: (result: Result) => void,
  ): Promise<Result> {
    let loading = this.#loading.get(key);
    if (loading === undefined) {
      loading = { project, promise: load() };
      this.#loading.set(key, loading);
    }
    try {
      const result = (await loading.promise) as Result;
      if (this.#loading.get(key) === loading) keep?.(result);
      return result;
    } finally {
      if (this.#loading.get(key) === loading) this.#loading.delete(key);
    }
  }

  #keep(
    path: string,
    { project, reading }: Pick<CachedPage, 'project' | 'reading'>,
    viewKey: string,
    page: RenderedPage,
  ): void {
    const known = this.#pages.get(path);
    const byView = new Map(known?.reading === reading ? known.byView : []).set(viewKey, page);
    // A page that is made again is as young as a new one.
    this.#forget(path);
    const isForAll = reading.restricted.length === 0;
    const kept = {
      project,
      reading,
      everyone: isForAll ? page : undefined,
      byView: isForAll ? new Map() : byView,
    };
    this.#pages.set(path, kept);
    const paths = this.#pathsByProject.get(project) ?? new Set();
    this.#pathsByProject.set(project, paths.add(path));
    for (const each of pagesOf(kept)) {
      this.#bytes += each.bytes;
      each.onGrowth = (bytes) => {
        this.#bytes += bytes;
        this.#evict();
      };
    }
    this.#evict();
  }

  /** The pages that were made longest ago leave first. */
  #evict(): void {
    for (const path of this.#pages.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#forget(path);
    }
  }

  /** What is not cached must not be remembered either: a large mirror has a million projects. */
  #forget(path: string): void {
    const cached = this.#pages.get(path);
    if (cached === undefined) return;
    this.#pages.delete(path);
    for (const page of pagesOf(cached)) {
      this.#bytes -= page.bytes;
      page.onGrowth = undefined;
    }
    const paths = this.#pathsByProject.get(cached.project);
    paths?.delete(path);
    if (paths?.size === 0) this.#pathsByProject.delete(cached.project);
  }
}

function pagesOf({ everyone, byView }: CachedPage): readonly RenderedPage[] {
  return everyone === undefined ? [...byView.values()] : [everyone];
}

/** The path that installers ask for. */
function pagePath({ index, project }: PageKey): string {
  const [user = '', name = ''] = index.split('/').map(encodeURIComponent);
  return project === undefined ? `/${user}/${name}/+simple/` : `/${user}/${name}/+simple/${project}/`;
}
