import { LRUCache } from 'lru-cache';
import type { Clock } from '#kernel/clock.ts';
import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { packagesEvents } from '../events.ts';
import { type Index, fullName } from '../model/index.ts';
import { upstreamOf } from './store.ts';

interface Absence {
  /** Who said so: what another upstream said before counts no more. */
  readonly upstream: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/**
 * Projects that upstream does not have, for a while. Anybody can ask for any number of names, so they are kept in this
 * process's memory, up to a limit, and never in the database.
 */
export class AbsentProjects implements Listener {
  readonly #clock: Clock;
  readonly #absences: LRUCache<string, Absence>;

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#absences = new LRUCache({ max });
  }

  /** Until when upstream need not be asked, epoch milliseconds; undefined if it must be. */
  find(index: Index, project: string): number | undefined {
    const absence = this.#absences.get(`${fullName(index)} ${project}`);
    const counts = absence?.upstream === upstreamOf(index) && absence.until > this.#clock.now();
    return counts ? absence.until : undefined;
  }

  add(index: Index, project: string, until: number): void {
    this.#absences.set(`${fullName(index)} ${project}`, { upstream: upstreamOf(index), until });
  }

  /** Another process may have found a project that this one believes absent; a changed expiry is for it, too. */
  readonly hears = [
    hearing([packagesEvents.mirrorRefreshed, packagesEvents.projectRemoved], ({ data }) =>
      this.#absences.delete(`${data.index} ${data.project}`),
    ),
    hearing(
      [packagesEvents.indexCreated, packagesEvents.indexModified, packagesEvents.indexDeleted],
      ({ data: { index } }) => {
        for (const key of this.#absences.keys()) if (key.startsWith(`${index} `)) this.#absences.delete(key);
      },
    ),
  ];

  clear(): void {
    this.#absences.clear();
  }
}
