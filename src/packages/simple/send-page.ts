import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import { chooseCoding, type Coding } from '#kernel/http/accept.ts';
import { matchesEtag } from '#kernel/http/etag.ts';
import { pagePolicy } from '#kernel/http/page-policy.ts';
import { privateVary } from '../private-answer.ts';
import { choosePageType, type PageType } from './negotiate.ts';
import type { Representation } from './rendered-page.ts';

const VARY = 'Accept, Accept-Encoding';
const PRIVATE_VARY = privateVary(VARY);

/** What requests for a page are told apart by. */
export function varyOf(isPrivate: boolean): string {
  return isPrivate ? PRIVATE_VARY : VARY;
}

const MAX_REMEMBERED = 1000;

/** A function of a header value, remembered: clients send few different ones. */
function remembered<Result>(
  compute: (header: string | undefined) => Result,
): (header: string | undefined) => Result {
  const known = new LRUCache<string, { readonly result: Result }>({ max: MAX_REMEMBERED });
  const withoutHeader = compute(undefined);
  return (header) => {
    if (header === undefined) return withoutHeader;
    const found = known.get(header);
    if (found !== undefined) return found.result;
    const result = compute(header);
    known.set(header, { result });
    return result;
  };
}

export interface Negotiation {
  typeOf(accept: string | undefined): PageType | undefined;
  codingOf(acceptEncoding: string | undefined): Coding;
}

/** Content negotiation with a memory, one for each server. */
export function createNegotiation(): Negotiation {
  return { typeOf: remembered(choosePageType), codingOf: remembered(chooseCoding) };
}

/** Sends a form of a page, or 304 when the client has it, without a body for HEAD. Headers are flat pairs. */
export function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  page: {
    readonly type: PageType;
    readonly form: Representation;
    readonly headers: readonly string[];
    readonly isPrivate: boolean;
  },
  headers: readonly string[],
): void {
  const { type, form } = page;
  const shared = [
    'ETag',
    form.etag,
    'Vary',
    varyOf(page.isPrivate),
    ...policyOf(type),
    ...page.headers,
    ...headers,
  ];
  if (matchesEtag(request.headers['if-none-match'], form.etag)) {
    response.writeHead(304, shared).end();
    return;
  }
  const own = ['Content-Type', contentTypeHeader(type), 'Content-Length', String(form.bytes.byteLength)];
  if (form.coding !== 'identity') own.push('Content-Encoding', form.coding);
  response.writeHead(200, [...own, ...shared]);
  if (request.method === 'HEAD') response.end();
  else if (form.text === undefined) response.end(form.bytes);
  else response.end(form.text, 'latin1');
}

const PAGE_POLICY = pagePolicy();
const NONE: readonly string[] = [];

/** What a browser may do with a page. */
export function policyOf(type: PageType): readonly string[] {
  return type.endsWith('json') ? NONE : PAGE_POLICY;
}

/** JSON is always UTF-8 and takes no parameter. */
export function contentTypeHeader(type: PageType): string {
  return type.endsWith('json') ? type : `${type}; charset=utf-8`;
}
