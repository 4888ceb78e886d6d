/** Who wants work to be done: by address first and by user second. Either may be empty where it is not known. */
export interface Asker {
  readonly user: string;
  readonly address: string;
}

interface Waiting {
  readonly start: () => void;
  readonly refuse: () => void;
}

/** The askers of one address, and their work in the order in which it came. */
type Lanes = Map<string, Waiting[]>;

/**
 * Does a bounded amount of work at once, in turn for every address, and for every user of it: whoever asks a thousand times waits for
 * the own thousand, and others for one of them. When too much waits, the newest of whoever has most is refused.
 */
export class FairQueue {
  readonly #concurrent: number;
  readonly #maxWaiting: number;
  readonly #refusal: () => Error;
  readonly #addresses = new Map<string, Lanes>();
  #running = 0;
  #waiting = 0;

  constructor(concurrent: number, maxWaiting: number, refusal: () => Error) {
    this.#concurrent = concurrent;
    this.#maxWaiting = maxWaiting;
    this.#refusal = refusal;
  }

  /** Throws the refusal when too much waits. */
  async run<Result>(asker: Asker, work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#concurrent) this.#running += 1;
    else await this.#wait(asker);
    try {
      return await work();
    } finally {
      this.#startNext();
    }
  }

  #wait({ address, user }: Asker): Promise<void> {
    return new Promise((resolve, reject) => {
      const lanes = this.#addresses.get(address) ?? new Map<string, Waiting[]>();
      const lane = lanes.get(user) ?? [];
      lane.push({ start: resolve, refuse: () => reject(this.#refusal()) });
      this.#addresses.set(address, lanes.set(user, lane));
      this.#waiting += 1;
      if (this.#waiting > this.#maxWaiting) this.#refuseOne();
    });
  }

  /** Who started goes to the end of both rows. */
  #startNext(): void {
    const [address, lanes] = first(this.#addresses) ?? [];
    const [user, lane] = first(lanes) ?? [];
    const next = lane?.shift();
    if (
      address === undefined ||
      lanes === undefined ||
      user === undefined ||
      lane === undefined ||
      next === undefined
    ) {
      this.#running -= 1;
      return;
    }
    this.#waiting -= 1;
    lanes.delete(user);
    if (lane.length > 0) lanes.set(user, lane);
    this.#addresses.delete(address);
    if (lanes.size > 0) this.#addresses.set(address, lanes);
    next.start();
  }

  #refuseOne(): void {
    const [address, lanes] = longest(this.#addresses, countWaiting);
    const [user, lane] = longest(lanes, (each) => each.length);
    const refused = lane.pop();
    if (lane.length === 0) lanes.delete(user);
    if (lanes.size === 0) this.#addresses.delete(address);
    this.#waiting -= 1;
    refused?.refuse();
  }
}

function first<Value>(map: ReadonlyMap<string, Value> | undefined): [string, Value] | undefined {
  return map?.entries().next().value;
}

function countWaiting(lanes: Lanes): number {
  return lanes.values().reduce((sum, lane) => sum + lane.length, 0);
}

/** The last of the longest, so that of equals the newcomer goes. */
function longest<Value>(map: ReadonlyMap<string, Value>, length: (value: Value) => number): [string, Value] {
  return [...map].reduce((best, each) => (length(each[1]) >= length(best[1]) ? each : best));
}
