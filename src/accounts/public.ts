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
export { mayReadAllEvents, ownEvents } from './event-readers.ts';
export { checkName } from './names.ts';
export { readNewPassword } from './passwords/new-password.ts';
export { policy as accountsPolicy } from './policy.ts';
export { warningFor } from './password-warning.ts';
export { userSubject } from './replicated.ts';
export { rejection } from './rejection.ts';
export { endSession } from './sessions/end-session.ts';
export { startSession } from './sessions/start-session.ts';
export { accountsConfig } from './settings.ts';
export { stillThere } from './still-there.ts';
export { createAuthorize, type Subjects } from './subjects.ts';
export { getUser } from './users/find.ts';
export { createUserFromForm, userRefusal } from './users/create-user-from-form.ts';
export { newUserFields } from './users/new-user-fields.ts';
export { dumpUser, readDumpedUser, type DumpedUser } from './users/dumped-user.ts';
export { announceImportedUsers, importUsers, removeImportedUsers } from './users/import-users.ts';
export { seenUser, showUserTo } from './users/readers.ts';
export { listUsersAfter, type UserAccount } from './users/store.ts';
export { hasRootPassword } from './users/root-password.ts';
export { setFirstPassword } from './users/set-first-password.ts';
export { isSetupKey, setupKey } from './users/setup-key.ts';
export { resetPassword } from './users/reset-password.ts';
