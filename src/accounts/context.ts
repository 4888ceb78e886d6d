import type { Context } from '#kernel/context.ts';
import type { Tx } from '#kernel/db/db.ts';
import type { Emit } from '#kernel/events/events.ts';
import type { Authenticator } from './logins/authenticate.ts';

/**
 * Runs in the transaction that deletes a user, before the row goes: throws to refuse, else removes what its part keeps
 * of the user and emits what happened to it.
 */
export type UserRemovalHook = (
  removal: { readonly tx: Tx; readonly emit: Emit; readonly actor: string | null },
  user: string,
) => Promise<void>;

/** What other parts find in their context under `accounts`. */
export interface Accounts {
  readonly authenticator: Authenticator;
  /** For `open` of a part that keeps rows of users. */
  onUserRemoval(hook: UserRemovalHook): void;
  readonly userRemovalHooks: readonly UserRemovalHook[];
}

/** The context of this part, and of those that use it. */
export interface AccountsContext extends Context {
  readonly accounts: Accounts;
}
