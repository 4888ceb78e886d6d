import type { FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import type { Identity } from '../identity.ts';
import type { Operation } from './operation.ts';

/** The decisions of one part about what its operations do. */
export interface Policy<Name extends string, Subject> {
  /** Every permission of the part, with the scope that an API token needs for it; undefined where none will do. */
  readonly scopes: Readonly<Record<Name, string | undefined>>;
  /** May this identity do that to this subject? Unknown permissions are denied. */
  isAllowed(
    context: Pick<Context, 'config'>,
    identity: Identity,
    permission: Name,
    subject: Subject,
  ): boolean;
  /** Throws unless allowed: 401 when a login expired, else 403, or the error that the permission has. */
  authorize(context: Pick<Context, 'config'>, identity: Identity, permission: Name, subject: Subject): void;
}

/**
 * Finds what a request is about, and throws unless who sends it may do what the operation does. Called before the body is
 * read, for every route; what it returns is the handler's subject.
 */
export type Authorize = (operation: Operation, request: FastifyRequest) => Promise<unknown>;
