import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';

/** The method under which a PUSH request reaches the routes: an existing one of the same length. */
export const PUSH_ARRIVES_AS = 'LINK';

/** What is left of `PUSH ` in the rejected bytes, depending on where the network split them. */
const REMAINDERS = ['PUSH ', 'USH ', 'SH ', 'H '];

/** How long the rest of the method may be on its way. */
const METHOD_TIMEOUT_MS = 10_000;

interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

type ParsedSocket = Socket & {
  parser?: { unconsume?(): void; free?(): void } | null;
  /** The answer that is being sent. */
  _httpMessage?: object | null;
};

/**
 * Makes a server accept devpi's PUSH, which Node's parser refuses (reference devpi.md T1): the connection
 * is given to the server again with the method renamed, and goes on as an ordinary keep-alive connection.
 * Relies on `socket.parser`; push-method.test.ts must pass on every Node upgrade.
 */
export function acceptPushMethod(server: Server): void {
  server.removeAllListeners('clientError');
  server.on('clientError', (error: ParserError, socket) => {
    if (!(socket instanceof Socket) || !resume(server, socket, error)) refuse(socket as ParsedSocket, error);
  });
}

/** Returns false if the bytes cannot be the start of a PUSH request. */
function resume(server: Server, socket: ParsedSocket, error: ParserError): boolean {
  const raw = error.rawPacket;
  if (error.code !== 'HPE_INVALID_METHOD' || raw === undefined || !socket.writable) return false;
  const head = raw.subarray(0, 5).toString('latin1');
  const remainder = REMAINDERS.find((text) => head.startsWith(text) || text.startsWith(head));
  if (remainder === undefined) return false;
  // Behind a request that is not answered yet: two owners of one socket end the process, so it is refused. No client
  // of devpi sends requests ahead.
  if (socket._httpMessage) return false;
  const { parser } = socket;
  for (const event of ['data', 'end', 'close', 'drain', 'error', 'timeout']) socket.removeAllListeners(event);
  parser?.unconsume?.();
  parser?.free?.();
  socket.parser = null;
  if (head.startsWith(remainder)) handOver(server, socket, raw.subarray(remainder.length));
  else awaitRest(server, socket, { raw, remainder });
  return true;
}

function handOver(server: Server, socket: Socket, afterMethod: Buffer): void {
  server.emit('connection', socket);
  socket.unshift(Buffer.concat([Buffer.from(`${PUSH_ARRIVES_AS} `), afterMethod]));
}

/** The packet ended within the method. */
function awaitRest(
  server: Server,
  socket: ParsedSocket,
  { raw, remainder }: { readonly raw: Buffer; readonly remainder: string },
): void {
  const giveUp = () => socket.destroy();
  socket.setTimeout(METHOD_TIMEOUT_MS, giveUp);
  socket.once('error', giveUp);
  socket.once('end', giveUp);
  socket.once('data', (chunk: Buffer) => {
    for (const event of ['error', 'end', 'timeout'] as const) socket.removeListener(event, giveUp);
    const all = Buffer.concat([raw, chunk]);
    const head = all.subarray(0, remainder.length).toString('latin1');
    if (head === remainder) handOver(server, socket, all.subarray(remainder.length));
    else if (remainder.startsWith(head)) awaitRest(server, socket, { raw: all, remainder });
    else refuse(socket, new Error('not the method PUSH'));
  });
}

const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

function refuse(socket: ParsedSocket, error: ParserError): void {
  if (!socket.writable || socket._httpMessage) {
    socket.destroy();
    return;
  }
  const status = STATUS[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** The method as the client sent it, for logs and metrics. */
export function sentMethod(request: Pick<IncomingMessage, 'method'>): string {
  return request.method === PUSH_ARRIVES_AS ? 'PUSH' : (request.method ?? '');
}
