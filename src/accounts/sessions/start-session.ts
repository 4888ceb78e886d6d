import { randomBytes } from 'node:crypto';
import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Emit } from '#kernel/events/events.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { accountsEvents } from '../events.ts';
import { checkPassword, type GivenPassword } from '../passwords/check-password.ts';
import { fingerprintOf } from '../passwords/fingerprint.ts';
import { accountsConfig } from '../settings.ts';
import { lockUser, type UserAccount } from '../users/store.ts';
import { isValid } from './list-sessions.ts';
import { createSessionCookie, hashSession, type Visit } from './session-cookie.ts';
import { deleteSessions, insertSession, listSessionsOf, type Session } from './store.ts';

const DAY_MS = 86_400_000;
/** Nobody has so many browsers; of more, those that were not used for the longest time end. */
const MAX_SESSIONS = 50;
const MAX_AGENT_LENGTH = 300;

export interface StartSession extends GivenPassword {
  readonly visit: Visit;
}

export interface StartedSession {
  readonly session: Session;
  /** The header that gives the browser its cookie. */
  readonly setCookie: string;
}

/**
 * Logs a browser in with a password, under a new id always; throws as `checkPassword` does. An empty password is none here: it would
 * let in whoever types a name.
 */
export async function startSession(
  context: AccountsContext,
  { user, password, address, visit }: StartSession,
): Promise<StartedSession> {
  const { accounts, events, clock, config, secret } = context;
  const identity = await checkPassword(context, { user, password, address });
  if (password === '') {
    throw new AppError(accountsErrors.loginFailed, `user '${user}' could not be authenticated`, {
      hint: `the password is empty: set one first, with wheelhouse passwd ${user}`,
    });
  }
  const days = accountsConfig(config)['accounts.session-days'];
  const { secret: cookie, setCookie } = createSessionCookie(visit, days);
  const now = clock.now();
  const session = await events.change(async (tx, emit) => {
    const account = await lockUser(tx, user);
    // What another server process has just changed may not be heard yet.
    await accounts.confirm(tx, identity);
    const started: Session = {
      id: randomBytes(9).toString('base64url'),
      user,
      fingerprint: fingerprintOf(secret, account?.passwordHash ?? ''),
      createdAt: now,
      seenAt: now,
      endsAt: now + days * DAY_MS,
      address,
      agent: (visit.headers['user-agent'] ?? '').slice(0, MAX_AGENT_LENGTH),
    };
    if (account !== undefined) await makeRoom(context, { tx, emit, account });
    await insertSession(tx, started, hashSession(cookie));
    return started;
  });
  return { session, setCookie };
}

/** Forgets sessions that have ended, and ends the oldest ones of too many. */
async function makeRoom(
  context: AccountsContext,
  { tx, emit, account }: { readonly tx: Tx; readonly emit: Emit; readonly account: UserAccount },
): Promise<void> {
  const all = await listSessionsOf(tx, account.name);
  const [valid, ended] = [true, false].map((wanted) =>
    all.filter((session) => isValid(context, account, session) === wanted),
  ) as [Session[], Session[]];
  const oldest = valid.toSorted((a, b) => b.seenAt - a.seenAt).slice(MAX_SESSIONS - 1);
  await deleteSessions(
    tx,
    [...ended, ...oldest].map(({ id }) => id),
  );
  for (const { id } of oldest)
    emit(accountsEvents.sessionEnded, { actor: account.name, data: { user: account.name, session: id } });
}
