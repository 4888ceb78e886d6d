import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { policy } from '../policy.ts';
import { rememberAllRemoved } from '../projects/store.ts';
import { indexNotFound } from './find.ts';
import { deleteIndexRow, lockIndex } from './store.ts';
import { fullName, isVolatile } from '../model/index.ts';

/** Deletes a volatile index with all it holds and emits `packages.index-deleted`; 403 if it is not volatile. */
export async function deleteIndex(
  context: PackagesContext,
  { identity, user, name }: { readonly identity: Identity; readonly user: string; readonly name: string },
): Promise<void> {
  policy.authorize(context, identity, 'packages.delete-index', { user, name: `${user}/${name}` });
  await context.events.change(async (tx, emit) => {
    await context.accounts.confirm(tx, identity);
    const index = await lockIndex(tx, user, name);
    if (index === undefined) throw indexNotFound(user, name);
    if (!isVolatile(index)) {
      throw new AppError(
        packagesErrors.indexNotVolatile,
        `index ${user}/${name} non-volatile, cannot delete`,
        {
          hint: 'set volatile=True on the index first',
        },
      );
    }
    await rememberAllRemoved(tx, index, context.clock.now());
    await deleteIndexRow(tx, index.id);
    emit(packagesEvents.indexDeleted, {
      actor: identity.user ?? null,
      about: index.id,
      data: { index: fullName(index) },
    });
  });
}
