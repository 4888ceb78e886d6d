import { findUser, type UserAccount } from '#kernel/auth/store.ts';
import type { Db } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';

/** The user with this name; throws `packages.user-not-found`. */
export async function getUser(db: Db, name: string): Promise<UserAccount> {
  const user = await findUser(db, name);
  if (user === undefined) throw userNotFound(name);
  return user;
}

export function userNotFound(name: string): AppError {
  return new AppError(packagesErrors.userNotFound, `no user '${name}'`);
}
