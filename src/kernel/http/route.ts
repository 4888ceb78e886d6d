import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PUSH_ARRIVES_AS } from './push-method.ts';
import type { Operation } from './operation.ts';

type Names<Path extends string> = Path extends `${infer Start}/${infer Rest}`
  ? Names<Start> | Names<Rest>
  : Path extends `:${infer Name}`
    ? Name
    : Path extends '*'
      ? '*'
      : never;

/** The decoded parts of the path that an operation names. */
export type Params<Path extends string> = { readonly [Name in Names<Path>]: string };

export type Handler<Path extends string, Subject> = (
  request: FastifyRequest,
  params: Params<Path>,
  reply: FastifyReply,
  subject: Subject,
) => Promise<unknown>;

/**
 * Declares the route of an operation. Before the body is read the server finds the subject and decides about the permission
 * that the operation names; the handler gets the subject.
 */
export function route<Path extends string, Subject>(
  app: FastifyInstance,
  operation: Operation & { readonly path: Path },
  handler: Handler<Path, Subject>,
): void {
  app.route({
    method: operation.method === 'PUSH' ? PUSH_ARRIVES_AS : operation.method,
    url: operation.path,
    config: { operation },
    ...(operation.audience !== undefined && { constraints: { audience: operation.audience } }),
    handler: async (request, reply) => {
      await handler(request, request.params as Params<Path>, reply, request.subject as Subject);
      return reply;
    },
  });
}

/** Names are never empty nor start with a plus sign: neither `/` nor `/+api` is a user, whatever the method. */
export function hasReservedName({ params }: FastifyRequest): boolean {
  return Object.entries(params as Record<string, string>).some(
    ([name, value]) => name !== '*' && /^(?:\+|$)/.test(value),
  );
}

/**
 * Answers JSON as devpi does: exactly `application/json`, since devpi-client compares the whole header before it
 * parses (reference devpi.md 0.3), two spaces of indent, a newline at the end. Unless the handler says otherwise no proxy may keep
 * it: most answers depend on who asks, and X-Devpi-Auth and cookies do not hold caches back as Authorization does (RFC 9111 3.5).
 */
export async function sendJson(reply: FastifyReply, body: unknown, status = 200): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(body, null, 2)}\n`);
  const { raw } = reply;
  if (!reply.hasHeader('cache-control') && !raw.hasHeader('cache-control'))
    void reply.header('cache-control', 'private, no-cache');
  await reply.code(status).header('content-type', 'application/json').send(bytes);
}

/** True if the query string has the key, with or without a value. */
export function hasQuery(request: FastifyRequest, key: string): boolean {
  return Object.hasOwn(request.query as object, key);
}
