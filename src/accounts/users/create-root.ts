import type { Context } from '#kernel/context.ts';
import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Emit } from '#kernel/events/events.ts';
import { accountsErrors } from '../errors.ts';
import { accountsEvents } from '../events.ts';
import { hashPassword, isPasswordHash } from '../passwords/password.ts';
import { accountsConfig, type AccountsConfig } from '../settings.ts';
import { insertUser, newUser } from './store.ts';

/** Makes the user root of a new installation, with the password that the settings give, else with an empty one. */
export async function createRoot({ clock, config }: Context, tx: Tx, emit: Emit): Promise<void> {
  const passwordHash = await rootPasswordHash(accountsConfig(config));
  await insertUser(tx, newUser('root', passwordHash, clock.now()));
  emit(accountsEvents.userCreated, { actor: null, data: { user: 'root' } });
}

async function rootPasswordHash(config: AccountsConfig): Promise<string> {
  const given = config['accounts.root-password-hash'];
  if (given === undefined) {
    const password = config['accounts.root-password']?.reveal() ?? '';
    return await hashPassword(password, config['accounts.argon2-memory-kib']);
  }
  if (isPasswordHash(given.reveal(), config['accounts.argon2-memory-kib'])) return given.reveal();
  throw new AppError(accountsErrors.invalidUser, 'the hash of the root password is not an argon2 hash');
}
