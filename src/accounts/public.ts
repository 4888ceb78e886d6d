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
export { getUser } from './users/find.ts';
export { findUser, listUsers, type UserAccount } from './users/store.ts';
export { showUser } from './users/user-config.ts';
