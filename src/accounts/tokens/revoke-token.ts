import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { accountsEvents } from '../events.ts';
import { requireLogin } from '../require-login.ts';
import { findToken, markRevoked } from './store.ts';

/**
 * Ends a token at once and emits `accounts.token-revoked`; one that was revoked before stays as it is. Root may revoke those of
 * everybody; to others a token that is not theirs is not there.
 */
export async function revokeToken(
  { events, clock, accounts }: AccountsContext,
  { identity, id }: { readonly identity: Identity; readonly id: string },
): Promise<void> {
  const actor = requireLogin(identity);
  await events.change(async (tx, emit) => {
    await accounts.confirm(tx, identity);
    const token = await findToken(tx, id);
    if (token === undefined || (token.user !== actor && actor !== 'root')) {
      throw new AppError(accountsErrors.tokenNotFound, `no API token '${id.slice(0, 100)}'`);
    }
    if (!(await markRevoked(tx, id, clock.now()))) return;
    const data = { user: token.user, token: id, name: token.name };
    emit(accountsEvents.tokenRevoked, { actor, data });
  });
}
