import type { Index } from '../model/index.ts';

/** The configuration as every answer shows it: a password in a mirror's URL stays on the server. */
export function showIndex(index: Index): Record<string, unknown> {
  const shown = Object.entries(index.options).map(([name, value]) => [
    name,
    ADDRESS_OPTIONS.includes(name) && typeof value === 'string' ? withoutCredentials(value) : value,
  ]);
  return { type: index.type, ...Object.fromEntries(shown) };
}

/** Options that the server sends requests to; their credentials stay on it. */
export const ADDRESS_OPTIONS: readonly string[] = ['mirror_url', 'uploadtrigger_jenkins'];

/** What clients need of an index to list it; options of an index tell of its projects. */
const ALWAYS_SHOWN = ['volatile', 'bases'];

/** The configuration as it is shown to who may not read the index: that it is there is no secret. */
export function showHiddenIndex({ type, options }: Index): Record<string, unknown> {
  const shown = ALWAYS_SHOWN.filter((key) => Object.hasOwn(options, key));
  return { type, ...Object.fromEntries(shown.map((key) => [key, options[key]])) };
}

/** The URL as it may be shown; the same text when there is nothing to hide. */
export function withoutCredentials(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.username === '' && url.password === '')) return text;
  url.username = '';
  url.password = '';
  // Braces are places for names.
  return url.href.replace(/%7B(pkgname|pkgversion)%7D/g, '{$1}');
}
