import type { Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { indexNotFound } from '../indexes/find.ts';
import { lockIndex } from '../indexes/store.ts';
import type { Index } from '../model/index.ts';
import { indexSubject, policy } from '../policy.ts';

/** Who manages webhooks, and those of what. */
export interface Scope {
  readonly identity: Identity;
  /** Undefined: of the whole server. */
  readonly index: Index | undefined;
}

/** Asks again, in the transaction: the index is still the same, and who sends may still change it. */
export async function confirmScope(
  context: PackagesContext,
  tx: Tx,
  { identity, index }: Scope,
): Promise<void> {
  const confirmed = await context.accounts.confirm(tx, identity);
  if (index === undefined) {
    policy.authorize(context, confirmed, 'packages.manage-server-webhooks', {});
    return;
  }
  const locked = await lockIndex(tx, index.user, index.name);
  if (locked === undefined) throw indexNotFound(index.user, index.name);
  if (locked.id !== index.id)
    throw new AppError(packagesErrors.indexReplaced, `${index.user}/${index.name} is another index now`);
  policy.authorize(context, confirmed, 'packages.modify-index', indexSubject(locked));
}
