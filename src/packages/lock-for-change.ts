import type { PackagesContext } from './context.ts';
import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { packagesErrors } from './errors.ts';
import { indexSubject, policy, type PermissionName } from './policy.ts';
import { indexNotFound } from './indexes/find.ts';
import { lockIndex } from './indexes/store.ts';
import { type Index, fullName } from './model/index.ts';

/**
 * Locks an index and decides again whether it may be changed: while a request arrived, rights may have been taken away, the
 * user or the token may have gone, and the index may have gone or have been made anew. Throws 401, 404, 409 or what the policy
 * throws.
 */
export async function lockForChange(
  context: Pick<PackagesContext, 'config' | 'accounts'>,
  tx: Tx,
  {
    index,
    identity,
    permission,
  }: { readonly index: Index; readonly identity: Identity; readonly permission: PermissionName },
): Promise<Index> {
  const locked = await lockSame(tx, index);
  await context.accounts.confirm(tx, identity);
  policy.authorize(context, identity, permission, indexSubject(locked));
  return locked;
}

/** Locks an index for what the server does by itself; throws if it has gone, or was made anew. */
export async function lockSame(tx: Tx, index: Index): Promise<Index> {
  const locked = await lockIndex(tx, index.user, index.name);
  if (locked === undefined) throw indexNotFound(index.user, index.name);
  if (locked.id !== index.id) {
    throw new AppError(
      packagesErrors.indexReplaced,
      `index ${fullName(index)} was deleted and made again meanwhile`,
    );
  }
  return locked;
}
