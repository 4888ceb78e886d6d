import type { UserRemovalHook } from '#accounts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { fullName, isVolatile } from '../model/index.ts';
import { deleteIndexRow, listIndexes } from '../indexes/store.ts';
import { rememberAllRemoved } from '../projects/store.ts';

/** Deletes the indexes of a user who goes, an event each; refuses with 403 while one of them is not volatile. */
export function removeIndexes(clock: Clock): UserRemovalHook {
  return async ({ tx, emit, actor }, user) => {
    const indexes = await listIndexes(tx, user);
    const kept = indexes.find((index) => !isVolatile(index));
    if (kept !== undefined) {
      throw new AppError(
        packagesErrors.userHasReleases,
        `user '${user}' has non-volatile index: ${kept.name}`,
      );
    }
    for (const index of indexes) {
      await rememberAllRemoved(tx, index, clock.now());
      await deleteIndexRow(tx, index.id);
      emit(packagesEvents.indexDeleted, { actor, about: index.id, data: { index: fullName(index) } });
    }
  };
}
