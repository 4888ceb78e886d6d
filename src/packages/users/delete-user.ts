import type { Identity } from '#kernel/auth/authenticate.ts';
import { deleteUserRow, lockUser } from '#kernel/auth/store.ts';
import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { isVolatile } from '../indexes/find.ts';
import { listIndexes } from '../indexes/store.ts';
import { authorize } from '../policy.ts';
import { rememberAllRemoved } from '../projects/store.ts';

/** Deletes a user with all indexes and emits `packages.user-deleted`; 403 while one is not volatile. */
export async function deleteUser(
  context: Context,
  { identity, name }: { readonly identity: Identity; readonly name: string },
): Promise<void> {
  authorize(identity, 'user_delete', { user: name }, `no permission to delete user ${name}`);
  await context.events.change(async (tx, emit) => {
    if ((await lockUser(tx, name)) === undefined) {
      throw new AppError(packagesErrors.userNotFound, `required user '${name}' does not exist`);
    }
    const indexes = await listIndexes(tx, name);
    const kept = indexes.find((index) => !isVolatile(index));
    if (kept !== undefined) {
      throw new AppError(
        packagesErrors.userHasReleases,
        `user '${name}' has non-volatile index: ${kept.name}`,
      );
    }
    for (const index of indexes) await rememberAllRemoved(tx, index, context.clock.now());
    await deleteUserRow(tx, name);
    await emit({ type: 'packages.user-deleted', actor: identity.user ?? null, data: { user: name } });
  });
}
