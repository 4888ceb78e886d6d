import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '#kernel/context.ts';
import type { HotPath } from '#kernel/http/server.ts';
import { asksForMetadata } from './files/routes.ts';
import type { ServedFiles } from './files/served-files.ts';
import { sendFile } from './files/send-file.ts';
import { sendPage } from './simple/send-page.ts';
import type { SimplePages } from './simple/routes.ts';

export interface HotPathParts {
  readonly pages: SimplePages;
  readonly served: ServedFiles;
  readonly standardHeaders: () => readonly string[];
}

/**
 * Answers GET and HEAD of simple pages and files that are in the caches, before any routing: everybody may read
 * every index, so there is nothing else to decide. What is not cached, or asked for in another way, goes on to the
 * routes, which fill the caches (design section 5).
 */
export function createHotPath(context: Context, { pages, served, standardHeaders }: HotPathParts): HotPath {
  const { cache, negotiation } = pages;

  function answerPage(request: IncomingMessage, response: ServerResponse, url: string): boolean {
    const page = cache.find(url)?.everyone;
    if (page === undefined || page.freshUntil <= context.clock.now()) return false;
    const type = negotiation.typeOf(request.headers.accept);
    if (type === undefined) return false;
    const form = page.peek(
      type,
      negotiation.codingOf(request.headers['accept-encoding'] as string | undefined),
    );
    if (form === undefined) return false;
    cache.hits += 1;
    sendPage(request, response, { type, form, headers: page.headers }, standardHeaders());
    return true;
  }

  function answerFile(request: IncomingMessage, response: ServerResponse, url: string): boolean {
    const file = served.cache.find(url);
    if (file === undefined || asksForMetadata(request.headers.accept)) return false;
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
