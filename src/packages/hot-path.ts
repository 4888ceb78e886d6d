import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccountsContext } from '#accounts';
import type { HotPath } from '#kernel/http/server.ts';
import { asksForMetadata } from './files/routes.ts';
import type { ServedFiles } from './files/served-files.ts';
import { sendFile } from './files/send-file.ts';
import type { Index } from './model/index.ts';
import { viewKeyOf } from './inheritance/reading.ts';
import { mayRead } from './policy.ts';
import type { CachedPage } from './simple/page-cache.ts';
import type { RenderedPage } from './simple/rendered-page.ts';
import { sendPage } from './simple/send-page.ts';
import type { SimplePages } from './simple/routes.ts';

export interface HotPathParts {
  readonly pages: SimplePages;
  readonly served: ServedFiles;
  readonly standardHeaders: () => readonly string[];
}

/**
 * Answers GET and HEAD of simple pages and files that are in the caches, before any routing. Where everybody may
 * read, nobody asks who reads; else the reader is looked for among those who are known. What is not cached, or asked for in
 * another way, or by somebody else, goes on to the routes, which fill the caches.
 */
export function createHotPath(
  context: AccountsContext,
  { pages, served, standardHeaders }: HotPathParts,
): HotPath {
  const { cache, negotiation } = pages;

  /** The page of a reader who is known without asking the database; the routes find out about others, and refuse. */
  function privatePage({ reading, byView }: CachedPage, request: IncomingMessage): RenderedPage | undefined {
    const identity = context.accounts.authenticator.peek(request.headers);
    const key = identity && viewKeyOf(context, reading, identity);
    return key === undefined ? undefined : byView.get(key);
  }

  function isReader(request: IncomingMessage, index: Index): boolean {
    const identity = context.accounts.authenticator.peek(request.headers);
    return identity !== undefined && mayRead(context, identity, index);
  }

  function answerPage(request: IncomingMessage, response: ServerResponse, url: string): boolean {
    const cached = cache.find(url);
    const page = cached?.everyone ?? (cached && privatePage(cached, request));
    if (page === undefined || page.freshUntil <= context.clock.now()) return false;
    const type = negotiation.typeOf(request.headers.accept);
    if (type === undefined) return false;
    const form = page.peek(
      type,
      negotiation.codingOf(request.headers['accept-encoding'] as string | undefined),
    );
    if (form === undefined) return false;
    cache.hits += 1;
    sendPage(
      request,
      response,
      { type, form, headers: page.headers, isPrivate: page.isPrivate },
      standardHeaders(),
    );
    return true;
  }

  function answerFile(request: IncomingMessage, response: ServerResponse, url: string): boolean {
    const file = served.cache.find(url);
    if (file === undefined || asksForMetadata(request.headers.accept)) return false;
    if (file.privateTo !== undefined && !isReader(request, file.privateTo)) return false;
    sendFile(request, response, served.source, file, standardHeaders()).catch((error: unknown) => {
      context.log.error({ err: error, sha256: file.sha256 }, 'cannot send a stored file');
      // The bytes may have been forgotten by another server; the routes find out what is true now.
      served.cache.clear();
      response.destroy();
    });
    return true;
  }

  return (request, response) => {
    const { method, url = '' } = request;
    if ((method !== 'GET' && method !== 'HEAD') || !context.events.isLive) return false;
    // pip and uv quote the plus sign; the caches know the routed form.
    const path = url.includes('%') ? url.replace(/%2b/gi, '+') : url;
    return answerPage(request, response, path) || answerFile(request, response, path);
  };
}
