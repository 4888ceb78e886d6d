import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';

/** The method under which a PUSH request reaches the routes: an existing one of the same length. */
export const PUSH_ARRIVES_AS = 'LINK';

const METHOD = 'PUSH ';

/** The parser gives up at the `S`: up to `PU` it might be PUT. */
const UNDERSTOOD_BYTES = 2;

interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
  /** How much of the packet the parser understood. */
  readonly bytesParsed?: number;
}

type ParsedSocket = Socket & {
  parser?: { unconsume?(): void; free?(): void } | null;
  /** The answer that is being sent. */
  _httpMessage?: object | null;
};

/**
 * Makes a server accept devpi's PUSH, which Node's parser refuses (reference devpi.md T1): the connection
 * is given to the server again with the method renamed, and goes on as an ordinary keep-alive connection.
 * The packet must begin with the request: what stands before it may be the end of a body, whose bytes are no requests.
 * Relies on `socket.parser` and `bytesParsed`; push-method.test.ts must pass on every Node upgrade.
 */
export function acceptPushMethod(server: Server): void {
  server.removeAllListeners('clientError');
  server.on('clientError', (error: ParserError, socket) => {
    if (!(socket instanceof Socket) || !resume(server, socket, error)) refuse(socket as ParsedSocket, error);
  });
}

/** Returns false if the packet does not begin with a PUSH request. */
function resume(server: Server, socket: ParsedSocket, error: ParserError): boolean {
  const raw = error.rawPacket;
  if (error.code !== 'HPE_INVALID_METHOD' || raw === undefined || !socket.writable) return false;
  if (error.bytesParsed !== UNDERSTOOD_BYTES || raw.toString('latin1', 0, METHOD.length) !== METHOD)
    return false;
  // Behind a request that is not answered yet: two owners of one socket end the process, so it is refused. No client
  // of devpi sends requests ahead.
  if (socket._httpMessage) return false;
  const { parser } = socket;
  for (const event of ['data', 'end', 'close', 'drain', 'error', 'timeout']) socket.removeAllListeners(event);
  parser?.unconsume?.();
  parser?.free?.();
  socket.parser = null;
  server.emit('connection', socket);
  socket.unshift(Buffer.concat([Buffer.from(`${PUSH_ARRIVES_AS} `), raw.subarray(METHOD.length)]));
  return true;
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
