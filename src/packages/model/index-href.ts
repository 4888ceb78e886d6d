import { encodePathSegment } from './file-path.ts';
import type { Index } from './index.ts';

/** The address of an index below the server, percent-encoded, or of what follows it there. */
export function indexHref({ user, name }: Pick<Index, 'user' | 'name'>, ...rest: readonly string[]): string {
  return `/${[user, name, ...rest].map(encodePathSegment).join('/')}`;
}
