import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { readFacts } from '../db/facts.ts';
import type { Db } from '../db/db.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { listEvents, type Events } from '../events/events.ts';
import type { Log } from '../log/log.ts';
import { applyChanges, digestsIn } from './apply-changes.ts';
import { eventDigest, schemaDigest, type Changes } from './changes.ts';
import type { PrimaryClient } from './primary-client.ts';
import type { ReplicatedTable } from './replicated.ts';
import { listMigrations, putFact } from './store.ts';

export interface FollowerOptions {
  readonly db: Db;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Log;
  readonly client: PrimaryClient;
  readonly primaryUuid: string;
  readonly tables: ReadonlyMap<string, ReplicatedTable>;
  /** Is told the sha256 of all bytes that rows which came in name. */
  readonly onDigests: (digests: readonly string[]) => void;
}

/** How far a replica is; times in epoch milliseconds. */
export interface Following {
  readonly startedAt: number;
  /** Of the primary, as it said last. */
  readonly primarySerial: number | undefined;
  readonly primarySerialAt: number | undefined;
  /** When the primary answered last. */
  readonly contactedAt: number | undefined;
  /** When something that it said was last taken over. */
  readonly updatedAt: number | undefined;
  /** When everything that the primary had was last here. */
  readonly inSyncAt: number | undefined;
  /** Why it does not follow now. */
  readonly trouble: string | undefined;
  /** It will not follow again: its past is not that of the primary. */
  readonly isDiverged: boolean;
}

/** The fact of a replica that has had everything once. */
export const COMPLETE = 'replica-complete';
const RETRY_MS = [250, 500, 1000, 2000, 5000];

/** Follows the event log of the primary and takes over what it tells of, in order, each page in one transaction. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #stop = new AbortController();
  readonly #complete = Promise.withResolvers<void>();
  #state: Following;
  #failures = 0;
  /** Where the rows of the next event go on; from the beginning when the process begins anew, which does no harm. */
  #after = '';
  #isComplete = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#state = {
      startedAt: options.clock.now(),
      primarySerial: undefined,
      primarySerialAt: undefined,
      contactedAt: undefined,
      updatedAt: undefined,
      inSyncAt: undefined,
      trouble: undefined,
      isDiverged: false,
    };
    this.#complete.promise.catch(() => undefined);
  }

  get state(): Following {
    return this.#state;
  }

  /** Begins to follow; resolves when everything that the primary had at some time is here, which for a known replica is at once. */
  async start(): Promise<void> {
    if ((await readFacts(this.#options.db)).has(COMPLETE)) this.#markComplete();
    this.#loop = this.#run();
    await this.#complete.promise;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the replica stops'));
    this.#complete.reject(new Error('the replica stops'));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !this.#state.isDiverged) {
      try {
        await this.#step(signal);
        this.#failures = 0;
        this.#tell(undefined);
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
        const pause = RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1];
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { db, events, client, clock, tables, onDigests, primaryUuid } = this.#options;
    // What was stored and could not be heard is heard now.
    await events.catchUp();
    const { serial } = events;
    const [newest] = await listEvents(db, serial - 1, 1);
    const changes = await client.changes(
      serial,
      { last: newest && eventDigest(newest), after: this.#after },
      signal,
    );
    const { uuid, head, headAt } = changes;
    if (uuid !== primaryUuid)
      throw new AppError(
        kernelErrors.replicaDiverged,
        `${client.url} is another server (${uuid}) than the one that this replica follows (${primaryUuid})`,
      );
    this.#state = {
      ...this.#state,
      primarySerial: head,
      primarySerialAt: headAt,
      contactedAt: clock.now(),
    };
    await this.#demandSchema(changes);
    if (changes.events.length + changes.rows.length > 0) {
      await applyChanges(db, tables, changes);
      await events.catchUp();
      onDigests(digestsIn(tables, changes));
      this.#after = changes.next ?? '';
      this.#state = { ...this.#state, updatedAt: clock.now() };
    }
    if (events.serial < head) return;
    this.#state = { ...this.#state, inSyncAt: clock.now() };
    if (this.#isComplete) return;
    await putFact(db, COMPLETE, String(events.serial));
    this.#markComplete();
  }

  async #demandSchema({ schema }: Changes): Promise<void> {
    if (schema === schemaDigest(await listMigrations(this.#options.db))) return;
    throw new AppError(
      kernelErrors.primaryRefuses,
      'the primary runs another version, whose tables differ: give both the same',
    );
  }

  #markComplete(): void {
    this.#isComplete = true;
    this.#complete.resolve();
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    const isDiverged = error instanceof AppError && error.kind === kernelErrors.replicaDiverged;
    const { message } = error as Error;
    this.#tell(message, isDiverged ? 'error' : 'warn', error);
    this.#state = { ...this.#state, isDiverged };
    // Nothing is served before all is here: then who starts the server must hear what will not mend itself.
    if (isDiverged) this.#complete.reject(error);
  }

  /** Once for each trouble, and when it is over. */
  #tell(trouble: string | undefined, level: 'warn' | 'error' = 'warn', error?: unknown): void {
    const before = this.#state.trouble;
    if (trouble === before) return;
    const { log, client, events } = this.#options;
    const about = { primary: client.url, serial: events.serial };
    if (trouble === undefined) log.info(about, 'the replica follows its primary again');
    else {
      const hint = error instanceof AppError ? error.hint : undefined;
      log[level]({ ...about, err: error, hint }, 'the replica cannot follow its primary');
    }
    this.#state = { ...this.#state, trouble };
  }
}
