import type { Context } from '#kernel/context.ts';
import type { Db } from '#kernel/db/db.ts';
import type { Emit } from '#kernel/events/events.ts';
import { SingleFlight } from '#kernel/single-flight.ts';
import { indexNotFound } from '../indexes/find.ts';
import { packagesEvents } from '../events.ts';
import { findIndex } from '../indexes/store.ts';
import type { AbsentProjects } from './absent-projects.ts';
import type { MirrorLimits } from './limits.ts';
import { mergeAnswer, type Answer } from './merge-answer.ts';
import { PacedRuns } from './paced-runs.ts';
import type { MirrorStatistics } from './statistics.ts';
import {
  deleteMirrorProjects,
  extendMirrorProject,
  findMirrorProject,
  saveMirrorProject,
  type StoredProject,
} from './store.ts';
import { fetchProject, type FetchedProject } from './upstream/fetch-project.ts';
import type { UpstreamClients } from './upstream/upstream-clients.ts';
import type { UpstreamPauses } from './upstream/upstream-pauses.ts';
import type { WriteBatch } from './write-batch.ts';
import { type Index, fullName } from '../model/index.ts';

export interface UpstreamParts {
  readonly context: Context;
  readonly limits: MirrorLimits;
  readonly statistics: MirrorStatistics;
  readonly clients: UpstreamClients;
  readonly pauses: UpstreamPauses;
  readonly absent: AbsentProjects;
  readonly writes: WriteBatch;
}

/** Asks upstreams about projects, once for all who wait, and keeps what they answer. */
export class UpstreamAnswers {
  readonly #parts: UpstreamParts;
  readonly #fetching = new SingleFlight<Answer>();
  readonly #refreshing: PacedRuns;

  constructor(parts: UpstreamParts) {
    this.#parts = parts;
    this.#refreshing = new PacedRuns(parts.limits.refreshMs);
  }

  /** What counts after one request to upstream for all who wait; throws `packages.upstream-…` if it fails. */
  fetch(index: Index, name: string, known: StoredProject | undefined): Promise<Answer> {
    return this.#fetching.run(fetchKey(index, name), async () => {
      const fetched = await this.#request(index, name, known?.etag ?? null);
      const answer = this.#merge(index, name, { fetched, known });
      await this.#keep(index, name, answer, known);
      return answer;
    });
  }

  /**
   * Asks upstream anew whatever is known of a project; what is known stays if that fails. Refreshes of one project that
   * come close together share a request, which begins after all of them were asked for.
   */
  async refresh(index: Index, name: string): Promise<void> {
    const key = fetchKey(index, name);
    await this.#refreshing.run(key, async () => {
      // A request that is under way may have been answered before what the caller waits for was published.
      for (let running = this.#fetching.running(key); running !== undefined;) {
        await running.catch(() => undefined);
        running = this.#fetching.running(key);
      }
      await this.#fetching.run(key, () => this.#askAnew(index, name));
    });
  }

  /** Resolves when nothing is asked any more. */
  async settle(): Promise<void> {
    await this.#fetching.settle();
  }

  /** As if nothing were known: whoever refreshes wants what upstream has now, even if it is nothing. */
  async #askAnew(index: Index, name: string): Promise<Answer> {
    const { db, events } = this.#parts.context;
    const fetched = await this.#request(index, name, null);
    const answer = this.#merge(index, name, { fetched, known: undefined });
    const known = await findMirrorProject(db, index, name);
    if (isSamePage(answer.project, known)) {
      await this.#keep(index, name, answer, known);
      return answer;
    }
    // Rendered pages are kept until they expire, here and on other servers, unless an event says otherwise.
    await this.#unlessDeleted(index, async () => {
      await events.change(async (tx, emit) => {
        if (answer.project === undefined) await deleteMirrorProjects(tx, index.id, name);
        else await saveMirrorProject(tx, index.id, name, answer.project);
        emitRefreshed(emit, index, name);
      });
    });
    if (answer.project === undefined) this.#parts.absent.add(index, name, answer.expiresAt);
    return answer;
  }

  async #request(index: Index, name: string, etag: string | null): Promise<FetchedProject> {
    const client = this.#parts.clients.of(index);
    this.#parts.statistics.upstreamRequests += 1;
    try {
      const fetched = await fetchProject(client, { project: name, etag }, this.#parts.limits);
      this.#parts.pauses.end(index, name);
      return fetched;
    } catch (error) {
      this.#parts.statistics.upstreamFailures += 1;
      this.#parts.pauses.add(index, name, error);
      throw error;
    }
  }

  #merge(
    index: Index,
    name: string,
    answers: { readonly fetched: FetchedProject; readonly known: StoredProject | undefined },
  ): Answer {
    const { fetched } = answers;
    const answer = mergeAnswer(this.#parts.context, { index, name }, answers, this.#parts.limits.absentMs);
    if (fetched.kind === 'page' && fetched.page.droppedCount > 0) {
      const { dropped, droppedCount } = fetched.page;
      this.#parts.statistics.entriesDropped += droppedCount;
      this.#parts.context.log.warn(
        { index: fullName(index), project: name, droppedCount, dropped },
        'left out entries of an upstream page',
      );
    }
    return answer;
  }

  async #keep(
    index: Index,
    name: string,
    { project, expiresAt }: Answer,
    known: StoredProject | undefined,
  ): Promise<void> {
    if (project === undefined) this.#parts.absent.add(index, name, expiresAt);
    else {
      const isKnown = project.page === known?.page;
      await this.#unlessDeleted(index, () =>
        this.#parts.writes.add((tx) =>
          isKnown
            ? extendMirrorProject(tx, index.id, name, expiresAt)
            : saveMirrorProject(tx, index.id, name, project),
        ),
      );
    }
  }

  async #unlessDeleted(index: Index, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      await demandIndex(this.#parts.context.db, index);
      throw error;
    }
  }
}

/** Throws 404 if the index has been deleted meanwhile. */
export async function demandIndex(db: Db, index: Index): Promise<void> {
  const found = await findIndex(db, index.user, index.name);
  if (found?.id !== index.id) throw indexNotFound(index.user, index.name);
}

/** After this event no rendered page of the project is believed, here and on other servers. */
export function emitRefreshed(emit: Emit, index: Index, project: string): void {
  const data = { index: fullName(index), project };
  emit(packagesEvents.mirrorRefreshed, { actor: null, about: index.id, data });
}

function fetchKey(index: Index, name: string): string {
  return `${index.id} ${String(index.options['mirror_url'])} ${name}`;
}

function isSamePage(one: StoredProject | undefined, other: StoredProject | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one.page.bytes, other.page.bytes) === 0;
}
