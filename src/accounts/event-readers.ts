import type { Context } from '#kernel/context.ts';
import type { Visible } from '#kernel/events/find-events.ts';
import type { Identity } from '#kernel/identity.ts';
import { accountsEvents } from './events.ts';
import { policy } from './policy.ts';
import { findUser } from './users/store.ts';

const OWN = [
  accountsEvents.userCreated,
  accountsEvents.userModified,
  accountsEvents.tokenCreated,
  accountsEvents.tokenRevoked,
].map(({ type }) => type);

/** True for root: the whole log, as the audit trail. */
export function mayReadAllEvents(context: Pick<Context, 'config'>, identity: Identity): boolean {
  return policy.isAllowed(context, identity, 'server.read-all-events', {});
}

/** The events of a user and of the tokens of that user, for the user; since the user was made. */
export async function ownEvents(
  context: Pick<Context, 'config' | 'db'>,
  identity: Identity,
): Promise<Visible['own']> {
  const { user } = identity;
  if (user === undefined || !policy.isAllowed(context, identity, 'server.read-own-events', { user }))
    return undefined;
  const account = await findUser(context.db, user);
  return account && { user, types: OWN, since: account.createdAt };
}
