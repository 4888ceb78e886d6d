import { hash } from 'node:crypto';
import { z } from 'zod';
import type { StoredEvent } from '../events/event-type.ts';

const Value = z.union([z.string(), z.number(), z.null()]);
const Row = z.record(z.string(), Value);

/** What a replica learns before it asks for anything else: secrets are among it. */
export const PrimaryFacts = z.object({
  uuid: z.string().regex(/^[0-9a-f]{32}$/),
  /** Base64: signs login tokens. */
  secret: z.string(),
});

/** A page of the event log, with what the events tell of as it is now. */
export const Changes = z.object({
  uuid: z.string(),
  /** Names the tables and columns: rows of another one cannot be taken. */
  schema: z.string(),
  /** Where the rows go on that belong to the next event, which comes with the last of them. */
  next: z.string().optional(),
  /** The newest serial of the primary, and when that event happened in epoch milliseconds. */
  head: z.number(),
  headAt: z.number(),
  events: z.array(
    z.object({
      serial: z.number(),
      type: z.string(),
      actor: z.string().nullable(),
      at: z.number(),
      about: z.number().nullable(),
      data: z.record(z.string(), z.unknown()),
    }),
  ),
  rows: z.array(
    z.object({
      table: z.string(),
      where: Row.optional(),
      matching: z.object({ column: z.string(), at: z.enum(['start', 'end']), text: z.string() }).optional(),
      rows: z.array(Row),
    }),
  ),
});

export type PrimaryFacts = z.infer<typeof PrimaryFacts>;
export type Changes = z.infer<typeof Changes>;

/** Tells an event from another one that has its number in another log. */
export function eventDigest({ serial, type, actor, at, about, data }: StoredEvent): string {
  return hash('sha256', JSON.stringify([serial, type, actor, at, about, data]));
}

/** The same for two databases that had the same migrations. */
export function schemaDigest(migrations: readonly string[]): string {
  return hash('sha256', JSON.stringify(migrations));
}
