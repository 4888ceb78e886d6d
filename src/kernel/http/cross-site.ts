import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

type Sender = Pick<FastifyRequest, 'method' | 'headers' | 'outsideUrl' | 'protocol'>;

/**
 * Refuses a change that a page of another site makes a browser send: the browser would add the password that it knows,
 * and it may reach servers that the page's author cannot. Browsers say where a request comes from in `Sec-Fetch-Site`,
 * over plain HTTP in `Origin` alone; programs such as pip and twine send neither. A sibling host is another site: it
 * may run somebody's application.
 */
export function refuseCrossSite({ method, headers, outsideUrl }: Sender): void {
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

/**
 * Refuses a form that did not come from a page of this very origin: the browser adds the cookie of a session to it, wherever the form
 * is. Programs have nothing to send here, so what does not say where it comes from is refused, too. Over plain HTTP to another host than
 * localhost browsers leave `Sec-Fetch-Site` out, and cookies go to every port: there `Origin` must be ours, with scheme and port.
 */
export function requireSameOrigin({ method, headers, outsideUrl, protocol }: Sender): void {
  if (SAFE_METHODS.has(method)) return;
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (site === 'same-origin') return;
  const isOwn =
    site === undefined &&
    origin !== undefined &&
    (origin === URL.parse(outsideUrl)?.origin || origin === `${protocol}://${host}`);
  if (isOwn) return;
  throw new AppError(kernelErrors.crossSiteRequest, 'the form was not sent by a page of this server', {
    hint: 'open the page of this server again and send the form from there; programs use the API, with a password or a token',
  });
}

/**
 * The headers that may tell who sends a request. Cookies count for reading and for the forms of our own pages; over https only those
 * that no other host can set: a sibling host, or whoever changes an answer over plain http, could give a browser the session of
 * somebody else.
 */
export function credentialsOf(
  { method, headers, outsideUrl }: Pick<FastifyRequest, 'method' | 'headers' | 'outsideUrl'>,
  isForBrowsers: boolean,
): IncomingHttpHeaders {
  const { cookie, ...others } = headers;
  if (cookie === undefined || !(SAFE_METHODS.has(method) || isForBrowsers)) return others;
  if (!outsideUrl.startsWith('https:')) return headers;
  const own = cookie.split(/;\s*/).filter((each) => each.startsWith('__Host-'));
  return own.length === 0 ? others : { ...others, cookie: own.join('; ') };
}
