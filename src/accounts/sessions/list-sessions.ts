import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { fingerprintOf } from '../passwords/fingerprint.ts';
import { requireLogin } from '../require-login.ts';
import { getUser } from '../users/find.ts';
import type { UserAccount } from '../users/store.ts';
import { listSessionsOf, type Session } from './store.ts';

/** The browsers in which who asks is logged in, newest login first. */
export async function listSessions(
  context: AccountsContext,
  { identity }: { readonly identity: Identity },
): Promise<Session[]> {
  const user = requireLogin(identity);
  await context.accounts.sessionUses.flush();
  const account = await getUser(context.db, user);
  const all = await listSessionsOf(context.db, user);
  return all.filter((session) => isValid(context, account, session));
}

/** False if time or a changed password has ended the session. */
export function isValid(
  { secret, clock }: Pick<AccountsContext, 'secret' | 'clock'>,
  { passwordHash, keptLogin }: UserAccount,
  { id, fingerprint, endsAt }: Session,
): boolean {
  return (fingerprint === fingerprintOf(secret, passwordHash) || id === keptLogin) && endsAt > clock.now();
}
