import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { requireLogin } from '../require-login.ts';
import { getUser } from '../users/find.ts';
import { listTokensOf, type ApiToken } from './store.ts';

/** The tokens of the user, those that ended lately among them. Only root may ask for another user's. */
export async function listTokens(
  { db, accounts }: AccountsContext,
  { identity, user }: { readonly identity: Identity; readonly user: string | undefined },
): Promise<ApiToken[]> {
  const actor = requireLogin(identity);
  const owner = user ?? actor;
  if (owner !== actor && actor !== 'root') {
    throw new AppError(accountsErrors.notAllowed, `no permission to list the tokens of user ${owner}`);
  }
  await accounts.tokenUses.flush();
  return await listTokensOf(db, (await getUser(db, owner)).name);
}
