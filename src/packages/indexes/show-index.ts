import type { Index } from './store.ts';

/** The configuration as every answer shows it: a password in a mirror's URL stays on the server. */
export function showIndex(index: Index): Record<string, unknown> {
  const { mirror_url: mirrorUrl, ...options } = index.options;
  return {
    type: index.type,
    ...options,
    ...(typeof mirrorUrl === 'string' && { mirror_url: withoutCredentials(mirrorUrl) }),
  };
}

/** The URL as it may be shown; the same text when there is nothing to hide. */
export function withoutCredentials(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.username === '' && url.password === '')) return text;
  url.username = '';
  url.password = '';
  return url.href;
}
