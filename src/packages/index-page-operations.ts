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
  showNewIndex: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/+new-index',
    permission: 'packages.create-index',
    subject: 'new-index',
    summary: 'The form of a new index.',
  },
  sendNewIndex: {
    audience: 'browser',
    method: 'POST',
    path: '/:user/+new-index',
    permission: 'packages.create-index',
    subject: 'new-index',
    summary: 'Make an index.',
  },
  showSettings: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/+settings',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'Every option of an index, with what it does.',
  },
  sendSettings: {
    audience: 'browser',
    method: 'POST',
    path: '/:user/:index/+settings',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'Change options, or say first what would change.',
  },
  showIndexDeletion: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/+delete',
    permission: 'packages.delete-index',
    subject: 'index',
    summary: 'Ask before an index is deleted.',
  },
  sendIndexDeletion: {
    audience: 'browser',
    method: 'POST',
    path: '/:user/:index/+delete',
    permission: 'packages.delete-index',
    subject: 'index',
    summary: 'Delete a volatile index whose name was typed.',
  },
} as const satisfies Record<
  string,
  PageOperation &
    (
      | { readonly permission: PermissionName; readonly subject: SubjectName }
      | { readonly permission: AccountsPermission; readonly subject: AccountsSubject }
    )
>;
