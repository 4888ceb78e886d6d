import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Coding } from '#kernel/http/accept.ts';
import { readLocalFile } from '#kernel/files/local-open-file.ts';
import { matchesEtag } from '#kernel/http/etag.ts';
import { sendBytes } from '../files/send-file.ts';
import { formSuffix, type ListPage } from './project-lists.ts';
import { contentTypeHeader, policyOf, varyOf } from '../simple/send-page.ts';
import { PRIVATE_CACHE_CONTROL } from '../private-answer.ts';
import type { PageType } from '../simple/negotiate.ts';

/** Sends a root list that lies on disk, or 304. Throws before anything is sent if it cannot be read. */
export async function sendList(
  request: IncomingMessage,
  response: ServerResponse,
  { path, forms }: ListPage,
  {
    type,
    coding,
    isPrivate,
  }: { readonly type: PageType; readonly coding: Coding; readonly isPrivate: boolean },
): Promise<void> {
  const form = `${type.endsWith('json') ? 'json' : 'html'} ${coding}`;
  const { etag = '', size = 0 } = forms[form] ?? {};
  const shared = [
    'ETag',
    etag,
    'Vary',
    varyOf(isPrivate),
    'Cache-Control',
    isPrivate ? PRIVATE_CACHE_CONTROL : 'no-cache',
    ...policyOf(type),
  ];
  if (matchesEtag(request.headers['if-none-match'], etag)) {
    response.writeHead(304, shared).end();
    return;
  }
  const own = ['Content-Type', contentTypeHeader(type), 'Content-Length', String(size)];
  if (coding !== 'identity') own.push('Content-Encoding', coding);
  await using file = await open(path + formSuffix(form), 'r');
  response.writeHead(200, [...own, ...shared]);
  if (request.method === 'HEAD') response.end();
  else await sendBytes(response, readLocalFile({ fd: file.fd, size, release() {} }), size);
}
