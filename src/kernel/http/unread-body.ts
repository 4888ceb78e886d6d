import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BodyGuard } from './body-guard.ts';

/** True if bytes of the body may still be on their way. */
export function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

const REQUEST_TIMEOUT = 408;

/**
 * The answer to a request whose body nobody reads, as a stream: the client has it at once, and the connection ends
 * when the body has been let pass. Ending it earlier would make clients that send first and read later, as twine
 * does, show a broken connection in place of the answer. Who sent too slowly is not waited for.
 */
export function answerAndEnd(
  { raw, bodyGuard }: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): unknown {
  void reply.header('connection', 'close');
  if (reply.statusCode === REQUEST_TIMEOUT || payload instanceof Readable) return payload;
  const bytes = payload instanceof Buffer ? payload : Buffer.from(typeof payload === 'string' ? payload : '');
  void reply.header('content-length', bytes.length);
  return Readable.from(
    (async function* () {
      yield bytes;
      await bodyPassed(raw, bodyGuard);
    })(),
  );
}

async function bodyPassed(request: IncomingMessage, guard: BodyGuard): Promise<void> {
  if (request.complete || request.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  using _watch = guard.watch(() => resolve());
  for (const event of ['end', 'error', 'close']) request.once(event, () => resolve());
  request.resume();
  await promise;
}
