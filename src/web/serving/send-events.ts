import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EventStream, StreamMessage } from '../page.ts';

/** Well inside the patience of proxies, and of our own server. */
const HEARTBEAT_MS = 15_000;

/**
 * Sends a stream of server-sent events (HTML standard 9.2) until it ends or the reader leaves. nginx must not collect it, no cache
 * may keep it, and an `end` event says that there will be no more, so that the browser does not ask again.
 */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  { stream }: EventStream,
): Promise<void> {
  const left = new AbortController();
  request.raw.once('close', () => left.abort());
  const body = Readable.from(withHeartbeat(stream(left.signal), left.signal), { objectMode: false });
  await reply
    .header('content-type', 'text/event-stream')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(body);
}

async function* withHeartbeat(
  messages: AsyncIterable<StreamMessage>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const iterator = messages[Symbol.asyncIterator]();
  yield ': hello\n\n';
  try {
    let next = iterator.next();
    while (!signal.aborted) {
      const beat = Promise.withResolvers<undefined>();
      const timer = setTimeout(beat.resolve, HEARTBEAT_MS, undefined);
      const result = await Promise.race([next, beat.promise]).finally(() => clearTimeout(timer));
      if (result === undefined) {
        yield ': still here\n\n';
        continue;
      }
      if (result.done === true) break;
      yield renderMessage(result.value);
      next = iterator.next();
    }
    yield 'event: end\ndata:\n\n';
  } finally {
    await iterator.return?.();
  }
}

function renderMessage({ id, html }: StreamMessage): string {
  const data = String(html).replace(/\r\n?|\n/g, '\ndata: ');
  return `${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}
