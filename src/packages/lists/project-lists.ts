import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LRUCache } from 'lru-cache';
import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { SingleFlight } from '#kernel/single-flight.ts';
import { packagesEvents } from '../events.ts';
import { type Index, fullName } from '../model/index.ts';
import type { View } from '../inheritance/reading.ts';
import { listProjectNames } from '../projects/store.ts';
import { ACCEPT, refusedBy } from '../mirror/upstream/fetch-project.ts';
import { expiryMs } from '../mirror/merge-answer.ts';
import type { Mirrors } from '../mirror/mirrors.ts';
import { runInThread } from '../mirror/run-in-thread.ts';
import { listCachedProjects } from '../mirror/store.ts';
import { upstreamFailed } from '../mirror/upstream/upstream-client.ts';
import { limited, readLines, type ListWork, type RenderedForms } from './list-work.ts';

/** A rendered root list on disk. */
export interface ListPage {
  /** Path of a form: `.json`, `.json.gzip`, … behind it. */
  readonly path: string;
  readonly forms: RenderedForms;
}

interface Rendered extends ListPage {
  readonly revision: string;
  /** What it replaced: it may be about to be opened for an answer; what that replaced is not. */
  readonly before: readonly ListPage[];
}

/** What is known of the list of one upstream. */
interface Fetched {
  readonly url: string;
  readonly etag: string | null;
  /** Epoch milliseconds. */
  readonly fetchedAt: number;
  readonly count: number;
}

/** All names of a mirror. */
export interface NamesInMemory {
  readonly revision: string;
  /** A line feed before and after each name. */
  readonly lines: string;
}

/** Bytes; a million names are 16 MB. */
const MAX_IN_MEMORY = 64 * 1024 * 1024;
const HEAD_TIMEOUT_MS = 30_000;
const BODY_TIMEOUT_MS = 60_000;
/** Kept of one index. */
const MAX_VIEWS = 4;

/**
 * Root lists of mirrors and of indexes that inherit from one. A million names stay on disk: they are parsed, sorted and
 * rendered in a worker thread and sent from files, so that this process's memory does not grow with them. No project
 * page ever waits for a list.
 */
export class ProjectLists implements Listener {
  readonly #context: Context;
  readonly #mirrors: Mirrors;
  readonly #directory: string;
  readonly #rendering = new SingleFlight<ListPage>();
  readonly #fetching = new SingleFlight<Fetched>();
  #prepared: Promise<void> | undefined;
  /** Counts changes of the set of private projects. */
  #generation = 0;

  constructor(context: Context, mirrors: Mirrors) {
    this.#context = context;
    this.#mirrors = mirrors;
    this.#directory = join(context.config.serverdir, 'cache', 'project-lists');
  }

  readonly hears = [
    hearing(
      [
        packagesEvents.projectCreated,
        packagesEvents.projectRemoved,
        packagesEvents.indexCreated,
        packagesEvents.indexModified,
        packagesEvents.indexDeleted,
        packagesEvents.dumpImported,
      ],
      () => this.clear(),
    ),
  ];

  /** Lists that are rendered stay on disk, and are rendered anew when they are asked for. */
  clear(): void {
    this.#generation += 1;
  }

