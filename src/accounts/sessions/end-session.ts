import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { accountsEvents } from '../events.ts';
import { requireLogin } from '../require-login.ts';
import { deleteSessions, findSession, listSessionsOf } from './store.ts';

/**
 * Logs one browser of who asks out, at once and on every server process, and emits `accounts.session-ended`. Root may do so for
 * everybody; to others a session that is not theirs is not there.
 */
export async function endSession(
  { events, accounts }: AccountsContext,
  { identity, id }: { readonly identity: Identity; readonly id: string },
): Promise<void> {
  const actor = requireLogin(identity);
  await events.change(async (tx, emit) => {
    await accounts.confirm(tx, identity);
    const session = await findSession(tx, id);
    if (session === undefined || (session.user !== actor && actor !== 'root')) {
      throw new AppError(accountsErrors.sessionNotFound, `no session '${id.slice(0, 100)}'`);
    }
    if ((await deleteSessions(tx, [id])) === 0) return;
    emit(accountsEvents.sessionEnded, { actor, data: { user: session.user, session: id } });
  });
}

/** Logs who asks out of every browser but the one that asks, and emits `accounts.session-ended` if there was one. */
export async function endOtherSessions(
  { events, accounts }: AccountsContext,
  { identity }: { readonly identity: Identity },
): Promise<void> {
  const user = requireLogin(identity);
  await events.change(async (tx, emit) => {
    await accounts.confirm(tx, identity);
    const all = await listSessionsOf(tx, user);
    const others = all.filter(({ id }) => !(identity.isSession && id === identity.loginId));
    const ended = await deleteSessions(
      tx,
      others.map(({ id }) => id),
    );
    if (ended > 0) emit(accountsEvents.sessionEnded, { actor: user, data: { user } });
  });
}
