import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import { prepareFor, unreachable } from './trusted-fetch.ts';

export interface ExchangeInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What is not text is read while it is sent; the headers say how long it is. */
  readonly body?: string | AsyncIterable<Uint8Array> | undefined;
  readonly signal: AbortSignal;
}

/** A whole answer; redirects are not followed. */
export interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * Sends a request and reads the answer, which must fit into memory: as `trustedFetch`, and 60 ms sooner, which is what Node
 * takes to load `fetch`. Throws `Unreachable`; a connection that breaks within the answer is one, too.
 */
export async function trustedExchange(url: URL, init: ExchangeInit): Promise<Exchanged> {
  await prepareFor(url);
  // Imported, it would load what `fetch` is made of, for the exports of that.
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  const { promise, resolve, reject } = Promise.withResolvers<Exchanged>();
  const { method, headers, body, signal } = init;
  const length = typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
  const sent = request(url, { method, headers: { ...headers, ...length }, signal }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => void chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
  });
  sent.on('error', reject);
  if (body === undefined || typeof body === 'string') sent.end(body);
  else void send(sent, body).catch(reject);
  try {
    return await promise;
  } catch (error) {
    const reason = signal.aborted ? (signal.reason as Error) : error;
    throw await unreachable(url, reason, error);
  } finally {
    // An answer that came before the end of the body; nobody reads the rest.
    if (!sent.writableEnded) sent.destroy();
  }
}

/** Writes as fast as the server reads, until it has answered. */
async function send(sent: ClientRequest, body: AsyncIterable<Uint8Array>): Promise<void> {
  let isOver = false;
  let go: () => void = () => undefined;
  const end = () => {
    isOver = true;
    go();
  };
  sent.once('response', end).once('close', end);
  sent.on('drain', () => go());
  for await (const chunk of body) {
    if (isOver) return;
    if (sent.write(chunk)) continue;
    const { promise, resolve } = Promise.withResolvers<void>();
    go = resolve;
    if (!isOver) await promise;
  }
  if (!isOver) sent.end();
}
