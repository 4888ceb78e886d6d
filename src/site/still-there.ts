import type { PackagesContext } from '#packages';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';

const AGAIN_MS = 60_000;

/** For streams, which outlive a request: asks each minute whether user and session still are what they were. */
export function stillThere(context: PackagesContext, identity: Identity): () => Promise<boolean> {
  let askedAt = context.clock.now();
  return async () => {
    if (identity.user === undefined || context.clock.now() - askedAt < AGAIN_MS) return true;
    askedAt = context.clock.now();
    try {
      await context.db.transaction().execute((tx) => context.accounts.confirm(tx, identity));
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  };
}
