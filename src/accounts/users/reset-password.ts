import type { Secret } from '#kernel/config/secret.ts';
import type { Context } from '#kernel/context.ts';
import { accountsEvents } from '../events.ts';
import { hashPassword } from '../passwords/password.ts';
import { accountsConfig } from '../settings.ts';
import { userNotFound } from './find.ts';
import { lockUser, updateUser } from './store.ts';
import { checkPasswordSize } from './user-config.ts';

/**
 * Gives a user another password without asking who does it: for somebody who has the directory of the server, and with
 * it everything. Ends all logins of the user and emits `accounts.user-modified`; throws 400 if the password is too long.
 */
export async function resetPassword(
  { config, events, clock }: Context,
  { user: name, password }: { readonly user: string; readonly password: Secret },
): Promise<void> {
  const { 'accounts.argon2-memory-kib': memoryKib, 'accounts.max-user-bytes': maxBytes } =
    accountsConfig(config);
  checkPasswordSize(password.reveal(), maxBytes);
  const passwordHash = await hashPassword(password.reveal(), memoryKib);
  await events.change(async (tx, emit) => {
    const user = await lockUser(tx, name);
    if (user === undefined) throw userNotFound(name);
    await updateUser(tx, { ...user, passwordHash, keptLogin: null, modifiedAt: clock.now() });
    emit(accountsEvents.userModified, { actor: null, data: { user: name, changed: ['password'] } });
  });
}
