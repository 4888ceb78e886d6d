import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { withoutTrailingSlashes } from './slashes.ts';
import type { IsTrusted } from './trusted-proxies.ts';
import { isHost } from './validate-request.ts';

/** What of a request tells its address; Fastify has looked at `X-Forwarded-Host` and `-Proto` of trusted proxies. */
export type Addressed = Pick<FastifyRequest, 'headers' | 'host' | 'protocol' | 'socket'>;

/**
 * The URL, without a trailing slash, under which the client reaches this server: the `X-Outside-Url` header of a
 * proxy, else the setting (reference devpi.md 1.1; the header wins), else what `X-Forwarded-Proto`, `-Host` and
 * `-Prefix` of a trusted proxy say, else the Host header with http.
 */
export function outsideUrl(request: Addressed, configured: string | undefined, isTrusted: IsTrusted): string {
  return withoutTrailingSlashes(
    headerUrl(request.headers)?.href ?? configured ?? forwardedUrl(request, isTrusted),
  );
}

function forwardedUrl({ headers, host, protocol, socket }: Addressed, isTrusted: IsTrusted): string {
  const shownHost = [host, headers.host].find((text) => text !== undefined && isHost(text)) ?? 'localhost';
  const prefix = headers['x-forwarded-prefix'];
  const isPrefix = typeof prefix === 'string' && PREFIX.test(prefix) && isTrusted(socket.remoteAddress ?? '');
  return `${protocol === 'https' ? 'https' : 'http'}://${shownHost}${isPrefix ? prefix : ''}`;
}

/** A path of plain names. A proxy that sends it has taken it off the request, unlike that of `X-Outside-Url`. */
const PREFIX = /^(?:\/[\w.~+-]+){1,20}\/?$/;

/** The path below which a proxy publishes the server, such as `/sub`; empty at the root. */
export function outsidePrefix(headers: IncomingHttpHeaders): string {
  return withoutTrailingSlashes(headerUrl(headers)?.pathname ?? '');
}

function headerUrl(headers: IncomingHttpHeaders): URL | undefined {
  const header = headers['x-outside-url'];
  if (typeof header !== 'string') return undefined;
  const url = URL.parse(header);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' ? url : undefined;
}

/**
 * The path as the routes know it: without the proxy's prefix, and with `%2B` as `+`, because pip and uv
 * quote the plus sign of `+simple` and `+f`. The query string stays as it is.
 */
export function routedPath(url: string, headers: IncomingHttpHeaders): string {
  const prefix = outsidePrefix(headers);
  const inner = withoutPrefix(url, prefix);
  const query = inner.indexOf('?');
  const path = query < 0 ? inner : inner.slice(0, query);
  return path.replace(/%2b/gi, '+') + (query < 0 ? '' : inner.slice(query));
}

function withoutPrefix(url: string, prefix: string): string {
  const rest = url.slice(prefix.length);
  if (prefix === '' || !url.startsWith(prefix) || !/^(?:[/?]|$)/.test(rest)) return url;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
