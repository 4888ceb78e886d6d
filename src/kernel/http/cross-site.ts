import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a change that a page of another site makes a browser send: the browser would add the password that it knows,
 * and it may reach servers that the page's author cannot. Browsers say where a request comes from in `Sec-Fetch-Site`,
 * over plain HTTP in `Origin` alone; programs such as pip and twine send neither. A sibling host is another site: it
 * may run somebody's application.
 */
export function refuseCrossSite({
  method,
  headers,
  outsideUrl,
}: Pick<FastifyRequest, 'method' | 'headers' | 'outsideUrl'>): void {
  if (SAFE_METHODS.has(method)) return;
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  if (site === undefined) {
    if (origin === undefined) return;
    const host = URL.parse(origin)?.host;
    if (host !== undefined && (host === headers.host || host === URL.parse(outsideUrl)?.host)) return;
  } else if (site === 'same-origin' || site === 'none') return;
  throw new AppError(kernelErrors.crossSiteRequest, 'a page of another site has made the browser send this');
}
