import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';

/** The method under which a PUSH request reaches the routes: an existing one of the same length. */
export const PUSH_ARRIVES_AS = 'LINK';

/** What is left of `PUSH ` in the rejected bytes, depending on where the network split them. */
const REMAINDERS = ['PUSH ', 'USH ', 'SH ', 'H '];

interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

type ParsedSocket = Socket & {
  parser?: { unconsume?(): void; free?(): void } | null;
};

/**
 * Makes a server accept devpi's PUSH, which Node's parser refuses (reference devpi.md T1): the connection
 * is given to the server again with the method renamed, and goes on as an ordinary keep-alive connection.
 * Relies on `socket.parser`; push-method.test.ts must pass on every Node upgrade.
 */
export function acceptPushMethod(server: Server): void {
  server.removeAllListeners('clientError');
  server.on('clientError', (error: ParserError, socket) => {
    if (!(socket instanceof Socket) || !resume(server, socket, error)) refuse(socket as Socket, error);
  });
}

function resume(server: Server, socket: ParsedSocket, error: ParserError): boolean {
  const raw = error.rawPacket;
  if (error.code !== 'HPE_INVALID_METHOD' || raw === undefined || !socket.writable) return false;
  const head = raw.subarray(0, 5).toString('latin1');
  const remainder = REMAINDERS.find((text) => head.startsWith(text));
  if (remainder === undefined) return false;
  const { parser } = socket;
  for (const event of ['data', 'end', 'close', 'drain', 'error', 'timeout']) socket.removeAllListeners(event);
  parser?.unconsume?.();
  parser?.free?.();
  socket.parser = null;
  server.emit('connection', socket);
  socket.unshift(Buffer.concat([Buffer.from(`${PUSH_ARRIVES_AS} `), raw.subarray(remainder.length)]));
  return true;
}

const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

function refuse(socket: Socket, error: ParserError): void {
  if (!socket.writable) {
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
