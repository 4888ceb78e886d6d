import type { FastifyInstance } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { Setting } from './config/setting.ts';
import type { Context } from './context.ts';
import type { Tx } from './db/db.ts';
import type { Migration } from './db/migrate.ts';
import type { ErrorKind } from './errors/app-error.ts';
import type { EventType } from './events/event-type.ts';
import type { Emit } from './events/events.ts';
import type { Metrics } from './http/metrics.ts';
import type { Operations } from './http/operation.ts';
import type { Authorize, Policy } from './http/policy.ts';
import type { HotPath } from './http/server.ts';
import type { Identity } from './identity.ts';
import type { JobHandler } from './jobs/job-handler.ts';
import type { Replicated } from './replication/replicated.ts';
import type { DigestColumn } from './stored-bytes/store.ts';

/**
 * A part of the program as a value. What stands here is light, so that commands and the reference can read it; the
 * code is loaded when a server opens. `src/parts.ts` lists the parts, each after those that it uses.
 */
export interface Part {
  /** Names its settings, errors, events and permissions, and its key in the context. */
  readonly name: string;
  readonly settings: readonly Setting[];
  readonly errors: Readonly<Record<string, ErrorKind>>;
  readonly events: Readonly<Record<string, EventType>>;
  readonly operations: Operations;
  /** Decides about its permissions, which are named `part.verb`. */
  readonly policy: Policy<string, never>;
  load(): Promise<PartCode>;
}

/** The code of a part, and what must be known of its data while it is not open. */
export interface PartCode {
  /** Their names begin with the next number over all parts, and never change once they are released. */
  readonly migrations: readonly Migration[];
  /** Makes what a new installation has, in one transaction with the other parts. */
  initialize?(context: Context, tx: Tx, emit: Emit): Promise<void>;
  /**
   * Every column that names stored bytes. What none names may be removed; what one names the doctor checks, and a backup has
   * beside the database.
   */
  readonly storedBytes?: readonly DigestColumn[];
  /** What replicas must know of its tables; without it they copy none. */
  readonly replicated?: Replicated;
  /** `context` has what the parts before this one opened, under their names. */
  open(context: Context): Promise<OpenPart>;
}

/** A part that serves. */
export interface OpenPart {
  /** What later parts find in their context under this part's name. */
  readonly context?: object;
  readonly jobs?: readonly JobHandler[];
  /** At most one part has one. */
  readonly hotPath?: HotPath;
  /** Headers of every response, as flat name, value pairs. At most one part has them. */
  readonly headers?: () => readonly string[];
  /** Finds out who sends a request with these headers from this address. Exactly one part does. */
  identify?(headers: IncomingHttpHeaders, address: string): Promise<Identity>;
  /** Decides about requests for operations whose permissions its policy has. */
  readonly authorize?: Authorize;
  declareRoutes?(app: FastifyInstance, metrics: Metrics): void;
  close?(): Promise<void>;
}
