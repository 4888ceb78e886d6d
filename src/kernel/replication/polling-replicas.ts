import type { Clock } from '../clock.ts';

/** A replica that asked for changes. */
export interface PollingReplica {
  readonly uuid: string;
  /** Under which its clients reach it; null if it does not know. */
  readonly outsideUrl: string | null;
  readonly address: string;
  /** Up to which event it has everything. */
  readonly serial: number;
  /** Epoch milliseconds. */
  readonly askedAt: number;
}

/** After which a replica that does not ask is forgotten. */
const FORGET_MS = 60 * 60_000;
const MAX_REMEMBERED = 1000;

/** The replicas of this server, as far as this process was asked. */
export class PollingReplicas {
  readonly #clock: Clock;
  readonly #byUuid = new Map<string, PollingReplica>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(replica: Omit<PollingReplica, 'askedAt'>): void {
    if (this.#byUuid.size >= MAX_REMEMBERED) this.#byUuid.clear();
    this.#byUuid.set(replica.uuid, { ...replica, askedAt: this.#clock.now() });
  }

  /** Those that asked within the last hour. */
  list(): readonly PollingReplica[] {
    const now = this.#clock.now();
    return [...this.#byUuid.values()].filter(({ askedAt }) => now - askedAt < FORGET_MS);
  }
}
