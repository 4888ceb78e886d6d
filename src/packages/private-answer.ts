import type { ServerResponse } from 'node:http';

/** What requests are told apart by where answers depend on who asks. */
const CREDENTIALS = 'Authorization, X-Devpi-Auth, Cookie';

/** May be kept by who asked only, who asks each time whether it still holds, and so whether it may still be read. */
export const PRIVATE_CACHE_CONTROL = 'private, no-cache';

/** `Vary` of an answer that is not for everybody. */
export function privateVary(shared?: string): string {
  return shared === undefined ? CREDENTIALS : `${shared}, ${CREDENTIALS}`;
}

/** Keeps caches from giving an answer to others, whatever becomes of it: also an error, and a 304. */
export function markPrivate(response: ServerResponse): void {
  response.setHeader('Cache-Control', PRIVATE_CACHE_CONTROL);
  response.setHeader('Vary', CREDENTIALS);
}
