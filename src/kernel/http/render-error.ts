import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppError } from '../errors/app-error.ts';
import { isNamed, parseWeighted, prefersJson, weightOf } from './accept.ts';
import { pagePolicy } from './page-policy.ts';
import { reasonPhrase } from './reason-phrase.ts';

/** An answer for browsers; undefined where the plain page will do. */
export type ErrorPage = (
  error: AppError,
  request: FastifyRequest,
) => Promise<
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly html: string }
  | undefined
>;

type Form = 'json' | 'problem' | 'html' | 'line';

/**
 * Answers with an error in the form that the calling client shows to its user: devpi reads `message` from
 * exactly `application/json`, as do scripts that accept anything; uv shows problem details (RFC 9457) from exactly
 * `application/problem+json`; browsers get a page; upload forms get one line. twine and pip print the reason
 * phrase, so the message is in the status line as well.
 */
export async function renderError(
  error: AppError,
  request: FastifyRequest,
  reply: FastifyReply,
  errorPage?: ErrorPage,
): Promise<void> {
  const { kind, message, hint } = error;
  void reply.code(kind.status).headers(error.headers).header('cache-control', 'no-store');
  const ranges = parseWeighted(request.headers.accept ?? '*/*');
  const form = chooseForm(request, ranges);
  // devpi-client prints the phrase beside the message that it finds in JSON; there it keeps its usual text.
  if (!isNamed(ranges, 'application/json')) reply.raw.statusMessage = reasonPhrase(message);
  if (form === 'json' || form === 'problem') {
    const type = form === 'json' ? 'application/json' : 'application/problem+json';
    const problem = {
      title: kind.title,
      status: kind.status,
      detail: message,
      message,
      code: kind.code,
      hint,
    };
    // As bytes: Fastify adds a charset to text, and both clients compare the whole header.
    await reply.header('content-type', type).send(Buffer.from(`${JSON.stringify(problem, null, 2)}\n`));
    return;
  }
  if (form === 'html') {
    const own = await errorPage?.(error, request);
    if (own !== undefined) {
      // There is a form to log in; browsers would open a dialog of theirs.
      if (request.routeOptions.config.operation?.audience === 'browser')
        void reply.removeHeader('www-authenticate');
      await reply.code(own.status).headers(own.headers).send(own.html);
      return;
    }
    for (let i = 0; i < PAGE_HEADERS.length; i += 2) {
      void reply.header(PAGE_HEADERS[i] as string, PAGE_HEADERS[i + 1]);
    }
    await reply.header('content-type', 'text/html; charset=utf-8').send(page(error, request.id));
    return;
  }
  const lines = [`${kind.status} ${message}`, ...(hint === undefined ? [] : [`hint: ${hint}`])];
  await reply.header('content-type', 'text/plain; charset=utf-8').send(`${lines.join('\n')}\n`);
}

function chooseForm({ headers }: FastifyRequest, ranges: ReturnType<typeof parseWeighted>): Form {
  const isUv = headers['user-agent']?.startsWith('uv/') === true;
  if (isUv || isNamed(ranges, 'application/problem+json')) return 'problem';
  if (isNamed(ranges, 'application/json') && prefersJson(headers.accept)) return 'json';
  if (isNamed(ranges, 'text/html') && !ranges.some(({ name }) => name.startsWith('application/vnd.pypi'))) {
    return 'html';
  }
  const isUpload = headers['content-type']?.startsWith('multipart/') === true;
  return !isUpload && weightOf(ranges, 'application/json') > 0 ? 'json' : 'line';
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}';
const PAGE_HEADERS = pagePolicy([STYLE]);

function page({ kind, message, hint }: AppError, requestId: string): string {
  const advice = hint === undefined ? '' : `<p>${escape(hint)}</p>`;
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${kind.status} ${escape(kind.title)}</title>
<style>${STYLE}</style></head>
<body><h1>${kind.status} ${escape(kind.title)}</h1><p>${escape(message)}</p>${advice}<p><small>request ${escape(requestId)}</small></p></body>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
