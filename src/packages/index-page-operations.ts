import type {
  PermissionName as AccountsPermission,
  SubjectName as AccountsSubject,
} from '#accounts/contract';
import type { PageOperation } from '#web/serving/routes.ts';
import type { PermissionName } from './policy.ts';
import type { SubjectName } from './subjects.ts';

/** The pages of an index, of changing it and what is on it, and what their forms send to. */
export const indexPageOperations = {
  showIndex: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index',
    permission: 'packages.read',
    subject: 'index',
    summary: 'An index: its projects, bases, and how to use it.',
  },
  showInherited: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/+inherited',
    permission: 'packages.read',
    subject: 'index',
    summary: 'From where an index takes what it has not itself.',
  },
  showUse: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/+use',
    permission: 'packages.read',
    subject: 'index',
    summary: 'What to type to use an index, tool by tool.',
  },
  showPermissions: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/+permissions',
    permission: 'packages.read',
    subject: 'index',
    summary: 'Who may do what on an index.',
  },
} as const satisfies Record<
  string,
  PageOperation &
    (
      | { readonly permission: PermissionName; readonly subject: SubjectName }
      | { readonly permission: AccountsPermission; readonly subject: AccountsSubject }
    )
>;
