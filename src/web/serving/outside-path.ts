import { escapeHtml } from '../escape-html.ts';

/** What stands in front of every path where a proxy publishes the server below one, such as `/python`; else empty. */
export function outsidePath(outsideUrl: string): string {
  return new URL(outsideUrl).pathname.replace(/\/+$/, '');
}

/** An address of ours, for who comes through that proxy; other addresses stay as they are. */
export function withOutsidePath(address: string, path: string): string {
  return isOwn(address) ? `${path}${address}` : address;
}

/** In text and in attributes `>` is escaped, so that this is a tag and nothing else. */
const TAG = /<[a-z][^>]*>/gi;
const OWN_ADDRESS = /(?<=\s(?:href|action|src|data-href|data-live|data-stream)=")(?=\/(?![/\\]))/g;

/**
 * Markup with that path in front of every own address. Pages are written as if the server stood at the root, so that none of them
 * can forget it; where a proxy publishes it below a path, this costs a pass over the page.
 */
export function markupWithOutsidePath(markup: string, path: string): string {
  if (path === '') return markup;
  const escaped = escapeHtml(path);
  return markup.replaceAll(TAG, (tag) => tag.replaceAll(OWN_ADDRESS, escaped.replaceAll('$', '$$$$')));
}

function isOwn(address: string): boolean {
  return /^\/(?![/\\])/.test(address);
}
