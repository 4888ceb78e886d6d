import type { z } from 'zod';
import { declaredCode } from '../declared-code.ts';

/** A past-tense fact as it is stored: `type` is `part.noun-past`, `serial` its number without gaps. */
export interface StoredEvent {
  readonly serial: number;
  readonly type: string;
  /** Name of the user who did it; null for the server itself and for anonymous users. */
  readonly actor: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The id of what it is about, as its type says. A thing that is made again has another id, and so reveals nothing. */
  readonly about: number | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A kind of event, declared once in a part's `events.ts` and documented in docs/reference/events.md. */
export interface EventType<
  Schema extends z.ZodObject = z.ZodObject,
  About extends string | undefined = string | undefined,
> {
  /** `part.noun-past`. */
  readonly type: string;
  /** One sentence for docs/reference/events.md; a test asks for it. */
  readonly meaning: string;
  /** What an event of this type tells. It stays in the log for good: fields are added, never changed. */
  readonly data: Schema;
  /** What kind of thing it is about, if those who may read the thing may read the event; else only root may. */
  readonly about: About;
}

/** The data of events of this type. */
export type DataOf<Type extends EventType> = z.output<Type['data']>;

interface Declaration {
  readonly meaning: string;
  readonly data: z.ZodObject;
  readonly about?: string;
}

type Declared<Each extends Declaration> = EventType<
  Each['data'],
  Each extends { readonly about: infer About extends string } ? About : undefined
>;

/** Declares the event types of a part; the type is `part.kebab-case-key`. */
export function defineEvents<const Table extends Record<string, Declaration>>(
  part: string,
  table: Table,
): { readonly [Key in keyof Table]: Declared<Table[Key]> } {
  const types = Object.entries(table).map(([key, declaration]) => [
    key,
    { about: undefined, ...declaration, type: declaredCode(part, key) },
  ]);
  return Object.fromEntries(types) as { readonly [Key in keyof Table]: Declared<Table[Key]> };
}
