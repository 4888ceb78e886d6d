import type {
  PermissionName as AccountsPermission,
  SubjectName as AccountsSubject,
} from '#accounts/contract';
import type { PageOperation } from '#web/serving/routes.ts';

/** The pages of the part. */
export const pageOperations = {
  showHome: {
    audience: 'browser',
    method: 'GET',
    path: '/',
    permission: 'server.read-interface',
    subject: 'server',
    summary: 'What needs the reader, their indexes, and what happened lately.',
  },
  showSearch: {
    audience: 'browser',
    method: 'GET',
    path: '/+search',
    permission: 'server.search',
    subject: 'server',
    summary: 'What was found for `?q=`, over all parts.',
  },
  showSuggestions: {
    audience: 'browser',
    method: 'GET',
    path: '/+search/suggestions',
    permission: 'server.search',
    subject: 'server',
    summary: 'The first things that fit `?q=`, as options for the field in the bar.',
  },
  showEvents: {
    audience: 'browser',
    method: 'GET',
    path: '/+events',
    permission: 'server.read-events',
    subject: 'server',
    summary: 'The events that the reader may see, the newest first; `?q=` filters.',
  },
  exportEvents: {
    audience: 'browser',
    method: 'GET',
    path: '/+events/export',
    permission: 'server.read-events',
    subject: 'server',
    summary: 'The same events as a file: `?format=csv` or `json`, 10,000 at most.',
  },
  followEvents: {
    audience: 'browser',
    method: 'GET',
    path: '/+events/stream',
    permission: 'server.read-events',
    subject: 'server',
    summary: 'How many events have come after `?after=`, as server-sent events.',
  },
  showStatus: {
    audience: 'browser',
    method: 'GET',
    path: '/+status',
    permission: 'server.read-status',
    subject: 'server',
    summary: 'How the server is, in one sentence and part by part.',
  },
  followStatus: {
    audience: 'browser',
    method: 'GET',
    path: '/+status/stream',
    permission: 'server.read-status',
    subject: 'server',
    summary: 'The status anew each ten seconds, as server-sent events.',
  },
  showSettings: {
    audience: 'browser',
    method: 'GET',
    path: '/+settings',
    permission: 'server.read-settings',
    subject: 'server',
    summary: 'The settings in force, and where each was given.',
  },
} as const satisfies Record<
  string,
  PageOperation & { readonly permission: AccountsPermission; readonly subject: AccountsSubject }
>;
