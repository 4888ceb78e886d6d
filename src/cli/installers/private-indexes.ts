import { AppError } from '#kernel/errors/app-error.ts';
import { operations } from '#packages/contract';
import type { Client } from '../client/client.ts';

/** The most indexes that one token may name. */
const MOST = 50;

/**
 * Of an index and all that it inherits from, those that name their readers, as `user/index`: installers need a token for
 * them. Throws if the index itself may not be read.
 */
export async function findPrivateIndexes(client: Client, index: string): Promise<readonly string[]> {
  const seen = new Set<string>();
  const found: string[] = [];
  const waiting = [index];
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const options = await readOptions(client, name, name === index);
    if (options === undefined) continue;
    const { acl_read: readers, bases } = options;
    if (Array.isArray(readers) && !readers.includes(':ANONYMOUS:')) found.push(name);
    if (Array.isArray(bases)) waiting.push(...bases.map(String));
  }
  return found.slice(0, MOST);
}

async function readOptions(client: Client, name: string, mustBeRead: boolean) {
  const [user = '', index = ''] = name.split('/');
  try {
    const query = { no_projects: '' };
    return (await client.call(operations.readIndex, { params: { user, index }, query })).result;
  } catch (error) {
    // A base that is gone, or that this user may not see, shows nothing through the index either.
    const { status = 0 } = error instanceof AppError ? error.kind : {};
    if (!mustBeRead && (status === 401 || status === 403 || status === 404)) return undefined;
    throw error;
  }
}
