import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { packagesEvents } from '../events.ts';
import type { RenderedPage } from './rendered-page.ts';

/** What a page is about: a project as one index shows it, or an index's list of projects. */
export interface PageKey {
  /** `user/index`. */
  readonly index: string;
  readonly project?: string;
}

interface Loading {
  readonly project: string;
  readonly promise: Promise<RenderedPage>;
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
  readonly #pages = new Map<string, RenderedPage>();
  readonly #pathsByProject = new Map<string, Set<string>>();
  /** Forgotten when a change is heard meanwhile: such a page serves who waits and is not kept. */
  readonly #loading = new Map<string, Loading>();
  hits = 0;
  misses = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#pages.size;
  }

  /** Bytes that all pages hold. */
  get bytes(): number {
    return [...this.#pages.values()].reduce((sum, page) => sum + page.bytes, 0);
  }

  /** The page at this path if it is current at `now`, epoch milliseconds. */
  find(path: string, now: number): RenderedPage | undefined {
    const page = this.#pages.get(path);
    if (page === undefined || page.freshUntil <= now) return undefined;
    this.hits += 1;
    return page;
  }

  /** The page of `key`, read once by `load` for all who wait. */
  async get(key: PageKey, now: number, load: () => Promise<RenderedPage>): Promise<RenderedPage> {
    const path = pagePath(key);
    const found = this.find(path, now);
    if (found !== undefined) return found;
    let loading = this.#loading.get(path);
    if (loading === undefined) {
      this.misses += 1;
      loading = { project: key.project ?? LISTS, promise: load() };
      this.#loading.set(path, loading);
    }
    try {
      const page = await loading.promise;
      if (this.#loading.get(path) === loading) this.#keep(path, loading.project, page);
      return page;
    } finally {
      if (this.#loading.get(path) === loading) this.#loading.delete(path);
    }
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
    hearing([packagesEvents.indexCreated, packagesEvents.indexModified, packagesEvents.indexDeleted], () =>
      this.clear(),
    ),
  ];

  clear(): void {
    this.#pages.clear();
    this.#pathsByProject.clear();
    this.#loading.clear();
  }

  #keep(path: string, project: string, page: RenderedPage): void {
    // A page that is made again is as young as a new one.
    this.#pages.delete(path);
    this.#pages.set(path, page);
    const paths = this.#pathsByProject.get(project) ?? new Set();
    this.#pathsByProject.set(project, paths.add(path));
    this.#loading.delete(path);
    this.#evict();
  }

  /** The pages that were made longest ago leave first. */
  #evict(): void {
    let excess = this.bytes - this.#maxBytes;
    for (const [path, page] of this.#pages) {
      if (excess <= 0) return;
      this.#pages.delete(path);
      this.#forgetPath(path);
      excess -= page.bytes;
    }
  }

  /** What is not cached must not be remembered either: a large mirror has a million projects. */
  #forgetPath(path: string): void {
    const project = decodeURIComponent(/\/\+simple\/([^/]*)\/?$/.exec(path)?.[1] ?? LISTS);
    const paths = this.#pathsByProject.get(project);
    paths?.delete(path);
    if (paths?.size === 0) this.#pathsByProject.delete(project);
  }

  /** Forgets the page of a project on every index. */
  drop(project: string): void {
    for (const path of this.#pathsByProject.get(project) ?? []) this.#pages.delete(path);
    this.#pathsByProject.delete(project);
    for (const [path, loading] of this.#loading) {
      if (loading.project === project) this.#loading.delete(path);
    }
  }
}

/** The path that installers ask for. */
function pagePath({ index, project }: PageKey): string {
  const [user = '', name = ''] = index.split('/').map(encodeURIComponent);
  return project === undefined ? `/${user}/${name}/+simple/` : `/${user}/${name}/+simple/${project}/`;
}
