import type { Index } from '../model/index.ts';

/** The configuration as every answer shows it: a password in a mirror's URL stays on the server. */
export function showIndex(index: Index): Record<string, unknown> {
  const { mirror_url: mirrorUrl, ...options } = index.options;
  return {
    type: index.type,
    ...options,
    ...(typeof mirrorUrl === 'string' && { mirror_url: withoutCredentials(mirrorUrl) }),
  };
}

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
  return url.href;
}
