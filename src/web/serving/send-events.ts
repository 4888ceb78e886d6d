import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EventStream, StreamMessage } from '../page.ts';

/** Well inside the patience of proxies, and of our own server. */
const HEARTBEAT_MS = 15_000;

/**
 * Sends a stream of server-sent events (HTML standard 9.2) until it ends, the reader leaves, or the server stops. nginx must not
 * collect it, no cache may keep it. An `end` event says that there will be no more; without one the browser asks again.
 */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  { stream }: EventStream,
  stopping: AbortSignal,
): Promise<void> {
  const left = new AbortController();
  request.raw.once('close', () => left.abort());
  const over = AbortSignal.any([left.signal, stopping]);
  const body = Readable.from(withHeartbeat(stream(over), over), { objectMode: false });
  await reply
    .header('content-type', 'text/event-stream')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(body);
}

async function* withHeartbeat(
  messages: AsyncIterable<StreamMessage>,
  over: AbortSignal,
): AsyncGenerator<string> {
  const iterator = messages[Symbol.asyncIterator]();
  const ended = Promise.withResolvers<'over'>();
  over.addEventListener('abort', () => ended.resolve('over'), { once: true });
  yield ': hello\n\n';
  try {
    let next = iterator.next();
    while (!over.aborted) {
      const beat = Promise.withResolvers<'beat'>();
      const timer = setTimeout(beat.resolve, HEARTBEAT_MS, 'beat');
      const result = await Promise.race([next, beat.promise, ended.promise]).finally(() =>
        clearTimeout(timer),
      );
      if (result === 'over') return;
      if (result === 'beat') {
        yield ': still here\n\n';
        continue;
      }
      if (result.done === true) {
        yield 'event: end\ndata:\n\n';
        return;
      }
      yield renderMessage(result.value);
      next = iterator.next();
    }
  } finally {
    // Not waited for: what it waits for itself may take its time.
    void iterator.return?.();
  }
}

function renderMessage({ id, html }: StreamMessage): string {
  const data = String(html).replace(/\r\n?|\n/g, '\ndata: ');
  return `${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}