  /** Every name that the mirror's upstream lists, sorted; 502 if there is no list. */
  async names(mirror: Index): Promise<Iterable<string> | AsyncIterable<string>> {
    if (this.#hasNoList(mirror)) return await listCachedProjects(this.#context.db, mirror.id);
    await this.#ensureNames(mirror);
    return readLines(this.#namesPath(mirror));
  }

  /**
   * The names that are on the disk, sorted, one a line; undefined where upstream has not been asked for its list. Never asks
   * upstream.
   */
  async knownNames(mirror: Index): Promise<NamesInMemory | undefined> {
    if (this.#hasNoList(mirror)) return undefined;
    const fetched = await this.#fetchedHere(mirror);
    if (fetched === undefined) return undefined;
    const revision = `${fetched.url} ${fetched.fetchedAt}`;
    const known = this.#inMemory.get(mirror.id);
    if (known?.revision === revision) return known;
    const names = { revision, lines: `\n${await readFile(this.#namesPath(mirror), 'latin1')}` };
    this.#inMemory.set(mirror.id, names);
    return names;
  }

  /** Lists that were searched. */
  readonly #inMemory = new LRUCache<number, NamesInMemory>({
    maxSize: MAX_IN_MEMORY,
    sizeCalculation: ({ lines }) => lines.length,
  });

  /** How many names the mirror's upstream listed when it was last asked; undefined if it was not, or has no list. */
  async countKnown(mirror: Index): Promise<number | undefined> {
    const { mirror_no_project_list: hasNone, mirror_url: url } = mirror.options;
    if (hasNone === true || typeof url !== 'string') return undefined;
    const known = await this.#readFetched(mirror);
    return known?.url === this.#mirrors.clients.of(mirror).baseUrl ? known.count : undefined;
  }

  /** The root list that a reader of an index sees; made anew when any part of it changed. */
  async page(view: View): Promise<ListPage> {
    const { index } = view;
    const order = view.order.filter(({ id }) => !view.hidden.has(id));
    const stages = order.filter(({ type }) => type !== 'mirror');
    const generation = stages.length === 0 ? '' : String(this.#generation);
    const sources: string[] = [];
    const names = new Set(
      await listProjectNames(
        this.#context.db,
        stages.map(({ id }) => id),
      ),
    );
    const parts = [fullName(index), order.map(({ id }) => id).join(' '), generation, String(names.size)];
    for (const mirror of order.filter(({ type }) => type === 'mirror')) {
      if (this.#hasNoList(mirror)) {
        const cached = await listCachedProjects(this.#context.db, mirror.id);
        for (const name of cached) names.add(name);
        parts.push(createHash('sha256').update(cached.join('\n')).digest('hex'));
        continue;
      }
      const fetched = await this.#ensureNames(mirror).catch((error: unknown) => {
        if (mirror.id === index.id || !(error instanceof AppError)) throw error;
        this.#context.log.warn({ index: fullName(mirror), err: error }, 'a mirror gave no list of projects');
        return undefined;
      });
      if (fetched === undefined) continue;
      sources.push(this.#namesPath(mirror));
      parts.push(`${mirror.id} ${fetched.url} ${fetched.etag ?? fetched.fetchedAt}`);
    }
    const revision = createHash('sha256')
      .update(JSON.stringify([parts, this.#process]))
      .digest('hex')
      .slice(0, 16);
    return await this.#rendering.run(`${index.id} ${revision}`, () =>
      this.#render(view, { revision, sources, names: [...names] }),
    );
  }

  /** Revisions count within one process: another start renders anew. */
  readonly #process = Date.now();
  /** By index and view. */
  readonly #rendered = new Map<string, Rendered>();

  async #render(
    { index, key }: View,
    list: {
      readonly revision: string;
      readonly sources: readonly string[];
      readonly names: readonly string[];
    },
  ): Promise<ListPage> {
    const known = this.#rendered.get(`${index.id} ${key}`);
    if (known?.revision === list.revision) return known;
    await this.#prepare();
    const path = join(this.#directory, `list-${index.id}-${list.revision}`);
    const work = {
      kind: 'render',
      index: fullName(index),
      sources: list.sources,
      names: list.names,
      target: path,
    } as const;
    const forms = (await runListWorker(work)) as RenderedForms;
    const page = { path, forms, revision: list.revision };
    this.#rendered.delete(`${index.id} ${key}`);
    const replaced = [...(known === undefined ? [] : [known]), ...this.#takeOldViews(index)];
    const before = replaced.map((each) => ({ path: each.path, forms: each.forms }));
    this.#rendered.set(`${index.id} ${key}`, { ...page, before });
    const outdated = replaced.flatMap((each) => each.before);
    for (const old of outdated.filter((each) => each.path !== path)) {
      for (const form of Object.keys(old.forms)) await rm(old.path + formSuffix(form), { force: true });
    }
    return page;
  }

  /** Views of an index beyond those that are kept; a list may take a hundred megabytes. */
  #takeOldViews({ id }: Index): readonly Rendered[] {
    const keys = [...this.#rendered.keys()].filter((key) => key.startsWith(`${id} `));
    return keys.slice(0, Math.max(0, keys.length - MAX_VIEWS + 1)).flatMap((key) => {
      const old = this.#rendered.get(key);
      this.#rendered.delete(key);
      return old ?? [];
    });
  }

  /** Makes the directory, without what another run of the server rendered or was fetching. */
  async #prepare(): Promise<void> {
    this.#prepared ??= (async () => {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      for (const name of await readdir(this.#directory)) {
        if (!/^names-\d+\.(?:txt|json)$/.test(name)) await rm(join(this.#directory, name), { force: true });
      }
    })();
    this.#prepared.catch(() => (this.#prepared = undefined));
    await this.#prepared;
  }

  #hasNoList(mirror: Index): boolean {
    return this.#context.config.offline || mirror.options['mirror_no_project_list'] === true;
  }

  #namesPath(mirror: Index): string {
    return join(this.#directory, `names-${mirror.id}.txt`);
  }

  /** The list as it is on disk; an old one is renewed in the background, a missing one is waited for. */
  async #ensureNames(mirror: Index): Promise<Fetched> {
    const known = await this.#readFetched(mirror);
    const { baseUrl } = this.#mirrors.clients.of(mirror);
    const current = known?.url === baseUrl ? known : undefined;
    if (current !== undefined && current.fetchedAt + expiryMs(mirror) > this.#context.clock.now())
      return current;
    const fetching = this.#fetching.run(`${mirror.id} ${baseUrl}`, () => this.#fetch(mirror, current));
    if (current === undefined) return await fetching;
    fetching.catch((error: unknown) => {
      this.#context.log.warn({ index: fullName(mirror), err: error }, 'cannot renew the list of projects');
    });
    return current;
  }

  async #fetch(mirror: Index, known: Fetched | undefined): Promise<Fetched> {
    await this.#prepare();
    const client = this.#mirrors.clients.of(mirror);
    const { maxListBytes, listMs } = this.#mirrors.limits;
    const response = await client.request({
      url: client.baseUrl,
      headers: {
        accept: ACCEPT,
        'accept-encoding': 'gzip',
        ...(known?.etag && { 'if-none-match': known.etag }),
      },
      headTimeoutMs: HEAD_TIMEOUT_MS,
      bodyTimeoutMs: BODY_TIMEOUT_MS,
      signal: AbortSignal.timeout(listMs),
    });
    const fetchedAt = this.#context.clock.now();
    if (response.status === 304 && known !== undefined) {
      await response.body.dump();
      return await this.#writeFetched(mirror, { ...known, fetchedAt });
    }
    if (response.status !== 200) {
      await response.body.dump();
      throw refusedBy(response);
    }
    const coding = response.headers['content-encoding'];
    const source = join(this.#directory, `fetching-${mirror.id}-${fetchedAt}`);
    try {
      await pipeline(limited(response.body, maxListBytes), createWriteStream(source, { mode: 0o600 }));
      const length = response.headers['content-length'];
      if (length !== undefined && (await stat(source)).size !== Number(length)) {
        throw upstreamFailed('the upstream index sent less of its list than it announced');
      }
      const target = this.#namesPath(mirror);
      const parsed = await runListWorker({
        kind: 'parse',
        source,
        isGzip: coding === 'gzip',
        maxBytes: maxListBytes,
        target,
      });
      const { count } = parsed as { readonly count: number };
      return await this.#writeFetched(mirror, {
        url: client.baseUrl,
        etag: response.headers['etag'] ?? null,
        fetchedAt,
        count,
      });
    } catch (error) {
      throw error instanceof AppError
        ? error
        : upstreamFailed('the upstream list of projects cannot be read', error);
    } finally {
      await rm(source, { force: true });
    }
  }

