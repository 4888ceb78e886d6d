import type { Index } from '../model/index.ts';
import type { Link } from './link.ts';

/**
 * Stands for the URL of a file that came to a mirror by another way than from upstream. Never what came with the file says:
 * the server must not be sent anywhere. The next answer of upstream brings the right one.
 */
export function unknownUrl(
  { options }: Index,
  project: string,
  { filename }: Pick<Link, 'filename'>,
): string {
  const mirror = String(options['mirror_url'] ?? '').replace(/\/*$/, '/');
  const url = URL.parse(
    `${project}/${encodeURIComponent(filename)}`,
    URL.canParse(mirror) ? mirror : 'https://bundle.invalid/',
  );
  if (url === null) return 'https://bundle.invalid/';
  url.username = '';
  url.password = '';
  return url.href;
}
