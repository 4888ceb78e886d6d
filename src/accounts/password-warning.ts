import type { FastifyRequest } from 'fastify';
import { note } from '#web/components/note.ts';
import { html, type Html } from '#web/html.ts';

/** What a page says beside a field for a password; undefined where nobody can listen. */
export function warningFor({
  outsideUrl,
  headers,
}: Pick<FastifyRequest, 'outsideUrl' | 'headers'>): Html | undefined {
  const outside = new URL(outsideUrl);
  if (outside.protocol === 'https:') {
    if (!comesPastProxy(outside.host, headers)) return undefined;
    return note(
      'warning',
      html`This server is at <a href="${outsideUrl}">${outside.host}</a>. Log in there: a browser that comes another way is not kept
        logged in.`,
    );
  }
  if (/^(?:localhost|127\.[\d.]+|\[::1\])$/.test(outside.hostname)) return undefined;
  return note(
    'warning',
    html`Plain http: passwords can be read on the way. Put TLS in front of the server where others share the network.`,
  );
}

/**
 * True for a browser that asked the server itself by plain http, where it takes no cookie of https: over https it says where a request
 * comes from, and a proxy leaves its marks or passes on the name.
 */
function comesPastProxy(outsideHost: string, headers: FastifyRequest['headers']): boolean {
  return (
    headers['sec-fetch-site'] === undefined &&
    headers.host !== outsideHost &&
    !Object.keys(headers).some((name) =>
      /^(?:via|forwarded|x-forwarded-.*|x-real-ip|x-outside-url)$/.test(name),
    )
  );
}
