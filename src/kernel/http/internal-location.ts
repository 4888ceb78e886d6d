import type { IncomingMessage } from 'node:http';
import type { Config } from '../config/kernel-settings.ts';
import { trustedProxies } from './trusted-proxies.ts';

/** The location of nginx below which it has the stored files, if nginx asks; undefined for whoever else asks. */
export type InternalLocation = (request: IncomingMessage) => string | undefined;

/**
 * Knows the requests of an nginx that sends stored files itself: they come from a trusted proxy, and name the location of the
 * setting in `X-Accel-Location`. To everybody else an answer with `X-Accel-Redirect` would be a file without bytes.
 */
export function internalLocation(
  config: Pick<Config, 'http.internal-location' | 'http.trusted-proxies'>,
): InternalLocation {
  const location = config['http.internal-location'];
  if (location === undefined) return () => undefined;
  const isTrusted = trustedProxies(config['http.trusted-proxies']);
  return ({ headers, socket }) =>
    headers['x-accel-location'] === location && isTrusted(socket.remoteAddress ?? '') ? location : undefined;
}
