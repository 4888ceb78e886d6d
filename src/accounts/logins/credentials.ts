import type { IncomingHttpHeaders } from 'node:http';
import { findSessionCookie } from '../sessions/session-cookie.ts';

export interface Credentials {
  /** Empty when only a token was given. */
  readonly user: string;
  readonly secret: string;
  /** The secret is that of a browser's session: it counts in its cookie only, and nothing else counts there. */
  readonly isSession?: true;
}

/**
 * Finds credentials in `X-Devpi-Auth` (base64 of user:secret without a scheme), else in `Authorization`
 * (Basic, or Bearer with a token), else in the cookie of a session. Bytes are UTF-8, or Latin-1 where they are not valid UTF-8.
 */
export function findCredentials(headers: IncomingHttpHeaders): Credentials | undefined {
  const own = headers['x-devpi-auth'];
  if (typeof own === 'string') return decodePair(own);
  if (headers.authorization !== undefined) return readAuthorization(headers.authorization);
  const secret = findSessionCookie(headers);
  return secret === undefined ? undefined : { user: '', secret, isSession: true };
}

function readAuthorization(header: string): Credentials | undefined {
  const [, scheme, value] = /^(\S+) +(\S+)\s*$/.exec(header) ?? [];
  if (value === undefined) return undefined;
  if (scheme?.toLowerCase() === 'basic') return decodePair(value);
  if (scheme?.toLowerCase() === 'bearer') return { user: '', secret: value };
  return undefined;
}

function decodePair(base64: string): Credentials | undefined {
  const bytes = Buffer.from(base64, 'base64');
  const utf8 = bytes.toString('utf8');
  const text = utf8.includes('\uFFFD') ? bytes.toString('latin1') : utf8;
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), secret: text.slice(colon + 1) };
}
