import type { Identity } from '#kernel/auth/authenticate.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from './errors.ts';

/** What a request wants to do; each route names one (reference devpi.md 2.3). */
export type Permission =
  | 'read'
  | 'login'
  | 'user_create'
  | 'user_modify'
  | 'user_modify_password'
  | 'user_delete'
  | 'index_create'
  | 'index_modify'
  | 'index_delete'
  | 'upload'
  | 'remove'
  | 'yank'
  | 'server_read';

/** On what: the user or the index that the path names. */
export interface Subject {
  readonly user?: string;
  readonly aclUpload?: readonly string[];
}

type Rule = (identity: Identity, subject: Subject) => boolean;

const everyone: Rule = () => true;
const isRoot: Rule = ({ user }) => user === 'root';
const isOwner: Rule = ({ user }, subject) => user !== undefined && user === subject.user;
const isListed: Rule = (identity, { aclUpload = [] }) => aclUpload.some((entry) => matches(entry, identity));
const any =
  (...rules: readonly Rule[]): Rule =>
  (identity, subject) =>
    rules.some((rule) => rule(identity, subject));

const rules: Readonly<Record<Permission, Rule>> = {
  read: everyone,
  login: everyone,
  user_create: everyone,
  user_modify: any(isOwner, isRoot),
  user_modify_password: any(isOwner, isRoot),
  user_delete: (identity, subject) => subject.user !== 'root' && any(isOwner, isRoot)(identity, subject),
  index_create: any(isOwner, isRoot),
  index_modify: any(isOwner, isRoot),
  index_delete: any(isOwner, isRoot),
  // Only who is listed may upload: neither the owner nor root is implied.
  upload: isListed,
  remove: any(isListed, isOwner, isRoot),
  yank: any(isListed, isOwner, isRoot),
  server_read: isRoot,
};

function matches(entry: string, { user, groups }: Identity): boolean {
  if (entry === ':ANONYMOUS:') return true;
  if (entry === ':AUTHENTICATED:') return user !== undefined;
  return entry.startsWith(':') ? groups.includes(entry.slice(1)) : entry === user;
}

/** The one decision of this part: may this identity do that to this subject? Unknown permissions are denied. */
export function isAllowed(identity: Identity, permission: Permission, subject: Subject = {}): boolean {
  return rules[permission]?.(identity, subject) ?? false;
}

/** Throws unless allowed: 401 when a login expired, else 403 with the given sentence. */
export function authorize(
  identity: Identity,
  permission: Permission,
  subject: Subject,
  refusal: string,
): void {
  if (isAllowed(identity, permission, subject)) return;
  if (identity.rejected === 'expired-login') throw expiredLogin();
  throw new AppError(packagesErrors.notAllowed, refusal);
}

/** devpi-client takes 401 with a Location for an expired login and forgets it (reference devpi.md 1.4). */
export function expiredLogin(): AppError {
  return new AppError(packagesErrors.loginExpired, 'the login has expired', {
    headers: { location: '/+login' },
  });
}
