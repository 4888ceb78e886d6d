import type { Context } from '#kernel/context.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Policy } from '#kernel/http/policy.ts';
import { anonymous, type Identity } from '#kernel/identity.ts';
import { accountsErrors } from './errors.ts';
import { rejection } from './rejection.ts';

/** Whether somebody may do one thing to a subject; settings may have a say. */
export type Rule<Subject> = (identity: Identity, subject: Subject, config: Context['config']) => boolean;

/** What can be known of every subject. */
export interface AnySubject {
  /** The user that it is, or belongs to. */
  readonly user?: string;
  /** By which the `on` of an API token names it: `user/index`. */
  readonly name?: string;
}

/** One thing that operations do, and who may. */
export interface Permission<Subject> {
  /** What an API token must have been given for it; without one no token can do it. */
  readonly scope?: string;
  readonly rule: Rule<Subject>;
  /** Told to whom the rule refuses: the sentence of a 403, or an error of its own. */
  readonly refuse: (subject: Subject, identity: Identity) => string | AppError;
}

/**
 * Makes the policy of a part from its permissions. Decided is by the rule first. What anybody may do an API token may do as
 * well; for everything else it needs the scope, and if it is bound to indexes, the subject must be one of them.
 */
export function definePolicy<Name extends string, Subject extends AnySubject>(
  permissions: Readonly<Record<Name, Permission<Subject>>>,
): Policy<Name, Subject> {
  const find = (name: Name): Permission<Subject> | undefined =>
    Object.hasOwn(permissions, name) ? permissions[name] : undefined;
  return {
    scopes: Object.fromEntries(
      Object.entries<Permission<Subject>>(permissions).map(([name, { scope }]) => [name, scope]),
    ) as Record<Name, string | undefined>,
    isAllowed({ config }, identity, name, subject) {
      const permission = find(name);
      if (permission === undefined || !permission.rule(identity, subject, config)) return false;
      return isCovered(identity, permission, subject) || permission.rule(anonymous, subject, config);
    },
    authorize(context, identity, name, subject) {
      if (this.isAllowed(context, identity, name, subject)) return;
      const permission = find(name);
      if (permission?.rule(identity, subject, context.config) === true) throw notCovered(permission, subject);
      const refusal = permission?.refuse(subject, identity) ?? `nobody may ${name}`;
      throw (
        rejection(identity) ??
        (refusal instanceof AppError ? refusal : new AppError(accountsErrors.notAllowed, refusal))
      );
    },
  };
}

function isCovered<Subject extends AnySubject>(
  { token }: Identity,
  { scope }: Permission<Subject>,
  { name }: Subject,
): boolean {
  if (token === undefined) return true;
  if (scope === undefined || !token.scopes.includes(scope)) return false;
  return token.on === undefined || (name !== undefined && token.on.includes(name));
}

function notCovered<Subject extends AnySubject>({ scope }: Permission<Subject>, { name }: Subject): AppError {
  const detail =
    scope === undefined
      ? 'API tokens cannot do this'
      : `the API token is not for this: it needs the scope ${scope}${name === undefined ? '' : ` on ${name}`}`;
  return new AppError(accountsErrors.notAllowed, detail, {
    hint: scope === undefined ? 'log in with the password' : 'make a token with this scope',
  });
}

export const everyone: Rule<AnySubject> = () => true;

export const isRoot: Rule<AnySubject> = ({ user }) => user === 'root';

/** The user that the subject is, or belongs to. */
export const isOwner: Rule<AnySubject> = ({ user }, subject) => user !== undefined && user === subject.user;

export function any<Subject>(...rules: readonly Rule<Subject>[]): Rule<Subject> {
  return (identity, subject, config) => rules.some((rule) => rule(identity, subject, config));
}

/** True if an entry of an access list names the identity: a user, `:GROUP`, `:AUTHENTICATED:` or `:ANONYMOUS:`. */
export function isNamedBy(entry: string, { user, groups }: Identity): boolean {
  if (entry === ':ANONYMOUS:') return true;
  if (entry === ':AUTHENTICATED:') return user !== undefined;
  return entry.startsWith(':') ? groups.includes(entry.slice(1)) : entry === user;
}
