export type { AccountsContext, UserRemovalHook } from './context.ts';
export {
  any,
  definePolicy,
  everyone,
  expiredLogin,
  isNamedBy,
  isOwner,
  isRoot,
  type Rule,
} from './define-policy.ts';
export { accountsErrors } from './errors.ts';
export { checkName } from './names.ts';
export { accountsConfig } from './settings.ts';
export { getUser } from './users/find.ts';
export { findUser, listUsersAfter, type UserAccount } from './users/store.ts';
export { authorizeUserList, showUserTo } from './users/readers.ts';
