import { listUsersAfter } from '#accounts';
import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import { listIndexes } from '../indexes/store.ts';
import type { Index } from '../model/index.ts';
import { listProjectNames } from '../projects/store.ts';

/** What is next on a new server: a password for root, a user, an index, and then how to use it. */
export type SetupStep =
  | { readonly step: 'password' | 'user' | 'index' }
  | { readonly step: 'use'; readonly index: Index };

/** Root and the first user: with more, nobody needs the set-up. */
const MAX_USERS = 2;

/**
 * What is next, for who looks; undefined once the server is set up, and for strangers as soon as root has a password. It is told from
 * what is there, so that a set-up that was interrupted goes on.
 */
export async function setupStep(
  { db, accounts }: PackagesContext,
  { user, token }: Identity,
): Promise<SetupStep | undefined> {
  if (await accounts.rootPassword.isEmpty()) return { step: 'password' };
  if (user === undefined || token !== undefined) return undefined;
  const users = await listUsersAfter(db, '', MAX_USERS + 1);
  if (users.length > MAX_USERS) return undefined;
  const indexes = (await Promise.all(users.map(({ name }) => listIndexes(db, name)))).flat();
  const stages = indexes.filter(({ type }) => type === 'stage');
  const [first] = stages;
  if (first === undefined) return { step: user === 'root' && users.length === 1 ? 'user' : 'index' };
  if (stages.length > 1 || first.user !== user) return undefined;
  const projects = await listProjectNames(db, [first.id]);
  return projects.length === 0 ? { step: 'use', index: first } : undefined;
}

/** True while nobody has done anything here: then the home page leads to the set-up. */
export async function isFresh({ db, accounts }: PackagesContext): Promise<boolean> {
  return (await listUsersAfter(db, '', 2)).length === 1 && (await accounts.rootPassword.isEmpty());
}
