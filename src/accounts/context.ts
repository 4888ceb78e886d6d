import type { Tx } from '#kernel/db/db.ts';
import type { Emit } from '#kernel/events/events.ts';
import type { Identity } from '#kernel/identity.ts';
import type { LastUses } from './last-uses.ts';
import type { WebContext } from '#web/serving/context.ts';
import type { Authenticator } from './logins/authenticate.ts';
import type { PasswordChecks } from './passwords/password-checks.ts';
import type { RootPassword } from './users/root-password.ts';

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
  readonly passwords: PasswordChecks;
  readonly tokenUses: LastUses;
  readonly sessionUses: LastUses;
  readonly rootPassword: RootPassword;
  /** What API tokens can be for. */
  readonly scopes: readonly string[];
  /** For `open` of a part with scopes: what each lets a token do, as the end of "may …". */
  nameScopes(meanings: Readonly<Record<string, string>>): void;
  meaningOf(scope: string): string;
  /**
   * For use cases, in their transaction: throws 401 unless the user, and the password, login, session or token that was shown,
   * are still what they were when the request began; returns the identity with the groups of now.
   */
  confirm(tx: Tx, identity: Identity): Promise<Identity>;
  /** True for a browser whose login is not recent: then a page asks for the password before what is hard to undo. */
  hasOldLogin(identity: Identity): Promise<boolean>;
  /** For `open` of a part that keeps rows of users. */
  onUserRemoval(hook: UserRemovalHook): void;
  readonly userRemovalHooks: readonly UserRemovalHook[];
}

/** The context of this part, and of those that use it. */
export interface AccountsContext extends WebContext {
  readonly accounts: Accounts;
}
