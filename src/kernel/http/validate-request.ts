import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

/** A name or an address, with a port or without (RFC 3986 3.2.2). Nothing in it needs quoting in a URL. */
const HOST = /^(?:[a-z0-9._-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/** True for what may stand in a `Host` header and be put into URLs. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/** True for HTTP/1.0 and 1.1; Node's parser lets a request say 0.9 and 2.0, too. */
export function hasKnownVersion(request: IncomingMessage): boolean {
  return request.httpVersionMajor === 1;
}

/** Nobody can tell where such a request ends, or for whom it is: what follows on the connection is not looked at. */
const CLOSE = { headers: { connection: 'close' } };

/**
 * Refuses what Node's parser lets pass: another version than 1.0 and 1.1 (505), and more than one `Host` or one that
 * is no host (400, RFC 9112 3.2).
 */
export function validateRequest(request: IncomingMessage): void {
  if (!hasKnownVersion(request)) {
    throw new AppError(kernelErrors.unknownVersion, `HTTP/${request.httpVersion} is not spoken here`, CLOSE);
  }
  const hosts = request.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  const { host = '' } = request.headers;
  if (hosts.length > 1)
    throw new AppError(kernelErrors.badRequest, 'there is more than one header Host', CLOSE);
  if (host !== '' && !isHost(host))
    throw new AppError(kernelErrors.badRequest, 'the header Host is no host', CLOSE);
}
