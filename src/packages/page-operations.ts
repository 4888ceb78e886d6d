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
} as const satisfies Record<
  string,
  PageOperation &
    (
      | { readonly permission: PermissionName; readonly subject: SubjectName }
      | { readonly permission: AccountsPermission; readonly subject: AccountsSubject }
    )
>;
