import type { AppError } from '#kernel/errors/app-error.ts';
import type { FastifyRequest } from 'fastify';
import { sitePolicy } from '#kernel/http/page-policy.ts';
import type { ErrorPage } from '#kernel/http/render-error.ts';
import type { WebContext } from './context.ts';
import { frameOf } from './frame-of.ts';
import { outsidePath, withOutsidePath } from './outside-path.ts';
import { foreign, html, visible, type Html } from '../html.ts';
import { renderPage } from './layout.ts';

/**
 * What a browser is shown instead of an error. Who is not logged in, and asked for a page that needs it, is sent to log in and
 * comes back.
 */
export function createErrorPage(context: WebContext): ErrorPage {
  return async (error, request) => {
    const { status } = error.kind;
    const { operation } = request.routeOptions.config;
    const isPage = operation?.audience === 'browser' && operation.method === 'GET';
    if (
      status === 401 &&
      isPage &&
      request.headers.authorization === undefined &&
      request.url !== '/+login'
    ) {
      const login = `/+login?next=${encodeURIComponent(request.url)}`;
      const location = withOutsidePath(login, outsidePath(request.outsideUrl));
      return { status: 303, headers: { location }, html: '' };
    }
    const frame = frameOf(context, request);
    const title = [`${status} ${error.kind.title}`];
    const body = errorBody(error, request, frame.reader);
    const policy = sitePolicy(request.outsideUrl);
    const headers: Record<string, string> = { 'content-type': 'text/html; charset=utf-8' };
    for (let i = 0; i < policy.length; i += 2) headers[policy[i] as string] = policy[i + 1] as string;
    return { status, headers, html: renderPage(frame, { title, body }) };
  };
}

function errorBody(
  { kind, message, hint }: AppError,
  request: FastifyRequest,
  reader: string | undefined,
): Html {
  const isOurs = kind.status >= 500;
  const above = kind.status === 404 ? placesAbove(request.url) : [];
  return html`<section class="error-page"><h1><strong>${kind.status}</strong> ${visible(capitalized(message))}</h1>
${kind.title.toLowerCase() !== message.toLowerCase() && html`<p class="summary">${kind.title}.</p>`}
${hint !== undefined && html`<p>What to do: ${visible(hint)}.</p>`}
${kind.status === 403 && reader !== undefined && html`<p>You are logged in as <strong>${reader}</strong>.</p>`}
${
  above.length > 0 &&
  html`<p>What is above it: ${above.map((path, at) => html`${at > 0 && ', '}<a href="${path}">${foreign(decoded(path))}</a>`)}</p>`
}
<p><a href="/">Home</a> · <a href="/+search">Search</a></p>
<p class="mute">${isOurs ? 'The log of the server says more about' : 'This was'} request <code>${request.id}</code></p></section>`;
}

/** `/alice/dev/demo` and `/alice/dev` for `/alice/dev/demo/9.9`: what was meant is often near. A user alone helps little. */
function placesAbove(url: string): string[] {
  const names = (url.split('?')[0] ?? '').split('/').filter(Boolean);
  const plain = names.slice(0, names.findIndex((name) => name.startsWith('+')) >>> 0);
  const isPage = plain.length === names.length;
  return [3, 2]
    .filter((count) => plain.length > count || (!isPage && plain.length === count))
    .map((count) => `/${plain.slice(0, count).join('/')}`);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path.slice(1));
  } catch {
    return path.slice(1);
  }
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
