import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { chooseCoding } from '#kernel/http/accept.ts';
import { matchesEtag } from '#kernel/http/etag.ts';
import type { Operation } from '#kernel/http/operation.ts';
import { sitePolicy } from '#kernel/http/page-policy.ts';
import { route, type Params } from '#kernel/http/route.ts';
import type { WebContext } from './context.ts';
import { frameOf } from './frame-of.ts';
import { markupWithOutsidePath, withOutsidePath } from './outside-path.ts';
import { renderPage } from './layout.ts';
import { trusted } from '../html.ts';
import type { EventStream, PageAnswer } from '../page.ts';
import { sendEvents } from './send-events.ts';
import { renderedPage, type RenderedPage } from './rendered-page.ts';

/** An operation for browsers: it shows a page with GET, or does what a form of it says with POST. */
export type PageOperation = Operation & {
  readonly audience: 'browser';
  readonly method: 'GET' | 'POST';
  /** True for a page that frames others of this server. */
  readonly framesOwn?: boolean;
};

type PageHandler<Path extends string, Subject> = (
  request: FastifyRequest,
  params: Params<Path>,
  subject: Subject,
  reply: FastifyReply,
) => Promise<PageAnswer>;

/** What strangers and readers are told apart by, and forms of one page. */
const VARY = 'Accept, Accept-Encoding, Cookie, Authorization, X-Devpi-Auth';

/**
 * Declares a page, or what its forms send to: the handler gives data as HTML, the layout and the headers are added here. Strangers
 * get pages from memory while nothing has changed; whoever is logged in gets them made, for no cache but the browser's own.
 */
export function page<Path extends string, Subject = unknown>(
  app: FastifyInstance,
  context: WebContext,
  operation: PageOperation & { readonly path: Path },
  handler: PageHandler<Path, Subject>,
): void {
  const { pages } = context.web;
  const { framesOwn = false } = operation;
  route<Path, Subject>(app, operation, async (request, params, reply, subject) => {
    const frame = frameOf(context, request);
    const isStranger = request.identity.user === undefined && request.identity.rejected === undefined;
    // A page of a stranger is the same for all, but for where it was asked for, and its theme.
    const key = `${request.outsideUrl} ${frame.theme ?? ''} ${request.url}`;
    const mayKeep = operation.method === 'GET' && isStranger;
    const known = mayKeep ? pages.find(key) : undefined;
    if (known !== undefined) {
      await send(request, reply, known, { status: 200, cacheControl: 'no-cache', framesOwn });
      return;
    }
    const { serial } = context.events;
    const answer = await handler(request, params, subject, reply);
    if ('seeOther' in answer) {
      if (answer.cookies !== undefined) void reply.header('set-cookie', answer.cookies);
      await reply
        .code(303)
        .header('cache-control', 'no-store')
        .redirect(withOutsidePath(answer.seeOther, frame.outsidePath), 303);
      return;
    }
    if ('stream' in answer) {
      const place = context.web.streams.take(request.clientAddress);
      reply.raw.once('close', () => place[Symbol.dispose]());
      await sendEvents(request, reply, withPaths(answer, frame.outsidePath), context.web.stopping);
      return;
    }
    const made = await renderedPage(
      'fragment' in answer
        ? markupWithOutsidePath(String(answer.fragment), frame.outsidePath)
        : renderPage(frame, answer),
    );
    const { status = 200, isSecret = false } = 'fragment' in answer ? {} : answer;
    const isShared = mayKeep && status === 200 && !isSecret && !isMarkedPrivate(reply);
    if (isShared) pages.keep(key, serial, made);
    const cacheControl =
      isSecret || status !== 200 ? 'no-store' : isShared ? 'no-cache' : 'private, no-cache';
    await send(request, reply, made, { status, cacheControl, framesOwn });
  });
}

/** The same stream for who comes through a proxy that publishes the server below this path. */
function withPaths({ stream }: EventStream, path: string): EventStream {
  if (path === '') return { stream };
  return {
    async *stream(signal) {
      for await (const { html: markup, ...message } of stream(signal)) {
        yield { ...message, html: trusted(markupWithOutsidePath(String(markup), path)) };
      }
    },
  };
}

/** What depends on an index with readers is marked so by whoever reads it. */
function isMarkedPrivate(reply: FastifyReply): boolean {
  return /private|no-store/.test(String(reply.raw.getHeader('cache-control') ?? ''));
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  made: RenderedPage,
  {
    status,
    cacheControl,
    framesOwn,
  }: { readonly status: number; readonly cacheControl: string; readonly framesOwn: boolean },
): Promise<void> {
  const isZipped = chooseCoding(request.headers['accept-encoding']) !== 'identity' && acceptsGzip(request);
  const etag = `"${made.digest}${isZipped ? '-gzip' : ''}"`;
  const policy = sitePolicy(request.outsideUrl, framesOwn);
  for (let i = 0; i < policy.length; i += 2) void reply.header(policy[i] as string, policy[i + 1]);
  void reply.header('cache-control', cacheControl).header('vary', VARY);
  if (status === 200 && cacheControl !== 'no-store') {
    void reply.header('etag', etag);
    if (matchesEtag(request.headers['if-none-match'], etag)) {
      await reply.code(304).send();
      return;
    }
  }
  if (isZipped) void reply.header('content-encoding', 'gzip');
  const bytes = isZipped ? made.gzip : made.bytes;
  await reply.code(status).header('content-type', 'text/html; charset=utf-8').send(bytes);
}

function acceptsGzip({ headers }: FastifyRequest): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\D|$))/i.test(headers['accept-encoding'] ?? '');
}
