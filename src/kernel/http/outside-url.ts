import type { IncomingHttpHeaders } from 'node:http';
import { withoutTrailingSlashes } from './slashes.ts';

/**
 * The URL, without a trailing slash, under which the client reaches this server: the `X-Outside-Url` header
 * of a proxy, else the setting, else the Host header with http (reference devpi.md 1.1; the header wins).
 */
export function outsideUrl(headers: IncomingHttpHeaders, configured: string | undefined): string {
  return withoutTrailingSlashes(
    headerUrl(headers)?.href ?? configured ?? `http://${headers.host ?? 'localhost'}`,
  );
}

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
