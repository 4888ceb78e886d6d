import type {
  PermissionName as AccountsPermission,
  SubjectName as AccountsSubject,
} from '#accounts/contract';
import type { PageOperation } from '#web/serving/routes.ts';
import type { PermissionName } from './policy.ts';
import type { SubjectName } from './subjects.ts';

/** The pages of the part, and what their forms send to. */
export const pageOperations = {
  showIndexes: {
    audience: 'browser',
    method: 'GET',
    path: '/+indexes',
    permission: 'server.read-interface',
    subject: 'server',
    summary: 'All indexes that the reader may read.',
  },
  showUser: {
    audience: 'browser',
    method: 'GET',
    path: '/:user',
    permission: 'accounts.read-user',
    subject: 'user',
    summary: 'A user, with the indexes that the reader may read.',
  },
  showSetup: {
    audience: 'browser',
    method: 'GET',
    path: '/+setup',
    permission: 'accounts.login',
    subject: 'server',
    summary: 'The next step of setting a new server up; 404 afterwards.',
  },
  sendSetup: {
    audience: 'browser',
    method: 'POST',
    path: '/+setup',
    permission: 'accounts.login',
    subject: 'server',
    summary: 'Take one step of setting a new server up.',
  },
} as const satisfies Record<
  string,
  PageOperation &
    (
      | { readonly permission: PermissionName; readonly subject: SubjectName }
      | { readonly permission: AccountsPermission; readonly subject: AccountsSubject }
    )
>;
