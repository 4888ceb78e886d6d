import type { z } from 'zod';
import type { UserConfig } from '#accounts/contract';
import { clientOf } from '../open-client.ts';
import { printJson } from '../print-json.ts';
import { pythonText } from '../python-text.ts';
import { readSession } from '../session.ts';
import { findTarget } from './find-target.ts';

export interface ListOptions {
  readonly user: string | undefined;
  readonly json: boolean;
}

/** Prints the indexes of a server, or of one user there, as devpi-client does. */
export async function listIndexes(url: string | undefined, { user, json }: ListOptions): Promise<number> {
  const { operations } = await import('#packages/contract');
  const session = await readSession();
  const { server } = await findTarget(session, url ?? '/');
  const client = await clientOf(session, server);
  const users: readonly z.output<typeof UserConfig>[] =
    user === undefined
      ? Object.values((await client.call(operations.listUsers, {})).result)
      : [(await client.call(operations.readUser, { params: { user } })).result];
  const listed = users.flatMap(({ username, indexes }) =>
    Object.entries(indexes).map(([name, options]) => ({ index: `${username}/${name}`, ...options })),
  );
  listed.sort((a, b) => compare(a.index, b.index));
  if (json) printJson(listed);
  else process.stdout.write(listed.map((each) => line(each.index, each)).join(''));
  return 0;
}

function line(name: string, options: Readonly<Record<string, unknown>>): string {
  const bases = pythonText(options['bases'] ?? []).padEnd(15);
  return `${name.padEnd(15)} bases=${bases} volatile=${pythonText(options['volatile'])}\n`;
}

/** By user first, then by index: `a/x` before `a-b/x`. */
function compare(a: string, b: string): number {
  const [userA = '', indexA = ''] = a.split('/');
  const [userB = '', indexB = ''] = b.split('/');
  if (userA !== userB) return userA < userB ? -1 : 1;
  return indexA < indexB ? -1 : 1;
}
