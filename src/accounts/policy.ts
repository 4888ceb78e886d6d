import { any, definePolicy, everyone, isOwner, isRoot } from './define-policy.ts';

/** What a request wants to do with users; each route names one (reference devpi.md 2.3). */
export type Permission =
  | 'login'
  | 'token_manage'
  | 'group_manage'
  | 'user_create'
  | 'user_modify'
  | 'user_modify_password'
  | 'user_delete';

/** The user that the path names. */
export interface Subject {
  readonly user?: string;
}

const isOwnerOrRoot = any<Subject>(isOwner, isRoot);

/** Who may do what to a user. */
export const { isAllowed, authorize } = definePolicy<Permission, Subject>({
  login: everyone,
  token_manage: ({ user, token }) => user !== undefined && token === undefined,
  group_manage: ({ user, token }) => user === 'root' && token === undefined,
  user_create: everyone,
  user_modify: isOwnerOrRoot,
  user_modify_password: isOwnerOrRoot,
  user_delete: (identity, subject) => subject.user !== 'root' && isOwnerOrRoot(identity, subject),
});
