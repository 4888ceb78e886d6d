import { randomBytes } from 'node:crypto';
import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { accountsEvents } from '../events.ts';
import { requireLogin } from '../require-login.ts';
import { accountsConfig } from '../settings.ts';
import { lockUser } from '../users/store.ts';
import { createApiToken, hashApiToken } from './api-token.ts';
import { deleteEndedTokens, insertToken, listTokensOf, type ApiToken } from './store.ts';

const DAY_MS = 86_400_000;
/** So long a list still says that a token expired or was revoked, and when. */
const REMEMBER_ENDED_MS = 30 * DAY_MS;

export interface CreateToken {
  readonly identity: Identity;
  readonly name: string;
  readonly scopes: readonly string[];
  /** `user/index`; undefined for all indexes. */
  readonly on: readonly string[] | undefined;
  /** How long it is valid; undefined for as long as the setting says. */
  readonly days: number | undefined;
}

/** Makes a token for whoever asks and emits `accounts.token-created`; `secret` is the token, and this is its only appearance. */
export async function createToken(
  context: AccountsContext,
  { identity, name, scopes, on, days }: CreateToken,
): Promise<{ readonly token: ApiToken; readonly secret: string }> {
  const { accounts, clock } = context;
  const user = requireLogin(identity);
  const config = accountsConfig(context.config);
  checkScopes(scopes, accounts.scopes);
  const maxDays = config['accounts.max-token-days'];
  const validDays = days ?? Math.min(config['accounts.token-days'], maxDays);
  if (validDays > maxDays) {
    throw invalidToken(`a token is valid for ${maxDays} days at most (accounts.max-token-days)`);
  }
  const now = clock.now();
  const token: ApiToken = {
    id: randomBytes(8).toString('hex'),
    user,
    name,
    scopes: [...new Set(scopes)].toSorted(),
    on: on && [...new Set(on)].toSorted(),
    createdAt: now,
    expiresAt: now + validDays * DAY_MS,
    revokedAt: null,
    lastUsedAt: null,
  };
  const secret = createApiToken();
  await context.events.change(async (tx, emit) => {
    await lockUser(tx, user);
    await accounts.confirm(tx, identity);
    await deleteEndedTokens(tx, user, now - REMEMBER_ENDED_MS);
    await checkRoom(tx, token, config['accounts.max-tokens']);
    await insertToken(tx, token, hashApiToken(secret));
    const { id } = token;
    const data = { user, token: id, name, scopes: token.scopes, ...(token.on && { on: token.on }) };
    emit(accountsEvents.tokenCreated, { actor: user, data });
  });
  return { token, secret };
}

function checkScopes(scopes: readonly string[], known: readonly string[]): void {
  const unknown = scopes.find((scope) => !known.includes(scope));
  if (unknown === undefined) return;
  throw invalidToken(`there is no scope '${unknown.slice(0, 100)}'; there are ${known.join(', ')}`);
}

/** A name is given once at a time, since people tell tokens apart by it. */
async function checkRoom(tx: Tx, { user, name, createdAt }: ApiToken, max: number): Promise<void> {
  const all = await listTokensOf(tx, user);
  const valid = all.filter(({ expiresAt, revokedAt }) => revokedAt === null && expiresAt > createdAt);
  if (valid.some((other) => other.name === name)) {
    throw new AppError(accountsErrors.tokenExists, `user '${user}' has a token '${name}' already`);
  }
  if (valid.length < max) return;
  throw invalidToken(`user '${user}' has ${max} valid tokens, and may not have more (accounts.max-tokens)`);
}

function invalidToken(detail: string): AppError {
  return new AppError(accountsErrors.invalidToken, detail);
}