  /** What is on the disk, if the present upstream sent it. */
  async #fetchedHere(mirror: Index): Promise<Fetched | undefined> {
    if (typeof mirror.options['mirror_url'] !== 'string') return undefined;
    const fetched = await this.#readFetched(mirror);
    return fetched?.url === this.#mirrors.clients.of(mirror).baseUrl ? fetched : undefined;
  }

  async #readFetched(mirror: Index): Promise<Fetched | undefined> {
    try {
      return JSON.parse(await readFile(join(this.#directory, `names-${mirror.id}.json`), 'utf8')) as Fetched;
    } catch {
      return undefined;
    }
  }

  async #writeFetched(mirror: Index, fetched: Fetched): Promise<Fetched> {
    const path = join(this.#directory, `names-${mirror.id}.json`);
    await writeFile(`${path}.new`, JSON.stringify(fetched), { mode: 0o600 });
    await rename(`${path}.new`, path);
    return fetched;
  }
}

/** `json gzip` is behind the path as `.json.gzip`, `json identity` as `.json`. */
export function formSuffix(form: string): string {
  return `.${form.replace(' identity', '').replace(' ', '.')}`;
}

function runListWorker(work: ListWork): Promise<unknown> {
  return runInThread('list-worker', import.meta.url, work);
}
