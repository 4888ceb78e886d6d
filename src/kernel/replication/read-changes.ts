import type { Db } from '../db/db.ts';
import type { StoredEvent } from '../events/event-type.ts';
import { listEvents } from '../events/events.ts';
import type { ReplicatedParts, RowSet, Subject } from './replicated.ts';

const MAX_EVENTS = 500;
/** After which the page ends, of the rows as JSON. */
const MAX_BYTES = 4 * 1024 ** 2;

export interface ReadChanges {
  readonly events: readonly StoredEvent[];
  readonly rows: readonly RowSet[];
  /** Where to go on, while the next event has more rows than fit. */
  readonly next?: string;
}

/**
 * Events after a serial, with everything that they tell of as it is now: the rows are never older than the last of these events, and may
 * be newer, as later events will say again. `after` is the `next` of the page before.
 */
export async function readChanges(
  db: Db,
  parts: ReplicatedParts,
  since: number,
  after: string,
): Promise<ReadChanges> {
  const events: StoredEvent[] = [];
  const rows: RowSet[] = [];
  const read = new Set<string>();
  let bytes = 0;
  const readAll = async (subjects: readonly Subject[]) => {
    for (const subject of subjects) {
      const key = JSON.stringify(subject);
      if (read.has(key)) continue;
      read.add(key);
      const sets = await readSubject(db, parts, subject);
      rows.push(...sets);
      bytes += JSON.stringify(sets).length;
    }
  };
  for (const event of await listEvents(db, since, MAX_EVENTS)) {
    const many = await manyOf(db, parts, event, events.length === 0 ? after : '');
    // Such an event has pages of its own.
    if (many !== undefined && events.length > 0) break;
    await readAll([...subjectsOf(parts, event), ...(many?.subjects ?? [])]);
    if (many?.next !== undefined) return { events: [], rows, next: many.next };
    events.push(event);
    if (many !== undefined || bytes > MAX_BYTES) break;
  }
  return { events, rows };
}

async function manyOf(db: Db, parts: ReplicatedParts, event: StoredEvent, after: string) {
  for (const part of parts.values()) {
    const many = await part.many?.(db, event, after);
    if (many !== undefined) return many;
  }
  return undefined;
}

function subjectsOf(parts: ReplicatedParts, event: StoredEvent): readonly Subject[] {
  return [...parts.values()].flatMap((part) => part.subjectsOf(event));
}

async function readSubject(db: Db, parts: ReplicatedParts, subject: Subject): Promise<readonly RowSet[]> {
  const part = parts.get(subject[0].split('.')[0] ?? '');
  if (part === undefined) throw new Error(`no part reads ${subject[0]}`);
  return await part.read(db, subject);
}
