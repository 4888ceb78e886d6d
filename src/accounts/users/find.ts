import { findUser, type UserAccount } from './store.ts';
import type { Db } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { accountsErrors } from '../errors.ts';

/** The user with this name; throws `accounts.user-not-found`. */
export async function getUser(db: Db, name: string): Promise<UserAccount> {
  const user = await findUser(db, name);
  if (user === undefined) throw userNotFound(name);
  return user;
}

export function userNotFound(name: string): AppError {
  return new AppError(accountsErrors.userNotFound, `no user '${name}'`);
}
