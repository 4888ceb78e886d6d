import type { FastifyRequest } from 'fastify';
import { note } from '#web/components/note.ts';
import { html, type Html } from '#web/html.ts';

/** What a page says beside a field for a password; undefined where nobody can listen. */
export function warningFor({
  outsideUrl,
  protocol,
  headers,
}: Pick<FastifyRequest, 'outsideUrl' | 'protocol' | 'headers'>): Html | undefined {
  const outside = new URL(outsideUrl);
  if (outside.protocol === 'https:') {
    // The cookie is one that browsers take over https from this very host.
    if (outside.host === headers.host || protocol === 'https') return undefined;
    return note(
      'warning',
      html`This server is at <a href="${outside.origin}">${outside.origin}</a>. Log in there: a browser that comes another way
        is not kept logged in.`,
    );
  }
  if (/^(?:localhost|127\.[\d.]+|\[::1\])$/.test(outside.hostname)) return undefined;
  return note(
    'warning',
    html`Plain http: passwords can be read on the way. Put TLS in front of the server where others share the network.`,
  );
}
