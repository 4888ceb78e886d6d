export { challenge } from './challenge.ts';
export type { AccountsContext, UserRemovalHook } from './context.ts';
export {
  any,
  definePolicy,
  everyone,
  isNamedBy,
  isOwner,
  isRoot,
  type AnySubject,
  type Permission,
  type Rule,
} from './define-policy.ts';
export { accountsErrors } from './errors.ts';
export { checkName } from './names.ts';
export { rejection } from './rejection.ts';
export { accountsConfig } from './settings.ts';
export { createAuthorize, type Subjects } from './subjects.ts';
export { getUser } from './users/find.ts';
export { showUserTo } from './users/readers.ts';
export { listUsersAfter, type UserAccount } from './users/store.ts';
export { resetPassword } from './users/reset-password.ts';
