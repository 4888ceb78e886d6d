import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { accountsErrors } from './errors.ts';

/** Whether somebody may do one thing to a subject. */
export type Rule<Subject> = (identity: Identity, subject: Subject) => boolean;

/** The decisions of one part. */
export interface Policy<Permission extends string, Subject> {
  /** May this identity do that to this subject? Unknown permissions are denied. */
  isAllowed(identity: Identity, permission: Permission, subject: Subject): boolean;
  /** Throws unless allowed: 401 when a login expired, else 403 with the given sentence. */
  authorize(identity: Identity, permission: Permission, subject: Subject, refusal: string): void;
}

/** Makes the policy of a part from one rule for each of its permissions. */
export function definePolicy<Permission extends string, Subject>(
  rules: Readonly<Record<Permission, Rule<Subject>>>,
): Policy<Permission, Subject> {
  function isAllowed(identity: Identity, permission: Permission, subject: Subject): boolean {
    return Object.hasOwn(rules, permission) && rules[permission](identity, subject);
  }
  return {
    isAllowed,
    authorize(identity, permission, subject, refusal) {
      if (isAllowed(identity, permission, subject)) return;
      if (identity.rejected === 'expired-login') throw expiredLogin();
      throw new AppError(accountsErrors.notAllowed, refusal);
    },
  };
}

/** devpi-client takes 401 with a Location for an expired login and forgets it (reference devpi.md 1.4). */
export function expiredLogin(): AppError {
  return new AppError(accountsErrors.loginExpired, 'the login has expired', {
    headers: { location: '/+login' },
  });
}

export const everyone: Rule<unknown> = () => true;

export const isRoot: Rule<unknown> = ({ user }) => user === 'root';

/** The user that the subject is, or belongs to. */
export const isOwner: Rule<{ readonly user?: string }> = ({ user }, subject) =>
  user !== undefined && user === subject.user;

export function any<Subject>(...rules: readonly Rule<Subject>[]): Rule<Subject> {
  return (identity, subject) => rules.some((rule) => rule(identity, subject));
}

/** True if an entry of an access list names the identity: a user, `:GROUP:`, `:AUTHENTICATED:` or `:ANONYMOUS:`. */
export function isNamedBy(entry: string, { user, groups }: Identity): boolean {
  if (entry === ':ANONYMOUS:') return true;
  if (entry === ':AUTHENTICATED:') return user !== undefined;
  return entry.startsWith(':') ? groups.includes(entry.slice(1)) : entry === user;
}
