import type { Identity } from '#kernel/identity.ts';
import { isPasswordHash } from '../passwords/password.ts';
import { insertUser, newUser, type UserAccount } from './store.ts';
import type { AccountsContext } from '../context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { accountsErrors } from '../errors.ts';
import { accountsEvents } from '../events.ts';
import { checkName } from '../names.ts';
import { accountsConfig } from '../settings.ts';
import { policy } from '../policy.ts';
import {
  checkKnownKeys,
  checkSize,
  givenPassword,
  invalidUser,
  withFields,
  type UserFields,
} from './user-config.ts';

export interface CreateUser {
  readonly identity: Identity;
  readonly name: string;
  readonly fields: UserFields;
  /** Where the request comes from. */
  readonly address: string;
}

/** Creates a user and emits `accounts.user-created`. A `pwhash` beside the password wins, as in devpi. */
export async function createUser(
  context: AccountsContext,
  { identity, name, fields, address }: CreateUser,
): Promise<UserAccount> {
  policy.authorize(context, identity, 'accounts.create-user', {});
  const maxBytes = accountsConfig(context.config)['accounts.max-user-bytes'];
  checkName(accountsErrors.invalidUser, 'username', name);
  checkKnownKeys(fields);
  const password = givenPassword(fields, maxBytes);
  if (password === undefined) throw invalidUser('password needs to be set');
  const described = withFields(newUser(name, '', context.clock.now()), fields);
  checkSize(described, maxBytes);
  const passwordHash = await storedHash(context, { identity, address, password, pwhash: fields['pwhash'] });
  const user = { ...described, passwordHash };
  await context.events.change(async (tx, emit) => {
    await context.accounts.confirm(tx, identity);
    if (!(await insertUser(tx, user))) throw new AppError(accountsErrors.userExists, 'user already exists');
    emit(accountsEvents.userCreated, { actor: identity.user ?? null, data: { user: name } });
  });
  return user;
}

export interface GivenPassword {
  readonly identity: Identity;
  readonly address: string;
  readonly password: string;
  readonly pwhash: unknown;
}

/** The given argon2 hash if there is one, which only root may set, else a fresh hash of the password. */
export async function storedHash(
  { accounts, config }: AccountsContext,
  { identity, address, password, pwhash }: GivenPassword,
): Promise<string> {
  if (pwhash === undefined || pwhash === null) {
    return await accounts.passwords.hash(password, { user: identity.user ?? '', address });
  }
  if (identity.user !== 'root' || identity.token !== undefined) {
    throw new AppError(accountsErrors.notAllowed, "only root may set 'pwhash'; send a 'password'");
  }
  const memoryKib = accountsConfig(config)['accounts.argon2-memory-kib'];
  if (typeof pwhash === 'string' && isPasswordHash(pwhash, memoryKib)) return pwhash;
  throw invalidUser(
    "'pwhash' must be an argon2 hash such as $argon2id$v=19$m=102400,t=2,p=8$…, no dearer than this server's (accounts.argon2-memory-kib)",
  );
}
