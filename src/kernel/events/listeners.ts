import type { Log } from '../log/log.ts';
import type { DataOf, EventType, StoredEvent } from './event-type.ts';

/** An event whose data are known to be of its type. */
export interface Heard<Type extends EventType> extends Omit<StoredEvent, 'data'> {
  readonly data: DataOf<Type>;
}

/** What is done when an event of one of some types is heard. */
export interface Hearing {
  readonly types: readonly EventType[];
  run(event: StoredEvent): void;
}

/** Names the events that a listener hears, and what it does then. */
export function hearing<const Type extends EventType>(
  types: readonly Type[],
  run: (event: Heard<Type>) => void,
): Hearing {
  return { types, run: (event) => run(event as Heard<Type>) };
}

/** Something that remembers what events can make untrue. */
export interface Listener {
  readonly hears: readonly Hearing[];
  /** Drops all that it remembers: something happened that this version of the program cannot read. */
  clear(): void;
}

/** Gives events to those who name them. */
export class Listeners {
  readonly #types: ReadonlyMap<string, EventType>;
  readonly #log: Log;
  readonly #all: Listener[] = [];

  constructor(types: readonly EventType[], log: Log) {
    this.#types = new Map(types.map((each) => [each.type, each]));
    this.#log = log;
  }

  add(listener: Listener): void {
    this.#all.push(listener);
  }

  /** An event of an unknown type, or with other data than its type has, was stored by another version. */
  hear(event: StoredEvent): void {
    const parsed = this.#types.get(event.type)?.data.safeParse(event.data);
    if (parsed?.success !== true) {
      this.#log.warn(
        { serial: event.serial, type: event.type },
        'an event of another version: caches are empty',
      );
      for (const listener of this.#all) listener.clear();
      return;
    }
    const heard = { ...event, data: parsed.data };
    for (const { hears } of this.#all) {
      for (const { types, run } of hears) if (types.some(({ type }) => type === event.type)) run(heard);
    }
  }
}
