import { html as template, raw } from 'hono/html';

/** HTML that is known to be safe: made by `html`, or by who says so with `trusted`. */
export interface Html {
  toString(): string;
  readonly isEscaped: true;
}

/** What may stand in a template: text is escaped, lists are joined, and what is absent vanishes. */
export type HtmlValue = Html | string | number | bigint | false | null | undefined | readonly HtmlValue[];

/** Makes HTML from a template: every value that is no HTML is escaped. Attributes must be quoted. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  // Its result is a promise only where a value is one, which the type rules out.
  return template(strings, ...values) as unknown as Html;
}

/** Markup that has been made safe elsewhere: a sanitized description, and nothing else. */
export function trusted(markup: string): Html {
  return raw(markup) as unknown as Html;
}

/** An address for `href`: http, https, mailto or a path of ours; undefined for anything else, such as `javascript:`. */
export function safeHref(address: string): string | undefined {
  if (/^\/(?![/\\])/.test(address)) return address;
  const url = URL.parse(address.trim());
  return url !== null && /^(?:https?|mailto):$/.test(url.protocol) ? url.href : undefined;
}

// Bidirectional controls and other characters that change how their neighbours are read.
const INVISIBLE = /(?![\t\n])\p{Cc}|[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** Foreign text, such as a name or a summary, with characters that would reorder or hide others shown as escapes. */
export function foreign(text: string): Html {
  return html`<bdi>${visible(text)}</bdi>`;
}

/** The same as text, for where no element may stand: an attribute, a title, a drawing. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
