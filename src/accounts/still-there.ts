import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from './context.ts';

const AGAIN_MS = 60_000;

/**
 * For streams, which outlive a request: who the reader is by now, with the groups of now; undefined when user or session are no
 * longer what they were. Asked anew each minute.
 */
export function stillThere(
  context: AccountsContext,
  identity: Identity,
): () => Promise<Identity | undefined> {
  let known = identity;
  let askedAt = context.clock.now();
  return async () => {
    if (identity.user === undefined || context.clock.now() - askedAt < AGAIN_MS) return known;
    askedAt = context.clock.now();
    try {
      known = await context.db.transaction().execute((tx) => context.accounts.confirm(tx, known));
      return known;
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  };
}
