import type { Context } from '#kernel/context.ts';
import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Listener } from '#kernel/events/listeners.ts';
import { type Index, fullName } from '../model/index.ts';
import { AbsentProjects } from './absent-projects.ts';
import type { Link } from './link.ts';
import { mirrorLimits, type MirrorLimits } from './limits.ts';
import type { Answer } from './merge-answer.ts';
import { absentProject, knownProject, type MirrorProject } from './mirror-project.ts';
import { offlineProject } from './offline-project.ts';
import { findReservation } from './reserved-names.ts';
import { newStatistics } from './statistics.ts';
import { deleteMirrorProjects, expireMirrorProjects, findMirrorProject, replaceStoredPage } from './store.ts';
import { StoredPage } from './stored-page.ts';
import { UpstreamClients } from './upstream/upstream-clients.ts';
import { UpstreamPauses, type UpstreamHealth } from './upstream/upstream-pauses.ts';
import { emitRefreshed, UpstreamAnswers } from './upstream-answers.ts';
import { WriteBatch } from './write-batch.ts';

export interface Asked {
  readonly projects: readonly MirrorProject[];
  /** Why a mirror gave nothing at all; the others' answers count all the same. */
  readonly failure: AppError | undefined;
  /** When asking again makes sense, epoch milliseconds. */
  readonly retryAt: number | undefined;
}

/**
 * The pages of all mirrors: read from the database while fresh, asked of upstream once for all who wait, served old
 * when upstream is slow or down. No answer is ever made from an error (reference devpi.md 1.16 item 4, 2.6).
 */
export class Mirrors {
  readonly statistics = newStatistics();
  readonly limits: MirrorLimits;
  readonly clients: UpstreamClients;
  /** For all that is kept of upstream's answers. */
  readonly writes: WriteBatch;
  readonly #context: Context;
  readonly #absent: AbsentProjects;
  readonly #pauses: UpstreamPauses;
  readonly #answers: UpstreamAnswers;

  constructor(context: Context) {
    this.#context = context;
    this.limits = mirrorLimits(context.config);
    this.clients = new UpstreamClients(context.config);
    this.writes = new WriteBatch(context.db);
    this.#absent = new AbsentProjects(context.clock, this.limits.maxAbsentProjects);
    this.#pauses = new UpstreamPauses(context.clock, this.limits);
    this.#answers = new UpstreamAnswers({
      context,
      limits: this.limits,
      statistics: this.statistics,
      clients: this.clients,
      pauses: this.#pauses,
      absent: this.#absent,
      writes: this.writes,
    });
  }

  /** What it remembers and events can make untrue. */
  get listeners(): readonly Listener[] {
    return [this.clients, this.#absent];
  }

  /** Forgets, in the transaction that changes options of a mirror, what they make untrue (reference devpi.md 2.6). */
  async forgetChanged(tx: Tx, mirror: Index, changed: readonly string[]): Promise<void> {
    if (changed.includes('mirror_url')) await deleteMirrorProjects(tx, mirror.id);
    else if (changed.includes('mirror_cache_expiry')) await expireMirrorProjects(tx, mirror.id);
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
    if (findReservation(index, name) !== undefined) return absentProject(index, Infinity);
    if (config.offline) return await offlineProject(this.#context, index, name);
    const known = await findMirrorProject(db, index, name);
    if (known === undefined) return await this.#firstAnswer(index, name);
    if (known.expiresAt > clock.now()) {
      this.statistics.pageHits += 1;
      return await knownProject(index, known, { freshUntil: known.expiresAt });
    }
    if (!this.#pauses.isPaused(index, name)) {
      this.statistics.pageMisses += 1;
      const answer = await withPatience(this.#answers.fetch(index, name, known), this.limits.patienceMs);
      if (answer !== undefined) return await shown(index, answer);
    }
    this.statistics.pagesStale += 1;
    return await knownProject(index, known, {
      freshUntil: clock.now() + this.limits.staleMs,
      isStale: true,
    });
  }

  /** Nothing else can be shown meanwhile, so everybody waits. */
  async #firstAnswer(index: Index, name: string): Promise<MirrorProject> {
    const absentUntil = this.#absent.find(index, name);
    if (absentUntil !== undefined) {
      this.statistics.pageHits += 1;
      return absentProject(index, absentUntil);
    }
    this.statistics.pageMisses += 1;
    this.#pauses.demandNotRefused(index);
    return await shown(index, await this.#answers.fetch(index, name, undefined));
  }

  /** How the upstream of a mirror has answered this process. */
  health(index: Index): UpstreamHealth {
    return this.#pauses.health(index);
  }

  /** Asks upstream anew whatever is known of a project; what is known stays if that fails. */
  async refresh(index: Index, name: string): Promise<void> {
    if (this.#context.config.offline || findReservation(index, name) !== undefined) return;
    await this.#answers.refresh(index, name);
  }

  /**
   * Upstream promises the metadata of a file and does not have it. An installer that is promised it fails when it is
   * not there, so from now on our page is silent about it, until upstream changes its own.
   */
  async dropMetadata(index: Index, name: string, link: Link): Promise<void> {
    const { db, log, events } = this.#context;
    const known = await findMirrorProject(db, index, name);
    if (known === undefined) return;
    log.warn({ index: fullName(index), filename: link.filename }, 'upstream lacks metadata that it promises');
    const page = await known.page.read();
    const files = page.files.map((file) =>
      file.filename === link.filename ? { ...file, coreMetadata: undefined } : file,
    );
    const pages = { old: known.page, new: await StoredPage.pack({ ...page, files }) };
    await events.change(async (tx, emit) => {
      if (await replaceStoredPage(tx, index.id, name, pages)) emitRefreshed(emit, index, name);
    });
  }

  async close(): Promise<void> {
    await this.clients.close();
    await this.#answers.settle();
  }
}

async function shown(index: Index, { project, expiresAt }: Answer): Promise<MirrorProject> {
  if (project === undefined) return absentProject(index, expiresAt);
  return await knownProject(index, project, { freshUntil: expiresAt });
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
