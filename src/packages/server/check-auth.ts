import type { Context } from '#kernel/context.ts';
import { routedPath } from '#kernel/http/outside-url.ts';
import type { FastifyRequest } from 'fastify';
import { operations as accountsOperations } from '#accounts/contract';
import { kernelOperations } from '#kernel/http/contract.ts';
import { operations } from '../contract.ts';
import { findIndex } from '../indexes/store.ts';
import { authorizeReading } from '../policy.ts';

/** Names with a plus sign that an address may have; nobody's index or project is called so. */
const RESERVED = new Set(
  Object.values({ ...kernelOperations, ...accountsOperations, ...operations }).flatMap(({ path }) =>
    path.split('/').filter((part) => part.startsWith('+')),
  ),
);

/**
 * Answers nginx's `auth_request`: false where `X-Original-URI` can be no address of this server; throws 401 or 403 where it
 * is below an index that the sender may not read. nginx sends a path; devpi takes a whole URL as well.
 */
export async function checkAuth(
  context: Context,
  { identity, headers }: Pick<FastifyRequest, 'identity' | 'headers'>,
): Promise<boolean> {
  const parts = partsOf(String(headers['x-original-uri'] ?? ''), headers);
  if (parts === undefined || parts.some((part) => part.startsWith('+') && !RESERVED.has(part))) return false;
  const [user, name, below] = parts;
  // Where to log in must be known before that (reference devpi.md 1.14).
  if (user === undefined || name === undefined || below === '+api') return true;
  const index = await findIndex(context.db, user, name);
  if (index !== undefined) authorizeReading(context, identity, index);
  return true;
}

/** As a server that reads the address in the most daring way: slashes merged, all escapes undone, no backslash taken for a name. */
function partsOf(original: string, headers: FastifyRequest['headers']): readonly string[] | undefined {
  if (!/^(?:\/|https?:\/\/)/.test(original) || /\\|%5c/i.test(original)) return undefined;
  const url = URL.parse(original.replace(/^\/+/, '/'), 'http://localhost');
  try {
    const path = decodeURIComponent(routedPath(url?.pathname ?? '', headers));
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    return parts.includes('..') ? undefined : parts;
  } catch {
    return undefined;
  }
}
